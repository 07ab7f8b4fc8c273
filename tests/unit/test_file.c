/* file: what an administrator keeps is read with distrust. */
#include "unit.h"

#include "buffer.h"
#include "failure.h"
#include "file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/seemail-file-XXXXXX";
static char path[64];

static void make(mode_t mode)
{
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs("secret\n", file);
    fclose(file);
    CU_ASSERT_EQUAL(chmod(path, mode), 0);
}

static int try(enum file_trust trust, size_t most, struct failure *why)
{
    struct buffer content = {0};
    int rc = file_read(path, trust, most, FAILURE_KEYSTORE, &content, why);
    if (rc == 0)
        CU_ASSERT_STRING_EQUAL(buffer_string(&content), "secret\n");
    buffer_free(&content);
    return rc;
}

static void modes_and_kinds(void)
{
    struct failure why = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/x", folder);
    CU_ASSERT_EQUAL(try(FILE_PLAIN, 100, &why), -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_KEYSTORE);
    make(0600);
    CU_ASSERT_EQUAL(try(FILE_SECRET, 100, &why), 0);
    CU_ASSERT_EQUAL(try(FILE_PLAIN, 3, &why), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "larger than 3 bytes"));
    make(0664);
    CU_ASSERT_EQUAL(try(FILE_SHARED, 100, &why), 0);
    make(0662);
    CU_ASSERT_EQUAL(try(FILE_SHARED, 100, &why), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "lets others change it"));
    make(0640);
    CU_ASSERT_EQUAL(try(FILE_GUARDED, 100, &why), 0);
    CU_ASSERT_EQUAL(try(FILE_SECRET, 100, &why), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "lets others read it"));
    make(0620);
    CU_ASSERT_EQUAL(try(FILE_GUARDED, 100, &why), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "lets others change it"));
    unlink(path);
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    CU_ASSERT_EQUAL(try(FILE_PLAIN, 100, &why), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "not a regular file"));
    unlink(path);
    CU_ASSERT_EQUAL(file_check(folder, FILE_SECRET, FAILURE_KEYSTORE, &why), 0);
    rmdir(folder);
}

static void owner_matters(void)
{
    struct failure why = {0};
    if (geteuid() != 0) {
        printf("(skipped: another owner needs root) ");
        return;
    }
    snprintf(path, sizeof path, "/tmp/seemail-owner-%ld", (long)getpid());
    make(0600);
    CU_ASSERT_EQUAL(chown(path, 12345, 12345), 0);
    CU_ASSERT_EQUAL(try(FILE_GUARDED, 100, &why), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "owner is user 12345"));
    unlink(path);
}

static void replaced_whole(void)
{
    struct failure why = {0};
    char aside[80];
    struct stat status;
    snprintf(path, sizeof path, "/tmp/seemail-whole-%ld", (long)getpid());
    snprintf(aside, sizeof aside, "%s.new", path);
    make(0600);
    FILE *left = fopen(aside, "w"); /* by one who was killed */
    CU_ASSERT_PTR_NOT_NULL_FATAL(left);
    fclose(left);
    CU_ASSERT_EQUAL(file_replace(path, "secret\n", 7, 0600, FAILURE_KEYSTORE,
                                 &why), 0);
    CU_ASSERT_EQUAL(try(FILE_SECRET, 100, &why), 0);
    CU_ASSERT_EQUAL(stat(aside, &status), -1);
    CU_ASSERT_EQUAL(file_replace("/nowhere/x", "", 0, 0600, FAILURE_DISK,
                                 &why), -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_DISK);
    unlink(path);
}

static const struct unit_test tests[] = {
    {"2.4-keys: a secret file is readable by one account", modes_and_kinds},
    {"2.4-keys: a guarded file has the right owner", owner_matters},
    {"1.2-suspend: a file is replaced whole or not at all", replaced_whole},
};
UNIT_SUITE(file, tests)
