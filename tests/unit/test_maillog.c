/* maillog: lines of Exim's main log, whoever chose the words in them. */
#include "unit.h"

#include "maillog.h"

#include <stdlib.h>
#include <string.h>

#define ID "1xWJIK-0000xT-1K"
#define AT "2026-11-25 12:00:00 "

static void parse(const char *text, enum maillog_kind kind, const char *id,
                  const char *address)
{
    struct maillog_line line;
    char value[200];
    CU_ASSERT_EQUAL_FATAL(maillog_parse(text, &line), 1);
    CU_ASSERT_EQUAL(line.kind, kind);
    CU_ASSERT_STRING_EQUAL(line.id, id);
    CU_ASSERT_STRING_EQUAL(line.stamp, "2026-11-25 12:00:00");
    if (!address)
        return;
    maillog_address(&line, value, sizeof value);
    CU_ASSERT_STRING_EQUAL(value, address);
    CU_ASSERT_EQUAL(maillog_field(&line, "T", value, sizeof value),
                    kind == MAILLOG_DELIVERED);
    if (kind == MAILLOG_DELIVERED)
        CU_ASSERT_STRING_EQUAL(value, "seemail_seal");
}

static void kinds(void)
{
    parse(AT ID " <= a@a.test H=x S=12 id=m@x", MAILLOG_ARRIVED, ID,
          "a@a.test");
    parse(AT ID " => b@b.test R=r T=seemail_seal H=x", MAILLOG_DELIVERED, ID,
          "b@b.test");
    parse("2026-11-25 12:00:00.123 +0000 [42] " ID " -> b <B@b.test> R=r "
          "T=seemail_seal", MAILLOG_DELIVERED, ID, "B@b.test");
    parse(AT ID " => \"x T=plain <z>\"@b.test <\"q \\\" T=y\"@b.test> R=r "
          "T=seemail_seal", MAILLOG_DELIVERED, ID, "\"q \\\" T=y\"@b.test");
    parse(AT ID " == b@b.test R=r defer (-1): x", MAILLOG_DEFERRED, ID,
          "b@b.test");
    parse(AT ID " ** b@b.test: unrouteable", MAILLOG_FAILED, ID, NULL);
    parse(AT ID " Completed", MAILLOG_COMPLETED, ID, NULL);
    parse(AT ID " seemail direction=inside", MAILLOG_DECIDED, ID, NULL);
}

/* A sender's words do not make a line of another kind. */
static void no_other_kind(void)
{
    parse(AT "H=(x) [1.2.3.4] rejected RCPT <" ID " seemail direction=own>",
          MAILLOG_OTHER, "", NULL);
    parse(AT ID " H=seemail rejected: => b@b.test", MAILLOG_OTHER, ID, NULL);
    parse(AT ID "xxx seemail direction=own", MAILLOG_OTHER, "", NULL);
    parse(AT "seemail direction=own", MAILLOG_OTHER, "", NULL);
    struct maillog_line line;
    static const char *const none[] = {"", "x", "2026-11-25", "2026-11-25 12:00",
                                       "2026-11-25 12:00:00", "a-b-c d:e:f g "};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        CU_ASSERT_EQUAL(maillog_parse(none[i], &line), 0);
}

static void fields_of_a_decision(void)
{
    struct maillog_line line;
    char value[50];
    maillog_parse(AT ID " seemail direction=inside refused=\"a b=c seal=9\" "
                  "reason=\"x\\x22 rule=y\\x0A\" rule=triggers:8", &line);
    CU_ASSERT_EQUAL(maillog_field(&line, "seal", value, sizeof value), 0);
    CU_ASSERT_EQUAL(maillog_field(&line, "direction", value, sizeof value), 1);
    CU_ASSERT_STRING_EQUAL(value, "inside");
    CU_ASSERT_EQUAL(maillog_field(&line, "reason", value, sizeof value), 1);
    CU_ASSERT_STRING_EQUAL(value, "x\" rule=y\n");
    CU_ASSERT_EQUAL(maillog_field(&line, "rule", value, sizeof value), 1);
    CU_ASSERT_STRING_EQUAL(value, "triggers:8");
    CU_ASSERT_EQUAL(maillog_field(&line, "refused", value, 4), 1);
    CU_ASSERT_STRING_EQUAL(value, "a b");
}

/* Ends where a field or a time zone should go on. */
static void cut_short(void)
{
    struct maillog_line line;
    char value[50];
    parse(AT "-001", MAILLOG_OTHER, "", NULL);
    parse(AT "+", MAILLOG_OTHER, "", NULL);
    parse(AT "[12", MAILLOG_OTHER, "", NULL);
    maillog_parse(AT ID " seemail reason=\"a\\x4", &line);
    CU_ASSERT_EQUAL(maillog_field(&line, "reason", value, sizeof value), 1);
    CU_ASSERT_STRING_EQUAL(value, "ax4");
}

static void time_zones(void)
{
    struct maillog_line line, same;
    maillog_parse("2026-11-25 12:00:00 +1300 " ID " Completed", &line);
    maillog_parse("2026-11-24 18:30:00 -0430 " ID " Completed", &same);
    CU_ASSERT_EQUAL(line.when, same.when);
    CU_ASSERT_EQUAL(line.when, 1795561200);
}

static const struct unit_test tests[] = {
    {"1.9-logs: kinds of lines", kinds},
    {"1.9-logs: no sender makes a line of another kind", no_other_kind},
    {"1.9-logs: fields of a decision", fields_of_a_decision},
    {"1.9-logs: lines that are cut short", cut_short},
    {"1.9-logs: time zones", time_zones},
};
UNIT_SUITE(maillog, tests)
