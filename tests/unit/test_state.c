/* state: lists and certificates that outlive a process, and broken ones. */
#include "unit.h"

#include "der.h"
#include "failure.h"
#include "pool.h"
#include "scratch.h"
#include "state.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void certificates(void)
{
    static const unsigned char one[] = {0x30, 1, 7}, two[] = {0x30, 2, 8, 9};
    const struct der certs[] = {{one, sizeof one}, {two, sizeof two}};
    char *folder = start();
    struct state *state = open_state(STATE_WRITE);
    struct pool *pool = pool_new();
    struct der *found;
    size_t count;
    CU_ASSERT_EQUAL(state_certs_replace(state, "x@b.test", certs, 2, &why), 0);
    CU_ASSERT_EQUAL(state_certs(state, pool, "x@b.test", &found, &count, &why),
                    0);
    CU_ASSERT_EQUAL_FATAL(count, 2);
    CU_ASSERT_TRUE(der_equal(&found[1], two, sizeof two));
    CU_ASSERT_EQUAL(state_certs_count(state, &count, &why), 0);
    CU_ASSERT_EQUAL(count, 1);
    CU_ASSERT_EQUAL(state_certs_replace(state, "x@b.test", NULL, 0, &why), 0);
    CU_ASSERT_EQUAL(state_certs(state, pool, "x@b.test", &found, &count, &why),
                    0);
    CU_ASSERT_EQUAL(count, 0);
    state_close(&state);
    pool_free(&pool);
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
    alarm(60);
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
    }
    scratch_free(&folder);
}

static const struct unit_test tests[] = {
    {"2.1-seemail-list: lists, by domain and DN", lists},
    {"state: certificates of an address", certificates},
    {"2.1-seemail-list: replaced beside readers", beside_readers},
    {"1.2-suspend: a broken state is a failure", broken},
};
UNIT_SUITE(state, tests)
