/* miss and lock: what keeps fetchers from storming. */
#include "unit.h"

#include "failure.h"
#include "lock.h"
#include "miss.h"
#include "scratch.h"
#include "state.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct failure why;

static struct state *open_state(const char *folder)
{
    struct state *state = NULL;
    CU_ASSERT_EQUAL_FATAL(state_open(folder, STATE_WRITE, &state, &why), 0);
    return state;
}

static void misses_back_off(void)
{
    char *folder = scratch_new();
    struct state *state = open_state(folder);
    struct miss miss;
    CU_ASSERT_EQUAL(miss_find(NULL, "a", 1000, &miss, &why), 0);
    CU_ASSERT_EQUAL(miss_find(state, "a", 1000, &miss, &why), 0);
    CU_ASSERT_EQUAL(miss_put(state, "a", 1000, 60, 200, "gone\n", &why), 0);
    CU_ASSERT_EQUAL(miss_find(state, "a", 1059, &miss, &why), 1);
    CU_ASSERT_STRING_EQUAL(miss.reason, "gone\n");
    CU_ASSERT_EQUAL(miss.until, 1060);
    CU_ASSERT_EQUAL(miss_find(state, "ab", 1059, &miss, &why), 0);
    CU_ASSERT_EQUAL(miss_find(state, "a", 1060, &miss, &why), 0);
    CU_ASSERT_EQUAL(miss_find(state, "a", 999, &miss, &why), 0);
    miss_put(state, "a", 1060, 60, 200, "again", &why);
    miss_find(state, "a", 1060, &miss, &why);
    CU_ASSERT_EQUAL(miss.until, 1060 + 120);
    for (int i = 0; i < 100; i++)
        miss_put(state, "a", 1100, 60, 200, "again", &why);
    CU_ASSERT_EQUAL(miss_find(state, "a", 1100, &miss, &why), 1);
    CU_ASSERT_EQUAL(miss.until, 1300);
    CU_ASSERT_EQUAL(miss.count, 102);
    CU_ASSERT_EQUAL(miss_clear(state, "a", &why), 0);
    CU_ASSERT_EQUAL(miss_clear(state, "a", &why), 0);
    CU_ASSERT_EQUAL(miss_find(state, "a", 1100, &miss, &why), 0);
    state_close(&state);
    scratch_free(&folder);
}

static void misses_expire(void)
{
    char *folder = scratch_new(), name[600];
    struct state *state = open_state(folder);
    struct miss miss;
    size_t count = 0;
    for (int i = 0; i < 1010; i++) {
        snprintf(name, sizeof name, "%d", i);
        miss_put(state, name, i < 1005 ? 1000 : 2000, 60, 200, "", &why);
    }
    memset(name, 'x', 599);
    name[599] = '\0';
    CU_ASSERT_EQUAL(miss_put(state, name, 2000, 60, 200, "long", &why), 0);
    CU_ASSERT_EQUAL(miss_find(state, name, 2000, &miss, &why), 1);
    CU_ASSERT_EQUAL(miss_expire(state, 1500, &why), 0);
    CU_ASSERT_EQUAL(miss_expire(state, 1500, &why), 0);
    CU_ASSERT_EQUAL_FATAL(state_begin(state, STATE_READ, &why), 0);
    state_count(state, STATE_MISSES, &count, &why);
    state_end(state, 0, &why);
    CU_ASSERT_EQUAL(count, 6);
    state_close(&state);
    scratch_free(&folder);
}

static void misses_are_bounded(void)
{
    char *folder = scratch_new(), name[20];
    struct state *state = open_state(folder);
    struct miss miss;
    size_t count = 0;
    CU_ASSERT_EQUAL_FATAL(state_begin(state, STATE_WRITE, &why), 0);
    for (int i = 0; i < 100000; i++) {
        snprintf(name, sizeof name, "%06d", i);
        CU_ASSERT_EQUAL_FATAL(state_append(state, STATE_MISSES, name, 6,
                                           "1000 1060 1 no", 14, &why), 0);
    }
    CU_ASSERT_EQUAL_FATAL(state_end(state, 0, &why), 0);
    miss_put(state, "000001", 1000, 60, 200, "again", &why);
    CU_ASSERT_EQUAL(miss_find(state, "000002", 1000, &miss, &why), 1);
    CU_ASSERT_EQUAL(miss_put(state, "new", 1000, 60, 200, "", &why), 0);
    CU_ASSERT_EQUAL(miss_find(state, "new", 1000, &miss, &why), 1);
    CU_ASSERT_EQUAL_FATAL(state_begin(state, STATE_READ, &why), 0);
    state_count(state, STATE_MISSES, &count, &why);
    state_end(state, 0, &why);
    CU_ASSERT_EQUAL(count, 1);
    state_close(&state);
    scratch_free(&folder);
}

static void one_fetcher_at_a_time(void)
{
    char *folder = scratch_new();
    struct lock lock, other;
    int status, ready[2];
    char byte;
    CU_ASSERT_EQUAL(lock_take(folder, "one", 0, &lock, &why), 1);
    CU_ASSERT_EQUAL(lock_take(folder, "one", 100, &other, &why), 0);
    CU_ASSERT_EQUAL(lock_take(folder, "two", 0, &other, &why), 1);
    lock_release(&other);
    lock_release(&lock);
    CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) { /* dies with it */
        lock_take(folder, "one", 0, &lock, &why);
        if (write(ready[1], "x", 1) != 1)
            _exit(1);
        pause();
    }
    CU_ASSERT_EQUAL(read(ready[0], &byte, 1), 1);
    CU_ASSERT_EQUAL(lock_take(folder, "one", 0, &lock, &why), 0);
    kill(pid, SIGKILL);
    CU_ASSERT_EQUAL(lock_take(folder, "one", 30000, &lock, &why), 1);
    waitpid(pid, &status, 0);
    lock_release(&lock);
    CU_ASSERT_EQUAL(lock_take("/nonexistent", "x", 0, &lock, &why), -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_STATE);
    close(ready[0]);
    close(ready[1]);
    scratch_free(&folder);
}

static const struct unit_test tests[] = {
    {"2.8-auto-a: what was not got is left alone for longer each time",
     misses_back_off},
    {"2.8-auto-a: old misses are forgotten", misses_expire},
    {"2.8-auto-a: misses do not fill the state", misses_are_bounded},
    {"2.8-auto-a: one fetcher at a time, and none that died",
     one_fetcher_at_a_time},
};
UNIT_SUITE(miss, tests)
