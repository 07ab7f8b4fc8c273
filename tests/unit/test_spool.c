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
    CU_ASSERT_STRING_EQUAL(message.recipients[0], "c@b.test");
    CU_ASSERT_STRING_EQUAL(message.recipients[1], "\"x y\"@z.test");
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
    {"2.8-hold: numbers of messages", numbers_of_messages},
    {"2.8-hold: ages and hostile text in plain words", ages_in_plain_words},
};
UNIT_SUITE(spool, tests)
