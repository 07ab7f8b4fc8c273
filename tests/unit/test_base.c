/* The base nouns: failure, pool, buffer. */
#include "unit.h"

#include "buffer.h"
#include "failure.h"
#include "pool.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static void failure_fails_closed(void)
{
    for (int kind = FAILURE_POLICY; kind < FAILURE_KINDS; kind++) {
        const struct failure_answer *answer =
            failure_answer((enum failure_kind)kind);
        CU_ASSERT_EQUAL(answer->smtp, kind == FAILURE_LIMIT ? 550 : 451);
        CU_ASSERT_NOT_EQUAL(answer->exit, 0);
        CU_ASSERT_PTR_NOT_NULL(answer->word);
    }
    CU_ASSERT_STRING_EQUAL(failure_answer((enum failure_kind)999)->word, "bug");
}

static void failure_text_is_one_line(void)
{
    struct failure why;
    CU_ASSERT_EQUAL(failure(&why, FAILURE_DISK, "file \"%s\"", "a\r\nb"), -1);
    CU_ASSERT_STRING_EQUAL(why.text, "file \"a  b\"");
    failure_errno(&why, FAILURE_DISK, ENOSPC, "writing x");
    CU_ASSERT_STRING_EQUAL(why.text, "writing x: No space left on device");
    failure(&why, FAILURE_DISK, "%s", "K\xc4\x81piti \xc2\x9b" "31m\xe2\x80\xaex\x9b\xff");
    CU_ASSERT_STRING_EQUAL(why.text, "K\xc4\x81piti   31m   x??");
    CU_ASSERT_EQUAL(failure(NULL, FAILURE_DISK, "x"), -1);
}

static void pool_keeps_what_it_gave(void)
{
    struct pool *pool = pool_new();
    char *first = pool_string(pool, "first");
    for (int i = 0; i < 10000; i++)
        CU_ASSERT_PTR_NOT_NULL_FATAL(pool_format(pool, "%d", i));
    CU_ASSERT_STRING_EQUAL(first, "first");
    CU_ASSERT_PTR_NULL(pool_array(pool, SIZE_MAX / 2, 4));
    pool_free(&pool);
    CU_ASSERT_PTR_NULL(pool);
}

static void buffer_grows_and_sticks(void)
{
    struct buffer buffer = {0};
    CU_ASSERT_STRING_EQUAL(buffer_string(&buffer), "");
    for (int i = 0; i < 1000; i++)
        buffer_text(&buffer, "abc");
    CU_ASSERT_EQUAL(buffer.length, 3000);
    CU_ASSERT_EQUAL(strlen(buffer.data), 3000);
    CU_ASSERT_EQUAL(buffer_reserve(&buffer, SIZE_MAX), -1);
    CU_ASSERT_EQUAL(buffer_text(&buffer, "x"), -1);
    CU_ASSERT_TRUE(buffer.failed);
    buffer_free(&buffer);
    CU_ASSERT_PTR_NULL(buffer.data);
}

static const struct unit_test tests[] = {
    {"failure: every kind is temporary", failure_fails_closed},
    {"failure: text is one printable line", failure_text_is_one_line},
    {"pool: keeps what it gave", pool_keeps_what_it_gave},
    {"buffer: grows, and failure sticks", buffer_grows_and_sticks},
};
UNIT_SUITE(base, tests)
