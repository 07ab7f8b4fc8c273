/* dns: answers, byte by byte. */
#include "unit.h"

#include "dns.h"
#include "failure.h"
#include "pool.h"

#include <string.h>

#define HEAD(flags, answers)                                                  \
    "\x12\x34" flags "\0\1\0" answers "\0\0\0\0"
#define SRV_QUESTION "\1A\1b\0\0\x21\0\1" /* at 12 */
#define SRV_RECORD                                                            \
    "\xc0\x0c\0\x21\0\1\0\0\0\1\0\x0b\0\1\0\2\1\x85\2cd\xc0\x0e"
/* a.b is b, at 14; b is a.b */
#define ALIAS "\xc0\x0c\0\5\0\1\0\0\0\1\0\2\xc0\x0e"
#define ALIAS_BACK "\xc0\x0e\0\5\0\1\0\0\0\1\0\2\xc0\x0c"
#define TEXT(bytes) (const unsigned char *)(bytes), sizeof(bytes) - 1

static struct pool *pool;
static struct dns_answer answer;
static struct failure why;

static int read_srv(const unsigned char *message, size_t length)
{
    why = (struct failure){0};
    return dns_read(pool, message, length, 0x1234, "a.b", DNS_SRV, &answer,
                    &why);
}

static void refused(const unsigned char *message, size_t length,
                    const char *text)
{
    CU_ASSERT_EQUAL(read_srv(message, length), -1);
    CU_ASSERT_EQUAL(answer.count, 0);
    CU_ASSERT_EQUAL(why.kind, FAILURE_NETWORK);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, text));
}

static void answers_are_read(void)
{
    pool = pool_new();
    CU_ASSERT_EQUAL(read_srv(TEXT(HEAD("\x81\xa0", "\1") SRV_QUESTION
                                  SRV_RECORD)), 0);
    CU_ASSERT_EQUAL(answer.count, 1);
    CU_ASSERT_TRUE(answer.authenticated);
    CU_ASSERT_STRING_EQUAL(answer.records[0].target, "cd.b");
    CU_ASSERT_EQUAL(memcmp(answer.records[0].data, "\0\1\0\2\1\x85", 6), 0);
    CU_ASSERT_EQUAL(read_srv(TEXT(HEAD("\x81\x80", "\1") SRV_QUESTION
                                  SRV_RECORD)), 0);
    CU_ASSERT_FALSE(answer.authenticated);
    CU_ASSERT_EQUAL(read_srv(TEXT(HEAD("\x81\x83", "\0") SRV_QUESTION)), 0);
    CU_ASSERT_EQUAL(answer.count, 0);
    pool_free(&pool);
}

static void odd_answers_are_refused(void)
{
    pool = pool_new();
    refused(TEXT(HEAD("\x01\x80", "\0") SRV_QUESTION), "no answer to us");
    refused(TEXT(HEAD("\x83\x80", "\0") SRV_QUESTION), "cut short");
    refused(TEXT(HEAD("\x81\x82", "\0") SRV_QUESTION), "error 2");
    refused(TEXT(HEAD("\x81\x80", "\0") "\1c\1b\0\0\x21\0\1"),
            "another question");
    refused(TEXT(HEAD("\x81\x80", "\0") "\1a\1b\0\0\x35\0\1"),
            "another question");
    refused(TEXT(HEAD("\x81\x80", "\2") SRV_QUESTION SRV_RECORD),
            "cannot be read");
    refused(TEXT(HEAD("\x81\x80", "\1") SRV_QUESTION
                 "\xc0\x0c\0\x21\0\1\0\0\0\1\0\6\0\1\0\2\1\x85"),
            "cannot be read"); /* no target */
    refused(TEXT(HEAD("\x81\x80", "\1") SRV_QUESTION
                 "\xc0\x0c\0\x21\0\1\0\0\0\1\0\x08\0\1\0\2\1\x85\xc0\x27"),
            "cannot be read"); /* a target that is itself */
    refused(TEXT(HEAD("\x81\x80", "\x0a") SRV_QUESTION ALIAS ALIAS_BACK ALIAS
                 ALIAS_BACK ALIAS ALIAS_BACK ALIAS ALIAS_BACK ALIAS
                 ALIAS_BACK), "too many aliases");
    refused(TEXT(""), "cannot be read");
    pool_free(&pool);
}

static const struct unit_test tests[] = {
    {"2.8-ldap: DNS answers are read", answers_are_read},
    {"2.8-ldap: DNS answers that are odd are refused",
     odd_answers_are_refused},
};
UNIT_SUITE(dns, tests)
