/* mailbox: one address in From, or none. */
#include "unit.h"

#include "failure.h"
#include "mailbox.h"
#include "pool.h"

#include <stdio.h>
#include <string.h>

/* What the header block says: "local@domain", or "" = ambiguous. */
static const char *from(const char *block)
{
    static char text[400];
    struct pool *pool = pool_new();
    struct header header;
    struct address address;
    struct failure why;
    text[0] = '\0';
    CU_ASSERT_EQUAL_FATAL(header_read(pool, block, strlen(block), 100, &header,
                                      &why), 0);
    if (mailbox_from(pool, &header, &address) > 0)
        snprintf(text, sizeof text, "%s@%s", address.local, address.domain);
    pool_free(&pool);
    return text;
}

static void one_address(void)
{
    static const char *const values[] = {
        "a@b.test", "<a@b.test>", "A <a@b.test>", "\"A, B\" <a@b.test>",
        "a@b.test (comment)", "(x (y) z) a@B.Test", "A\n <a@b.test>",
        "\"x@y.test\" <a@b.test>", "=?utf-8?q?x=40y?= <a@b.test>",
        "A. B. C <a@b.test>", "x@y.test <a@b.test>"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char block[200];
        snprintf(block, sizeof block, "Subject: x\nFrom: %s\n\n", values[i]);
        CU_ASSERT_STRING_EQUAL(from(block), "a@b.test");
    }
}

static void ambiguous(void)
{
    static const char *const values[] = {
        "", "nobody", "a@b.test, c@d.test", "a@b.test c@d.test",
        "<a@b.test> <c@d.test>", "<a@b.test>, x", "group: a@b.test;",
        "<@r.test:a@b.test>", "a@b.test.", "a@@b.test", "a@b.test (open",
        "\"open <a@b.test>", "<a@b.test", "a@b.test>", "<<a@b.test>>",
        "<a@b.test> c@d.test", "a@\xd0\xb0.test", "a@b..test", "<>",
        "a@b.test .c.test", "a@b.test. c.test", "a@b(x).test", "a b@c.test",
        "<a@b.test .c.test>", "A <a(x)@b.test>", "a(@b.test)@c.test"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char block[200];
        snprintf(block, sizeof block, "From: %s\n\n", values[i]);
        CU_ASSERT_STRING_EQUAL(from(block), "");
    }
    CU_ASSERT_STRING_EQUAL(from("Subject: x\n\n"), "");
    CU_ASSERT_STRING_EQUAL(from("From: a@b.test\nFrom: a@b.test\n\n"), "");
    CU_ASSERT_STRING_EQUAL(from("From: a@b.test\nfrom : c@d.test\n\n"), "");
    CU_ASSERT_STRING_EQUAL(from("From: a@b.test\nbroken\n\n"), "");
}

/* What a reader could take From for, with commas. */
static const char *possible(const char *block)
{
    static char text[400];
    struct pool *pool = pool_new();
    struct header header;
    struct address list[5];
    CU_ASSERT_EQUAL_FATAL(header_read(pool, block, strlen(block), 100, &header,
                                      NULL), 0);
    int count = mailbox_possible(pool, &header, list, 5);
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s@%s",
                                 i ? "," : "", list[i].local, list[i].domain);
    pool_free(&pool);
    return text;
}

static void readers_differ(void)
{
    CU_ASSERT_STRING_EQUAL(possible("From: A@b.Test,\n\n"),
                           "a@b.test,a@b.test");
    CU_ASSERT_STRING_EQUAL(possible("From: x\nFrom: <a@b.test.>\n\n"),
                           "a@b.test,a@b.test");
    CU_ASSERT_STRING_EQUAL(possible("From: a@b .test\n\n"),
                           "a@b,a@b.test");
    CU_ASSERT_STRING_EQUAL(possible("From: a@(x)b(y).test (z@q.test)\n\n"),
                           "a@b.test");
    CU_ASSERT_STRING_EQUAL(possible("From: a@b.test c@d.test\n\n"),
                           "a@b.test,c@d.test,a@b.testc,b.testc@d.test");
    CU_ASSERT_STRING_EQUAL(possible("From: @, @., x@(\n\n"), "");
    CU_ASSERT_STRING_EQUAL(possible("From: a\xef\xbc\xa0" "b.test\n\n"),
                           "a@b.test,a@b.test");
    CU_ASSERT_STRING_EQUAL(possible("To: a@b.test\n\n"), "");
    CU_ASSERT_STRING_EQUAL(possible("From: x\nSender: <a@b.test>\n\n"),
                           "a@b.test,a@b.test");
    CU_ASSERT_STRING_EQUAL(possible("From: =?utf-8?q?a=40b=2Etest?=\n\n"),
                           "a@b.test,a@b.test");
    CU_ASSERT_STRING_EQUAL(
        possible("From: a@b, a@c, a@d, a@e, a@f, a@g\n\n"),
        "a@b,a@c,a@d,a@e,a@f"); /* five are asked for */
}

/* Domains in other letters: a reading of each. */
static void other_letters(void)
{
    static const struct {
        const char *domain, *read;
    } table[] = {
        {"\xef\xbd\x82.test", "a@b.test"}, {"b\xe3\x80\x82test", "a@b.test"},
        {"b\xe2\x80\x8b.test", "a@b.test"}, {"b.te\xc5\xbft", "a@b.test"},
        {"b\xe2\x80\xae.test", "a@b.test"}, {"b\xad.test", "a@b.test"},
        {"b.test\xe2\x80\x8b", "a@b.test"},
        {"b\xc3\xbc" "cher.test", "a@xn--bcher-kva.test"},
        {"stra\xc3\x9f" "e.test", "a@strasse.test"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char block[100];
        snprintf(block, sizeof block, "From: a@%s\n\n", table[i].domain);
        CU_ASSERT_STRING_EQUAL(from(block), "");
        CU_ASSERT_PTR_NOT_NULL(strstr(possible(block), table[i].read));
    }
}

static void too_many(void)
{
    /* Places that could be addresses; comments without an end. */
    static const char *const texts[] = {"@\xff", "a(", "\"("};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct pool *pool = pool_new();
        struct header header;
        struct address list[100];
        size_t size = 1000000, used = 6;
        char *block = pool_alloc(pool, size + 10);
        memcpy(block, "From: ", used);
        for (; used < size; used += 2)
            memcpy(block + used, texts[i], 2);
        block[used++] = '\n';
        CU_ASSERT_EQUAL_FATAL(
            header_read(pool, block, used, 100, &header, NULL), 0);
        CU_ASSERT_EQUAL(mailbox_possible(pool, &header, list, 100), 100);
        CU_ASSERT_STRING_EQUAL(list[99].domain, "");
        pool_free(&pool);
    }
}

/* What From shows beside a@b.test. */
static void shown_beside(void)
{
    static const struct {
        const char *value, *shown;
    } table[] = {
        {"a@b.test", ""},
        {"A <a@b.test>", ""},
        {"\"a@b.test\" <a@b.test>", ""},
        {"c@B.TEST <a@b.test>", ""},
        {"c@d.test <a@b.test>", "c@d.test"},
        {"\"C c@d.test\" <a@b.test>", "c@d.test"},
        {"a@b.test (c@d.test)", "c@d.test"},
        {"=?utf-8?q?c=40d=2Etest?= <a@b.test>", "c@d.test"},
        {"=?utf-8?b?Y0Bk?= =?utf-8?b?LnRlc3Q=?= <a@b.test>", "c@d.test"},
        {"c\xef\xbc\xa0" "d.test <a@b.test>", "c@d.test"},
        {"=?utf-8?q?c=EF=B9=ABd=2Etest?= <a@b.test>", "c@d.test"},
        {"=?utf-8?q?=00c=40d=2Etest?= <a@b.test>", "c@d.test"},
        {"\"@ home\" <a@b.test>", ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct pool *pool = pool_new();
        struct header header;
        struct address address, list[3];
        struct failure why;
        char block[200], text[100] = "";
        snprintf(block, sizeof block, "From: %s\n\n", table[i].value);
        CU_ASSERT_EQUAL_FATAL(header_read(pool, block, strlen(block), 100,
                                          &header, &why), 0);
        CU_ASSERT_EQUAL_FATAL(mailbox_from(pool, &header, &address), 1);
        int count = mailbox_named(pool, &header, &address, list, 3);
        if (count > 0)
            snprintf(text, sizeof text, "%s@%s", list[0].local,
                     list[0].domain);
        CU_ASSERT_EQUAL(count, *table[i].shown != '\0');
        CU_ASSERT_STRING_EQUAL(text, table[i].shown);
        pool_free(&pool);
    }
}

/* However many of its own stand before it. */
static void shown_behind_many(void)
{
    struct pool *pool = pool_new();
    struct header header;
    struct address address, list[3];
    struct failure why;
    char block[4000] = "From: ";
    for (size_t i = 0; i < 100; i++)
        strncat(block, "\"a@b.test\" ", sizeof block - strlen(block) - 1);
    strncat(block, "\"c@d.test\" <a@b.test>\n\n",
            sizeof block - strlen(block) - 1);
    CU_ASSERT_EQUAL_FATAL(header_read(pool, block, strlen(block), 100, &header,
                                      &why), 0);
    CU_ASSERT_EQUAL_FATAL(mailbox_from(pool, &header, &address), 1);
    CU_ASSERT_EQUAL_FATAL(mailbox_named(pool, &header, &address, list, 3), 1);
    CU_ASSERT_STRING_EQUAL(list[0].domain, "d.test");
    pool_free(&pool);
}

static const struct unit_test tests[] = {
    {"2.6-mapping: one address, however it is written", one_address},
    {"1.2-auth: what an ambiguous From could be read as", readers_differ},
    {"1.2-auth: domains in other letters, as mail programs read them",
     other_letters},
    {"1.2-auth: more than anybody reads is nobody's", too_many},
    {"2.6-mapping: what can be read in two ways is ambiguous", ambiguous},
    {"2.6-mapping: addresses that From shows beside its own", shown_beside},
    {"2.6-mapping: another's is seen behind any number of its own",
     shown_behind_many},
};
UNIT_SUITE(mailbox, tests)
