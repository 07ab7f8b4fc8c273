/* ping: who waits for an answer, and how often one is given. */
#include "unit.h"

#include "failure.h"
#include "ping.h"
#include "policy.h"
#include "rate.h"
#include "scratch.h"
#include "state.h"

#include <stdlib.h>
#include <string.h>

static struct failure why;

static void names_are_names(void)
{
    static const char *const bad[] = {
        "", "<>", "<@a.test>", "<../../etc/passwd@a.test>", "<..@a.test>",
        "<.a@a.test>", "<12/34@a.test>", "<ABC@a.test>", "<12ab>", "12\n@a",
        ("<0123456789abcdef0123456789abcdef0123456789abcdef"
         "0123456789abcdef0123456789abcdef0123456789abcdef@a.test>")};
    char name[PING_NAME];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ping_name(bad[i], name);
        CU_ASSERT_STRING_EQUAL(name, "");
    }
    ping_name(" <6b0744.0af3@a.test>", name);
    CU_ASSERT_STRING_EQUAL(name, "6b0744.0af3");
}

static void who_waits_gets_it(void)
{
    struct policy *policy = calloc(1, sizeof *policy);
    struct buffer answer = {0}, got = {0};
    char *folder = scratch_new();
    policy->settings.state = folder;
    CU_ASSERT_FALSE(ping_expected(policy, "12.ab"));
    CU_ASSERT_FALSE(ping_expected(policy, ""));
    CU_ASSERT_EQUAL(ping_expect(policy, "12.ab", &why), 0);
    CU_ASSERT_EQUAL(ping_expect(policy, "12.ab", &why), -1);
    CU_ASSERT_TRUE(ping_expected(policy, "12.ab"));
    CU_ASSERT_EQUAL(ping_wait(policy, "12.ab", 1, &got, &why), 0);
    buffer_text(&answer, "hello\n");
    CU_ASSERT_EQUAL(ping_arrived(policy, "12.ab", &answer, &why), 0);
    CU_ASSERT_EQUAL(ping_wait(policy, "12.ab", 9, &got, &why), 1);
    CU_ASSERT_STRING_EQUAL(buffer_string(&got), "hello\n");
    ping_forget(policy, "12.ab");
    CU_ASSERT_FALSE(ping_expected(policy, "12.ab"));
    buffer_free(&answer);
    buffer_free(&got);
    free(policy);
    scratch_free(&folder);
}

static void rates_are_kept(void)
{
    char *folder = scratch_new();
    struct state *state;
    CU_ASSERT_EQUAL_FATAL(state_open(folder, STATE_WRITE, &state, &why), 0);
    for (int i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(rate_take(state, "answer", "a.test", 3, 3600, 1000 + i,
                                  &why), i < 3);
    CU_ASSERT_EQUAL(rate_take(state, "answer", "b.test", 3, 3600, 1005, &why), 1);
    CU_ASSERT_EQUAL(rate_take(state, "answer", "c.test", 0, 3600, 1005, &why), 0);
    CU_ASSERT_EQUAL(rate_take(state, "answer", "a.test", 3, 3600, 4599, &why), 0);
    CU_ASSERT_EQUAL(rate_take(state, "answer", "a.test", 3, 3600, 4600, &why), 1);
    CU_ASSERT_EQUAL(rate_take(state, "answer", "a.test", 1, 3600, 10, &why), 1);
    CU_ASSERT_EQUAL(rate_take(state, "answer", "a.test", 1, 3600, 11, &why), 0);
    CU_ASSERT_EQUAL(rate_return(state, "answer", "a.test", &why), 0);
    CU_ASSERT_EQUAL(rate_take(state, "answer", "a.test", 1, 3600, 11, &why), 1);
    CU_ASSERT_EQUAL(rate_return(state, "answer", "never.test", &why), 0);
    state_close(&state);
    scratch_free(&folder);
}

static const struct unit_test tests[] = {
    {"2.14-ping: names of answers are no paths", names_are_names},
    {"2.14-ping: who waits gets the answer", who_waits_gets_it},
    {"2.14-ping: so often in an hour", rates_are_kept},
};
UNIT_SUITE(ping, tests)
