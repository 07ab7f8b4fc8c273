/* state: lists and certificates that outlive a process, and broken ones. */
#include "unit.h"

#include "der.h"
#include "failure.h"
#include "scratch.h"
#include "state.h"
#include "state_clock.h"
#include "state_list.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[300];
static struct failure why;

static struct state *open_state(enum state_access access)
{
    struct state *state = NULL;
    CU_ASSERT_EQUAL_FATAL(state_open(path, access, &state, &why), 0);
    return state;
}

static char *start(void)
{
    char *folder = scratch_new();
    snprintf(path, sizeof path, "%s/state", folder);
    return folder;
}

static int listed(struct state *state, const char *list, const char *domain)
{
    char entry[100];
    return state_listed(state, list, domain, entry, sizeof entry, &why);
}

static void lists(void)
{
    static const struct state_entry entries[] = {
        {"*@b.test", "cn=b"}, {"*@.c.test", "cn=c"}, {"*@b.test", "cn=twice"}};
    char *folder = start(), entry[100];
    long long fetched = 0;
    size_t count = 0;
    struct state *state = NULL;
    CU_ASSERT_EQUAL(state_open(path, STATE_READ, &state, &why), 1);
    CU_ASSERT_PTR_NULL(state);
    state = open_state(STATE_WRITE);
    CU_ASSERT_EQUAL(state_list_info(state, "SEEMAIL", &fetched, &count, &why),
                    0);
    CU_ASSERT_EQUAL(state_list_replace(state, "SEEMAIL", entries, 3, 1234,
                                       &why), 0);
    CU_ASSERT_EQUAL(state_list_replace(state, "VENDOR", NULL, 0, 5, &why), 0);
    state_close(&state);
    state = open_state(STATE_READ);
    CU_ASSERT_EQUAL(state_listed(state, "SEEMAIL", "b.test", entry,
                                 sizeof entry, &why), 1);
    CU_ASSERT_STRING_EQUAL(entry, "cn=b");
    CU_ASSERT_EQUAL(listed(state, "SEEMAIL", "x.b.test"), 0);
    CU_ASSERT_EQUAL(listed(state, "SEEMAIL", "xb.test"), 0);
    CU_ASSERT_EQUAL(listed(state, "SEEMAIL", "c.test"), 1);
    CU_ASSERT_EQUAL(listed(state, "SEEMAIL", "x.y.c.test"), 1);
    CU_ASSERT_EQUAL(listed(state, "SEEMAIL", "xc.test"), 0);
    CU_ASSERT_EQUAL(listed(state, "SEEMAIL", "test"), 0);
    CU_ASSERT_EQUAL(listed(state, "VENDOR", "b.test"), 0);
    CU_ASSERT_EQUAL(listed(state, "SEE", "b.test"), 0);
    CU_ASSERT_EQUAL(state_list_info(state, "SEEMAIL", &fetched, &count, &why),
                    1);
    CU_ASSERT_EQUAL(fetched, 1234);
    CU_ASSERT_EQUAL(count, 2);
    state_close(&state);
    scratch_free(&folder);
}

static int put_pairs(struct state *state)
{
    static const char *const keys[] = {"a", "ab", "abc", "b"};
    for (size_t i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(state_put(state, STATE_MISSES, keys[i],
                                  strlen(keys[i]), "v", 1, &why), 0);
    CU_ASSERT_EQUAL(state_add(state, STATE_MISSES, "b", 1, "w", 1, &why), 0);
    CU_ASSERT_EQUAL(state_add(state, STATE_MISSES, "c", 1, "w", 1, &why), 1);
    CU_ASSERT_EQUAL(state_put(state, STATE_MISSES, "", 0, "w", 1, &why), -1);
    return 0;
}

static int count_keys(void *context, const struct der *key,
                      const struct der *value, struct failure *unused)
{
    size_t *seen = context;
    (void)value, (void)unused;
    *seen += key->length;
    return key->length == 3;
}

static void transactions(void)
{
    char *folder = start();
    struct state *state = open_state(STATE_WRITE);
    struct der value;
    size_t seen = 0;
    CU_ASSERT_EQUAL(state_begin(state, STATE_WRITE, &why), 0);
    CU_ASSERT_EQUAL(state_begin(state, STATE_READ, &why), -1);
    CU_ASSERT_EQUAL(put_pairs(state), 0);
    CU_ASSERT_EQUAL(state_end(state, -1, &why), -1); /* undone */
    CU_ASSERT_EQUAL(state_begin(state, STATE_WRITE, &why), 0);
    CU_ASSERT_EQUAL(state_get(state, STATE_MISSES, "a", 1, &value, &why), 0);
    put_pairs(state);
    CU_ASSERT_EQUAL(state_end(state, 7, &why), 7);
    CU_ASSERT_EQUAL(state_begin(state, STATE_WRITE, &why), 0);
    CU_ASSERT_EQUAL(state_get(state, STATE_MISSES, "b", 1, &value, &why), 1);
    CU_ASSERT_TRUE(der_equal(&value, "v", 1));
    CU_ASSERT_EQUAL(state_each(state, STATE_MISSES, "a", 1, count_keys, &seen,
                               &why), 1);
    CU_ASSERT_EQUAL(seen, 6);
    CU_ASSERT_EQUAL(state_clear(state, STATE_MISSES, "ab", 2, &why), 0);
    CU_ASSERT_EQUAL(state_count(state, STATE_MISSES, &seen, &why), 0);
    CU_ASSERT_EQUAL(seen, 3);
    CU_ASSERT_EQUAL(state_delete(state, STATE_MISSES, "a", 1, &why), 1);
    CU_ASSERT_EQUAL(state_delete(state, STATE_MISSES, "a", 1, &why), 0);
    CU_ASSERT_EQUAL(state_end(state, 0, &why), 0);
    state_close(&state);
    scratch_free(&folder);
}

/* A child that looks up the list until it is told to stop: it must see the
 * domain at each time. */
static pid_t reader(int stop, int other)
{
    pid_t pid = fork();
    char byte;
    if (pid != 0)
        return pid;
    close(other); /* or the end would never be seen */
    do {
        struct state *state;
        char entry[100];
        if (state_open(path, STATE_READ, &state, NULL) != 0 ||
            state_listed(state, "SEEMAIL", "b.test", entry, sizeof entry,
                         NULL) != 1)
            _exit(1);
        state_close(&state);
    } while (read(stop, &byte, 1) < 0);
    _exit(0);
}

static void beside_readers(void)
{
    static const struct state_entry entries[] = {{"*@b.test", "cn=b"},
                                                 {"*@c.test", "cn=c"}};
    char *folder = start();
    struct state *state = open_state(STATE_WRITE);
    int ends[2], status;
    pid_t pids[4];
    CU_ASSERT_EQUAL(state_list_replace(state, "SEEMAIL", entries, 2, 1, &why),
                    0);
    state_close(&state); /* not open across a fork */
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    for (int i = 0; i < 4; i++)
        pids[i] = reader(ends[0], ends[1]);
    state = open_state(STATE_WRITE);
    for (int i = 0; i < 200; i++)
        CU_ASSERT_EQUAL(state_list_replace(state, "SEEMAIL", entries,
                                           1 + (size_t)(i & 1), i, &why), 0);
    state_close(&state);
    close(ends[1]); /* the end of the pipe is read as 0 */
    for (int i = 0; i < 4; i++) {
        waitpid(pids[i], &status, 0);
        CU_ASSERT_EQUAL(status, 0);
    }
    close(ends[0]);
    scratch_free(&folder);
}

static void broken(void)
{
    static const char *const contents[] = {"", "x", "not a database at all"};
    char *folder = start(), data[400];
    struct state *state = open_state(STATE_WRITE);
    state_close(&state);
    snprintf(data, sizeof data, "%s/data.mdb", path);
    CU_ASSERT_EQUAL(truncate(data, 8192), 0);
    CU_ASSERT_EQUAL(state_open(path, STATE_READ, &state, &why), -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_STATE);
    for (size_t i = 0; i < 3; i++) {
        scratch_write(path, "data.mdb", contents[i]);
        CU_ASSERT_EQUAL(state_open(path, STATE_READ, &state, &why), -1);
        CU_ASSERT_EQUAL(why.kind, FAILURE_STATE);
        CU_ASSERT_PTR_NULL(state);
        CU_ASSERT_EQUAL(state_open(path, STATE_WRITE, &state, &why), -1);
        CU_ASSERT_EQUAL(why.kind, FAILURE_STATE);
    }
    scratch_free(&folder);
}

/* Takes pages at the end of the file and gives them back, as a large CRL that
 * replaces another does. */
static void give_back(struct state *state, size_t bytes)
{
    char *large = calloc(1, bytes);
    CU_ASSERT_EQUAL(state_begin(state, STATE_WRITE, &why), 0);
    CU_ASSERT_EQUAL(state_put(state, STATE_OWN, "kept", 4, large, 9000, &why), 0);
    CU_ASSERT_EQUAL(state_put(state, STATE_OWN, "x", 1, large, bytes, &why), 0);
    CU_ASSERT_EQUAL(state_delete(state, STATE_OWN, "x", 1, &why), 1);
    CU_ASSERT_EQUAL(state_end(state, 0, &why), 0);
    free(large);
}

static void short_file(void)
{
    char *folder = start(), data[400];
    struct state *state = open_state(STATE_WRITE);
    struct stat whole, again;
    struct der value;
    for (size_t i = 0; i < 20; i++) {
        give_back(state, 20000 + 40000 * i);
        state_close(&state);
        state = open_state(i % 2 ? STATE_WRITE : STATE_READ);
        state_close(&state);
        state = open_state(STATE_WRITE);
    }
    state_close(&state);
    snprintf(data, sizeof data, "%s/data.mdb", path);
    CU_ASSERT_EQUAL(stat(data, &whole), 0);
    CU_ASSERT_EQUAL(truncate(data, whole.st_size - 100000), 0);
    state = open_state(STATE_READ);
    CU_ASSERT_EQUAL(state_begin(state, STATE_READ, &why), 0);
    CU_ASSERT_EQUAL(state_get(state, STATE_OWN, "kept", 4, &value, &why), 1);
    CU_ASSERT_EQUAL(state_end(state, 0, &why), 0);
    state_close(&state);
    state = open_state(STATE_WRITE);
    state_close(&state);
    CU_ASSERT_EQUAL(stat(data, &again), 0);
    CU_ASSERT_EQUAL(again.st_size, whole.st_size);
    CU_ASSERT_EQUAL(truncate(data, 12288), 0);
    CU_ASSERT_EQUAL(state_open(path, STATE_READ, &state, &why), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "data.mdb was cut short"));
    scratch_free(&folder);
}

static long long sure_at(struct state *state, long long now)
{
    long long sure = -1;
    CU_ASSERT_EQUAL(state_clock(state, now, &sure, &why), 0);
    return sure;
}

static void clocks(void)
{
    char *folder = start();
    struct state *state = open_state(STATE_WRITE);
    CU_ASSERT_EQUAL(sure_at(state, 1000000), 1000000); /* a new state */
    CU_ASSERT_EQUAL(sure_at(state, 1010000), 1000000);
    CU_ASSERT_EQUAL(sure_at(state, 1020000), 1010000);
    CU_ASSERT_EQUAL(sure_at(state, 9000000), 1020000); /* far ahead, once */
    CU_ASSERT_EQUAL(sure_at(state, 9000100), 1020000); /* of the same start */
    CU_ASSERT_EQUAL(sure_at(state, 1030000), 1030000); /* set right */
    CU_ASSERT_EQUAL(sure_at(state, 1040000), 1030000);
    /* one of an older version, which has no reading */
    CU_ASSERT_EQUAL(state_begin(state, STATE_WRITE, &why), 0);
    CU_ASSERT_EQUAL(state_delete(state, STATE_FORMAT, "clock", 5, &why), 1);
    CU_ASSERT_EQUAL(state_put(state, STATE_CERTIFICATES, "x", 1, "x", 1, &why),
                    0);
    CU_ASSERT_EQUAL(state_end(state, 0, &why), 0);
    CU_ASSERT_EQUAL(sure_at(state, 9000000), 0);
    CU_ASSERT_EQUAL(sure_at(state, 9000100), 0);
    CU_ASSERT_EQUAL(sure_at(state, 1050000), 1050000);
    state_close(&state);
    scratch_free(&folder);
}

static const struct unit_test tests[] = {
    {"2.1-seemail-list: lists, by domain and DN", lists},
    {"state: transactions are whole or not at all", transactions},
    {"2.1-seemail-list: replaced beside readers", beside_readers},
    {"1.2-suspend: a broken state is a failure", broken},
    {"1.2-suspend: a short file of which nothing is missing is none", short_file},
    {"2.10-oldkeys: one wrong reading of the clock forgets nothing", clocks},
};
UNIT_SUITE(state, tests)
