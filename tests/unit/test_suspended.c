/* suspended: the list of keys that must not sign, whole and read with distrust. */
#include "unit.h"

#include "cms_fixture.h"
#include "failure.h"
#include "suspended.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/seemail-suspended-XXXXXX";
static struct failure why;

static void write_list(const char *text, size_t length)
{
    char path[80];
    snprintf(path, sizeof path, "%s/suspended", folder);
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fwrite(text, 1, length, file);
    fclose(file);
    chmod(path, 0600);
}

static int reads(void)
{
    struct suspended *list = NULL;
    int rc = suspended_read(folder, &list, &why);
    suspended_free(&list);
    return rc;
}

static void kept_and_found(void)
{
    struct suspended *list = NULL;
    time_t since = 0;
    unsigned char one[] = "one key", two[] = "another";
    SECItem a = {siBuffer, one, sizeof one}, b = {siBuffer, two, sizeof two};
    cms_fixture_rsa(); /* starts NSS */
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    CU_ASSERT_EQUAL_FATAL(suspended_read(folder, &list, &why), 0);
    CU_ASSERT_EQUAL(suspended_has(list, &a, &since, &why), 0);
    CU_ASSERT_EQUAL(suspended_add(list, &a, 1000, "Our DCA", &why), 1);
    CU_ASSERT_EQUAL(suspended_add(list, &a, 2000, "Our DCA", &why), 0);
    CU_ASSERT_EQUAL(suspended_add(list, &b, 2000, "Our DCA 2", &why), 1);
    CU_ASSERT_EQUAL(suspended_write(list, &why), 0);
    suspended_free(&list);
    CU_ASSERT_EQUAL_FATAL(suspended_read(folder, &list, &why), 0);
    CU_ASSERT_EQUAL(suspended_has(list, &a, &since, &why), 1);
    CU_ASSERT_EQUAL(since, 1000);
    CU_ASSERT_EQUAL(suspended_remove(list, "Our DCA"), 1);
    CU_ASSERT_EQUAL(suspended_has(list, &a, &since, &why), 0);
    CU_ASSERT_EQUAL(suspended_has(list, &b, &since, &why), 1);
    CU_ASSERT_EQUAL(suspended_remove(list, "Our DCA"), 0);
    suspended_free(&list);
}

static void read_with_distrust(void)
{
    char good[100], bad[120];
    size_t length = (size_t)snprintf(good, sizeof good, "%064d 1000 x\n", 7);
    write_list(good, length);
    CU_ASSERT_EQUAL(reads(), 0);
    static const struct {
        size_t at;
        char byte;
    } changes[] = {{0, 'g'}, {0, '\0'}, {63, ' '}, {64, '0'},
                   {65, '-'}, {70, '\0'}};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        memcpy(bad, good, length);
        bad[changes[i].at] = changes[i].byte;
        write_list(bad, length);
        CU_ASSERT_EQUAL(reads(), -1);
        CU_ASSERT_EQUAL(why.kind, FAILURE_KEYSTORE);
    }
    write_list(good, length - 1);
    CU_ASSERT_EQUAL(reads(), -1);
    snprintf(bad, sizeof bad, "rm -r %s", folder);
    cms_fixture_shell(bad);
}

static const struct unit_test tests[] = {
    {"1.9-compromise: suspended keys are kept and found", kept_and_found},
    {"1.9-compromise: a damaged list of them is a failure",
     read_with_distrust},
};
UNIT_SUITE(suspended, tests)
