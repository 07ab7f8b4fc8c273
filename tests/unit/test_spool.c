/* spool and held: what Exim's files say of what waits. */
#include "unit.h"

#include "failure.h"
#include "held.h"
#include "pool.h"
#include "spool.h"

#include <string.h>

#define TOP "x-H\nuser 1 1\n<a@a.test>\n1700000000 0\n"
#define DECISION "-local_scan v=\"1\" dir=\"inside\" marking=\"X Y\" from=\"\" " \
                 "verdict=\"\" clear=\"may\" a-1=\"person\" d-b.test=\"seal\"\n"

static int parse(struct pool *pool, const char *text,
                 struct spool_message *message)
{
    struct failure why;
    FILE *file = fmemopen((void *)(size_t)text, strlen(text), "r");
    int rc = spool_parse(file, pool, message, &why);
    fclose(file);
    CU_ASSERT_TRUE(rc == 0 || why.kind == FAILURE_MALFORMED);
    return rc;
}

static void envelopes_are_read(void)
{
    struct pool *pool = pool_new();
    struct spool_message message;
    CU_ASSERT_EQUAL_FATAL(parse(pool, TOP "-frozen 12\n-aclm _x 9\n-frozen 1\n"
                                "--aclc 0 0\n\n" DECISION
                                "YN b@b.test\nNN a@b.test\n4\nc@b.test\n"
                                "b@b.test\n\"x y\"@z.test 7,0#1\na@b.test\n",
                                &message), 0);
    CU_ASSERT_STRING_EQUAL(message.sender, "a@a.test");
    CU_ASSERT_EQUAL(message.received, 1700000000);
    CU_ASSERT_EQUAL(message.frozen, 12);
    CU_ASSERT_EQUAL_FATAL(message.count, 2);
    CU_ASSERT_STRING_EQUAL(message.recipients[0].address, "c@b.test");
    CU_ASSERT_STRING_EQUAL(message.recipients[1].address, "\"x y\"@z.test");
    CU_ASSERT_STRING_EQUAL(held_decided(pool, &message, "marking"), "X Y");
    CU_ASSERT_STRING_EQUAL(held_decided(pool, &message, "all"), "");
    CU_ASSERT_STRING_EQUAL(held_class(pool, &message, "c@B.test"), "seal");
    CU_ASSERT_STRING_EQUAL(held_class(pool, &message, "x@z.test"), "person");
    pool_free(&pool);
}

static void broken_ones_are_refused(void)
{
    static const char *const texts[] = {
        "", "x-H\n", TOP, TOP "XX\n", TOP "XX\n2\na@b\n", TOP "XX\n-1\n",
        TOP "XX\nx\n", TOP "Y a\n0\n", TOP "YY a\nNN b\n", TOP "XX\n1e9\n",
        TOP "-aclm _x\nXX\n0\n", TOP "-aclm _x 99\nXX\n0\n",
        "x-H\nu 1 1\na@b\n1 0\nXX\n0\n", "x-H\nu 1 1\n<>\nnow\nXX\n0\n",
    };
    struct pool *pool = pool_new();
    struct spool_message message;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        CU_ASSERT_EQUAL(parse(pool, texts[i], &message), -1);
    pool_free(&pool);
}

/* The reason of one of two recipients, after such a log. */
static const char *reason_after(struct pool *pool, const char *log,
                                size_t recipient)
{
    struct spool_message message;
    parse(pool, TOP DECISION "XX\n2\nX@c.test\n\"a R=b\"@d.test\n", &message);
    FILE *file = fmemopen((void *)(size_t)log, strlen(log), "r");
    CU_ASSERT_EQUAL(spool_log(file, pool, &message, NULL), 0);
    fclose(file);
    return held_for(&message, &message.recipients[recipient])->word;
}

#define AT "2026-01-01 00:00:00 "
#define HOLDS "SEEMail holds this message for an administrator: marked"

static void each_waits_for_its_own_reason(void)
{
    static const char log[] =
        AT "Received from a@a.test H=(x) [192.0.2.1]\n"
        AT "x@c.test <X@c.test> R=seemail_hold defer (-1): " HOLDS "\n"
        AT "a R=b@d.test <\"a R=b\"@d.test> R=plain defer (-1): x\n"
        AT "H=mx.c.test [192.0.2.9]: SMTP error from remote mail server after MAIL "
        "FROM:<a@a.test>: 451 <X@c.test> R=seemail_seal defer (-1): SEEMail cannot seal: "
        "our own certificate is gone\n"
        AT "x@c.test <X@c.test> routing defer (-52): retry time not reached\n";
    struct pool *pool = pool_new();
    CU_ASSERT_STRING_EQUAL(reason_after(pool, log, 0), "administrator");
    CU_ASSERT_STRING_EQUAL(reason_after(pool, log, 1), "new");
    static const struct { const char *line, *word; } cases[] = {
        {"R=seemail_ready defer (-1): SEEMail cannot seal: our own certificate "
         "\"a\": x", "own-certificate"},
        {"R=seemail_ready defer (-1): SEEMail cannot seal: failure=keystore key store /x: y",
         "keystore"},
        {"R=seemail_ready defer (-1): SEEMail cannot seal: the certificate of "
         "CN=our own certificate, key store is revoked", "certificate"},
        {"R=seemail_seal T=seemail_seal defer (-24) H=m [192.0.2.1]: transport "
         "filter process failed (75)", "filter"},
        {"R=seemail_seal T=seemail_seal defer (-44) H=m [192.0.2.1]: SMTP "
         "error from remote mail server after RCPT TO:<x>: 451 " HOLDS,
         "delivery"},
        {"R=seemail_seal T=seemail_seal defer (-44) H=m [192.0.2.1]: SMTP "
         "error from remote mail server after DATA: 451 x R=seemail_hold "
         "defer (-1): " HOLDS, "delivery"},
        {"R=mine defer (-1): " HOLDS, "delivery"},
        {"R=seemail_seal defer (-1): host lookup: " HOLDS, "delivery"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1000];
        snprintf(text, sizeof text, AT "X@c.test %s\n", cases[i].line);
        CU_ASSERT_STRING_EQUAL(reason_after(pool, text, 0), cases[i].word);
    }
    pool_free(&pool);
}

/* The end of a line that is too long, or cut, is no line. */
static void no_line_from_the_middle(void)
{
    struct pool *pool = pool_new();
    static const char forged[] = AT "X@c.test R=seemail_hold defer (-1): " HOLDS;
    static char log[400000];
    for (size_t room = 0; room < 300; room++) {
        memset(log, 'x', sizeof log);
        size_t at = sizeof log - (256 << 10) - 150 + room;
        memcpy(log + at, forged, sizeof forged - 1);
        memcpy(log + sizeof log - 2, "\n", 2);
        CU_ASSERT_STRING_EQUAL(reason_after(pool, log, 0), "new");
    }
    pool_free(&pool);
}

static void numbers_of_messages(void)
{
    static const char *const good[] = {"1xWJIK-0000xT-1K",
                                       "1xWJIK-0000000xT2a-1KaB"};
    static const char *const bad[] = {"", "1xWJIK", "1xWJIK-0000xT", "-1K",
                                      "1xWJIK-0000xT-1K-2", "../../-0000xT-1K",
                                      "1xWJI\xe9-0000xT-1K", "--",
                                      "1xWJIK-0000000000xT2a-1KaB"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        CU_ASSERT_TRUE(spool_is_id(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CU_ASSERT_FALSE(spool_is_id(bad[i], strlen(bad[i])));
}

static void ages_in_plain_words(void)
{
    struct pool *pool = pool_new();
    CU_ASSERT_STRING_EQUAL(held_age(pool, 1), "1 second");
    CU_ASSERT_STRING_EQUAL(held_age(pool, -5), "0 seconds");
    CU_ASSERT_STRING_EQUAL(held_age(pool, 7199), "119 minutes");
    CU_ASSERT_STRING_EQUAL(held_age(pool, 200000), "2 days");
    CU_ASSERT_STRING_EQUAL(held_plain(pool, "a\x1b[2J\xc2\x9b\n"), "a?[2J???");
    pool_free(&pool);
}

static const struct unit_test tests[] = {
    {"2.8-hold: envelopes are read", envelopes_are_read},
    {"2.8-hold: broken ones are refused", broken_ones_are_refused},
    {"2.8-hold: each recipient waits for its own reason, and nobody chooses it",
     each_waits_for_its_own_reason},
    {"2.8-hold: the middle of a line is no line", no_line_from_the_middle},
    {"2.8-hold: numbers of messages", numbers_of_messages},
    {"2.8-hold: ages and hostile text in plain words", ages_in_plain_words},
};
UNIT_SUITE(spool, tests)
