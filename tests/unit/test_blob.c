/* blob: small in memory, large in an unlinked file, attached to another's. */
#include "unit.h"

#include "blob.h"
#include "failure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void spills_and_reads_back(void)
{
    struct blob blob, copy;
    struct failure why;
    blob_init(&blob);
    blob_init(&copy);
    for (int i = 0; i < 100000; i++) {
        char line[16];
        int n = snprintf(line, sizeof line, "%09d\n", i);
        CU_ASSERT_EQUAL_FATAL(blob_write(&blob, line, (size_t)n, &why), 0);
    }
    CU_ASSERT_EQUAL(blob.length, 1000000);
    CU_ASSERT_TRUE(blob.fd >= 0);
    struct blob_source source;
    blob_source_init(&source, &blob, 123450, 500000);
    CU_ASSERT_EQUAL(stream_copy(&source.source, &copy.sink, &why), 0);
    CU_ASSERT_EQUAL(copy.length, 500000);
    char line[11] = "";
    CU_ASSERT_EQUAL(blob_read(&copy, 499990, line, 10, &why), 10);
    CU_ASSERT_STRING_EQUAL(line, "000062344\n");
    CU_ASSERT_EQUAL(blob_read(&blob, 1000000, line, 10, &why), 0);
    blob_free(&blob);
    blob_free(&copy);
}

static void attaches_without_owning(void)
{
    FILE *file = tmpfile();
    fputs("0123456789", file);
    fflush(file);
    struct blob blob;
    struct failure why;
    blob_init(&blob);
    blob_write(&blob, "head:", 5, &why);
    CU_ASSERT_EQUAL(blob_attach(&blob, fileno(file), 4, &why), 0);
    CU_ASSERT_EQUAL(blob.length, 11);
    char text[16] = "";
    CU_ASSERT_EQUAL(blob_read(&blob, 3, text, 15, &why), 2);
    CU_ASSERT_EQUAL(blob_read(&blob, 5, text, 15, &why), 6);
    CU_ASSERT_STRING_EQUAL(text, "456789");
    CU_ASSERT_EQUAL(blob_write(&blob, "x", 1, &why), -1);
    CU_ASSERT_EQUAL(ftruncate(fileno(file), 2), 0);
    CU_ASSERT_EQUAL(blob_read(&blob, 5, text, 15, &why), -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_DISK);
    blob_free(&blob);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

static void says_when_there_is_no_disk(void)
{
    struct blob blob;
    struct failure why;
    char *block = calloc(1, 300000);
    setenv("TMPDIR", "/nonexistent", 1);
    blob_init(&blob);
    CU_ASSERT_EQUAL(blob_write(&blob, block, 300000, &why), -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_DISK);
    unsetenv("TMPDIR");
    blob_free(&blob);
    free(block);
}

static const struct unit_test tests[] = {
    {"blob: spills to a file and reads back", spills_and_reads_back},
    {"blob: attaches to a file it does not own", attaches_without_owning},
    {"blob: no temporary file is a failure", says_when_there_is_no_disk},
};
UNIT_SUITE(blob, tests)
