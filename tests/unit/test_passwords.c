/* passwords: which token gets which, and none gets another's. */
#include "unit.h"

#include "failure.h"
#include "passwords.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct passwords *passwords;
static struct failure why;

static int try(const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/seemail-pin-%ld", (long)getpid());
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
    chmod(path, 0600);
    int rc = passwords_read(path, &passwords, &why);
    unlink(path);
    return rc;
}

static void gives(const char *token, int internal, const char *expected)
{
    const char *password = passwords_of(passwords, token, internal);
    if (!expected)
        CU_ASSERT_PTR_NULL(password);
    if (expected)
        CU_ASSERT_STRING_EQUAL(password ? password : "nothing", expected);
}

static void one_line(void)
{
    CU_ASSERT_EQUAL(try("one:two\n"), 0);
    CU_ASSERT_FALSE(passwords_for_tokens(passwords));
    gives("NSS Certificate DB", 1, "one:two");
    gives("hub", 0, NULL);
    gives("one", 0, "two");
    passwords_free(&passwords);
    CU_ASSERT_EQUAL(try(""), 0);
    gives("NSS Certificate DB", 1, NULL);
    passwords_free(&passwords);
    CU_ASSERT_EQUAL(passwords_read("/nowhere/x", &passwords, &why), 0);
    gives("NSS Certificate DB", 1, NULL);
    passwords_free(&passwords);
}

static void a_line_a_token(void)
{
    CU_ASSERT_EQUAL(try("hub:1234\r\nother:x:y\nstore\n"), 0);
    CU_ASSERT_TRUE(passwords_for_tokens(passwords));
    gives("hub", 0, "1234");
    gives("other", 0, "x:y");
    gives("hu", 0, NULL);
    gives("NSS Certificate DB", 1, "store");
    passwords_wrong(passwords, "hub", 0);
    gives("hub", 0, NULL);
    gives("other", 0, "x:y");
    passwords_wrong(passwords, "NSS Certificate DB", 1);
    gives("NSS Certificate DB", 1, NULL);
    passwords_free(&passwords);
    CU_ASSERT_EQUAL(try("store\nNSS Certificate DB:mine\n"), 0);
    gives("NSS Certificate DB", 1, "mine");
    passwords_free(&passwords);
}

static void too_many(void)
{
    char text[200] = "";
    memset(text, '\n', sizeof text - 1);
    for (size_t i = 0; i < sizeof text - 1; i += 2)
        text[i] = 'x';
    CU_ASSERT_EQUAL(try(text), -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_KEYSTORE);
    CU_ASSERT_PTR_NULL(passwords);
}

static const struct unit_test tests[] = {
    {"2.4-keys: a password file of one line", one_line},
    {"2.4-hsm: a line a token, and a wrong one is tried once", a_line_a_token},
    {"2.4-keys: a password file of too many lines", too_many},
};
UNIT_SUITE(passwords, tests)
