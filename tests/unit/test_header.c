/* header: fields in order, byte for byte. */
#include "unit.h"

#include "buffer.h"
#include "failure.h"
#include "head.h"
#include "header.h"
#include "pool.h"

#include <string.h>

static void fields_folds_and_the_end(void)
{
    const char *text = "From: a@b.test\r\nSubject : one\r\n\ttwo \r\n"
                       "X-Empty:\nfrom: c@d.test\n\nbody: no\n";
    struct pool *pool = pool_new();
    struct header header;
    struct failure why;
    CU_ASSERT_EQUAL(header_read(pool, text, strlen(text), 99, &header, &why),
                    0);
    CU_ASSERT_EQUAL_FATAL(header.count, 4);
    CU_ASSERT_FALSE(header.broken);
    CU_ASSERT_STRING_EQUAL(text + header.length, "body: no\n");
    size_t at = 0, from = 0;
    const struct header_field *field = header_next(&header, "subject", &at);
    CU_ASSERT_PTR_NOT_NULL_FATAL(field);
    CU_ASSERT_STRING_EQUAL(header_unfold(pool, field), "one\ttwo");
    CU_ASSERT_EQUAL(field->length, 22);
    CU_ASSERT_PTR_NULL(header_next(&header, "subject", &at));
    CU_ASSERT_STRING_EQUAL(header_unfold(pool, &header.fields[2]), "");
    while (header_next(&header, "FROM", &from))
        ;
    CU_ASSERT_EQUAL(from, header.count);
    pool_free(&pool);
}

static void what_is_no_header(void)
{
    static const struct {
        const char *text;
        size_t length, count, end;
        int broken;
    } rows[] = {
        {"", 0, 0, 0, 0},
        {"\nx", 2, 0, 1, 0},
        {"no field\nA: b\n", 14, 0, 0, 1},
        {"A: b\nno field\n", 14, 1, 5, 1},
        {" folded first\n", 14, 0, 0, 1},
        {": no name\nA: b\n", 15, 2, 15, 1},
        {"\xdc: 8-bit\nA: b\n", 14, 2, 14, 1},
        {"A\n :b\nA: b\n", 11, 2, 11, 1},
        {"A\n:b\n", 5, 0, 0, 1},
        {"A\x01: b\n", 6, 0, 0, 1},
        {"A: b", 4, 1, 4, 0},
        {"A: b\0c\n\n", 8, 1, 8, 1},
        {"A: b\n c", 7, 1, 7, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pool *pool = pool_new();
        struct header header;
        struct failure why;
        CU_ASSERT_EQUAL(header_read(pool, rows[i].text, rows[i].length, 99,
                                    &header, &why),
                        0);
        CU_ASSERT_EQUAL(header.count, rows[i].count);
        CU_ASSERT_EQUAL(header.length, rows[i].end);
        CU_ASSERT_EQUAL(header.broken, rows[i].broken);
        pool_free(&pool);
    }
}

static void odd_fields(void)
{
    static const char text[] = "A: b\n\xdc: c\nBcc\n : d\n\nbody\n";
    struct pool *pool = pool_new();
    struct header header;
    size_t at = 0;
    CU_ASSERT_EQUAL(header_read(pool, text, strlen(text), 9, &header, NULL),
                    0);
    CU_ASSERT_EQUAL(header.sound, 5);
    CU_ASSERT_STRING_EQUAL(text + header.length, "body\n");
    const struct header_field *bcc = header_next(&header, "bcc", &at);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bcc);
    CU_ASSERT_STRING_EQUAL(header_unfold(pool, bcc), "d");
    pool_free(&pool);
}

static void a_hundred_thousand_fields(void)
{
    struct buffer text = {0};
    struct header header;
    struct failure why;
    for (int i = 0; i < 100000; i++)
        buffer_format(&text, "X-%d: x\r\n", i);
    struct pool *pool = pool_new();
    CU_ASSERT_EQUAL(
        header_read(pool, text.data, text.length, 200000, &header, &why), 0);
    CU_ASSERT_EQUAL(header.count, 100000);
    CU_ASSERT_TRUE(header_is(&header.fields[99999], "x-99999"));
    CU_ASSERT_EQUAL(
        header_read(pool, text.data, text.length, 1000, &header, &why), -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_LIMIT);
    pool_free(&pool);
    buffer_free(&text);
}

static void a_bare_cr(void)
{
    const char *text = "Content-Type: a/b\r\nContent-Id: x\rX-SEEMAIL-Verified:"
                       " good\r\r\n\r\n";
    struct pool *pool = pool_new();
    struct header header;
    struct buffer out = {0};
    CU_ASSERT_EQUAL(header_read(pool, text, strlen(text), 99, &header, NULL),
                    0);
    CU_ASSERT_EQUAL(head_put(&header, 1, &out), 0);
    CU_ASSERT_STRING_EQUAL(buffer_string(&out),
                           "Content-Type: a/b\nContent-Id: x "
                           "X-SEEMAIL-Verified: good \n");
    buffer_free(&out);
    pool_free(&pool);
}

static const struct unit_test tests[] = {
    {"header: fields, folds and the end", fields_folds_and_the_end},
    {"header: what is no header", what_is_no_header},
    {"header: an odd field, and where the sound ones end", odd_fields},
    {"1.8-tag: a bare CR makes no field of ours", a_bare_cr},
    {"header: 100,000 fields, or a limit", a_hundred_thousand_fields},
};
UNIT_SUITE(header, tests)
