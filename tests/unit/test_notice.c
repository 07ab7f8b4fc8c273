/* notice: wraps a message and leaves it as it was. */
#include "unit.h"

#include "blob.h"
#include "failure.h"
#include "notice.h"

#include <stdlib.h>
#include <string.h>

static char *wrap(const char *text, const char *content, const char *body)
{
    struct blob in, out;
    struct blob_source source;
    struct failure why;
    struct notice notice = {text, content};
    blob_init(&in);
    blob_init(&out);
    blob_write(&in, body, strlen(body), &why);
    blob_source_init(&source, &in, 0, in.length);
    CU_ASSERT_EQUAL_FATAL(
        notice_wrap(&notice, &source.source, &out.sink, &why), 0);
    char *whole = calloc(1, (size_t)out.length + 1);
    blob_read(&out, 0, whole, (size_t)out.length, &why);
    blob_free(&in);
    blob_free(&out);
    return whole;
}

static void original_is_byte_exact(void)
{
    const char *content = "Content-Type: multipart/signed; boundary=x\n";
    char *whole = wrap("Careful.", content, "--x\nas signed \n--x--");
    CU_ASSERT_PTR_NOT_NULL(strstr(whole, "\n\nCareful.\n--"));
    CU_ASSERT_PTR_NOT_NULL(strstr(
        whole, "\nContent-Type: multipart/signed; boundary=x\n\n"
               "--x\nas signed \n--x--\n--"));
    free(whole);
}

static void boundary_cannot_be_guessed(void)
{
    char *first = wrap("n\n", "", "b"), *second = wrap("n\n", "", "b");
    CU_ASSERT_STRING_NOT_EQUAL(first, second);
    CU_ASSERT_PTR_NOT_NULL(strstr(first, "\n\nb\n--"));
    free(first);
    free(second);
}

static int refuse(struct sink *self, const void *data, size_t size,
                  struct failure *why)
{
    (void)self, (void)data, (void)size;
    return failure(why, FAILURE_DISK, "no space");
}

static void a_full_disk_is_told(void)
{
    struct blob in;
    struct blob_source source;
    struct failure why;
    struct notice notice = {"n", ""};
    struct sink full = {refuse};
    blob_init(&in);
    blob_source_init(&source, &in, 0, 0);
    CU_ASSERT_EQUAL(notice_wrap(&notice, &source.source, &full, &why), -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_DISK);
}

static const struct unit_test tests[] = {
    {"1.2-e2e: a notice leaves the original as it was",
     original_is_byte_exact},
    {"notice: its boundary cannot be guessed", boundary_cannot_be_guessed},
    {"1.2-suspend: a full disk under a notice is told", a_full_disk_is_told},
};
UNIT_SUITE(notice, tests)
