/* run and logline: children and log lines from a hostile world. */
#include "unit.h"

#include "buffer.h"
#include "failure.h"
#include "logline.h"
#include "run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static int shell(const char *script, const char *input, struct buffer *output,
                 int *status, struct failure *why)
{
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    struct run run = {argv, input, strlen(input), -1, 60, 100000};
    return run_program(&run, output, status, why);
}

static void collects_output_and_status(void)
{
    struct buffer output = {0};
    struct failure why;
    int status = -1;
    signal(SIGCHLD, SIG_IGN); /* as in Exim */
    CU_ASSERT_EQUAL(shell("cat; exit 3", "hello", &output, &status, &why), 0);
    CU_ASSERT_STRING_EQUAL(buffer_string(&output), "hello");
    CU_ASSERT_EQUAL(status, 3);
    CU_ASSERT_EQUAL(signal(SIGCHLD, SIG_DFL), SIG_IGN);
    buffer_free(&output);
}

static void input_may_be_left_unread(void)
{
    struct buffer output = {0};
    struct failure why;
    int status = -1;
    char *input = calloc(1, 1000001);
    memset(input, 'x', 1000000);
    CU_ASSERT_EQUAL(shell("echo no", input, &output, &status, &why), 0);
    CU_ASSERT_EQUAL(status, 0);
    buffer_free(&output);
    free(input);
}

static void failures_are_told(void)
{
    struct buffer output = {0};
    struct failure why;
    int status = -1;
    CU_ASSERT_EQUAL(shell("kill -9 $$", "", &output, &status, &why), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "signal 9"));
    CU_ASSERT_EQUAL(shell("yes", "", &output, &status, &why), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "too much output"));
    const char *argv[] = {"/nonexistent/program", NULL};
    struct run run = {argv, "", 0, -1, 10, 100};
    buffer_clear(&output);
    CU_ASSERT_EQUAL(run_program(&run, &output, &status, &why), -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_CHILD);
    const char *slow[] = {"/bin/cat", "/dev/zero", NULL};
    struct run late = {slow, "", 0, -1, 0, 1000000000};
    CU_ASSERT_EQUAL(run_program(&late, &output, &status, &why), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "not done in"));
    buffer_free(&output);
}

static void log_values_cannot_break_out(void)
{
    struct logline line = {0};
    logline_field(&line, "from", "a@b.test");
    logline_field(&line, "subject", "x\r\nforged=1 \"q\" \x1b[2J");
    logline_field(&line, "none", "");
    logline_number(&line, "size", 12);
    CU_ASSERT_STRING_EQUAL(buffer_string(&line.text),
                           "from=a@b.test subject=\"x\\x0D\\x0Aforged=1 "
                           "\\x22q\\x22 \\x1B[2J\" size=12");
    CU_ASSERT_STRING_EQUAL(buffer_string(&line.json),
                           "\"from\":\"a@b.test\",\"subject\":\"x\\u000d\\u000a"
                           "forged=1 \\\"q\\\" \\u001b[2J\",\"size\":12");
    logline_free(&line);
}

static const struct unit_test tests[] = {
    {"run: collects output and status", collects_output_and_status},
    {"run: a child need not read its input", input_may_be_left_unread},
    {"run: killed, endless, missing and late children", failures_are_told},
    {"logline: values cannot break out", log_values_cannot_break_out},
};
UNIT_SUITE(run, tests)
