/* der and ber: encodings there and back, and nothing that is none. */
#include "unit.h"

#include "ber.h"
#include "blob.h"
#include "buffer.h"
#include "der.h"
#include "failure.h"

#include <string.h>

static void writes_minimal_lengths(void)
{
    static const size_t sizes[] = {0, 1, 127, 128, 255, 256, 65536};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct buffer out = {0};
        size_t outer = der_open(&out, TAG_SEQUENCE);
        size_t inner = der_open(&out, TAG_OCTET_STRING);
        for (size_t n = 0; n < sizes[i]; n++)
            buffer_byte(&out, 'x');
        der_close(&out, inner);
        der_put_small(&out, 65537);
        der_close(&out, outer);
        struct der in = {(unsigned char *)out.data, out.length};
        struct der_value value, part;
        CU_ASSERT_TRUE(der_expect(&in, TAG_SEQUENCE, &value));
        CU_ASSERT_EQUAL(in.length, 0);
        CU_ASSERT_TRUE(der_expect(&value.content, TAG_OCTET_STRING, &part));
        CU_ASSERT_EQUAL(part.content.length, sizes[i]);
        CU_ASSERT_TRUE(der_expect(&value.content, TAG_INTEGER, &part));
        CU_ASSERT_TRUE(der_equal(&part.content, "\1\0\1", 3));
        CU_ASSERT_EQUAL(der_next(&value.content, &part), 0);
        buffer_free(&out);
    }
}

static void small_integers(void)
{
    static const struct {
        unsigned value;
        const char *octets;
        size_t length;
    } rows[] = {{0, "\0", 1}, {127, "\x7f", 1}, {128, "\0\x80", 2},
                {256, "\1\0", 2}, {0xffffffffU, "\0\xff\xff\xff\xff", 5}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer out = {0};
        der_put_small(&out, rows[i].value);
        struct der slice = {(unsigned char *)out.data + 2, out.length - 2};
        CU_ASSERT_TRUE(der_equal(&slice, rows[i].octets, rows[i].length));
        buffer_free(&out);
    }
}

static void der_is_strict(void)
{
    static const struct {
        const char *data;
        size_t length;
    } bad[] = {{"\x30", 1}, {"\x30\x80\0\0", 4}, {"\x04\x81\x01x", 4},
               {"\x04\x82\0\x80", 4}, {"\x04\x05xx", 4}, {"\x1f\x01\0", 3},
               {"\x04\x85\1\1\1\1\1", 7}, {"\x04\x84\xff\xff\xff\xff", 6}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct der in = {(const unsigned char *)bad[i].data, bad[i].length};
        struct der_value value;
        CU_ASSERT_EQUAL(der_next(&in, &value), -1);
    }
}

/* Pours the one OCTET STRING in the text; 0 and its content, or -1. */
static int pour(const char *data, size_t length, char *out, size_t size,
                struct failure *why)
{
    struct blob in, content;
    struct blob_source source;
    static struct ber ber;
    struct ber_value value;
    blob_init(&in);
    blob_init(&content);
    blob_write(&in, data, length, why);
    blob_source_init(&source, &in, 0, in.length);
    ber_init(&ber, &source.source);
    int rc = ber_next(&ber, &value, why) > 0
                 ? ber_pour(&ber, &value, &content.sink, why)
                 : -1;
    if (rc == 0)
        rc = ber_finish(&ber, why);
    memset(out, 0, size);
    blob_read(&content, 0, out, size - 1, why);
    blob_free(&in);
    blob_free(&content);
    return rc;
}

static void pours_octet_strings(void)
{
    static const struct {
        const char *data;
        size_t length;
        const char *text; /* NULL = malformed */
    } rows[] = {
        {"\x04\x03" "abc", 5, "abc"},
        {"\x24\x80\x04\x01" "a\x04\x02" "bc\0\0", 11, "abc"},
        {"\x24\x07\x04\x01" "a\x04\x02" "bc", 9, "abc"},
        {"\x24\x80\x24\x80\x04\x01" "a\0\0\x04\x00\0\0", 13, "a"},
        {"\xa0\x80\x04\x01" "a\0\0", 7, "a"},
        {"\x04\x04" "abc", 5, NULL},
        {"\x24\x80\x04\x01" "a", 5, NULL},
        {"\x24\x80\x04\x01" "a\0", 6, NULL},
        {"\x24\x80\x04\x01" "a\0\1", 7, NULL},
        {"\x24\x04\x04\x03" "abc", 7, NULL}, /* longer than what holds it */
        {"\x24\x80\x02\x01\x01\0\0", 7, NULL},
        {"\x04\x80" "abc\0\0", 7, NULL},
        {"\x04\x01" "aX", 4, NULL}, /* bytes behind */
        {"\x04\x88\1\1\1\1\1\1\1\1", 10, NULL},
        {"\0\0", 2, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[32];
        struct failure why = {0};
        int rc = pour(rows[i].data, rows[i].length, out, sizeof out, &why);
        CU_ASSERT_EQUAL(rc, rows[i].text ? 0 : -1);
        if (rows[i].text) {
            CU_ASSERT_STRING_EQUAL(out, rows[i].text);
        } else {
            CU_ASSERT_EQUAL(why.kind, FAILURE_MALFORMED);
        }
    }
}

static void nesting_has_a_limit(void)
{
    char text[4000], out[8];
    struct failure why = {0};
    for (size_t i = 0; i < sizeof text; i += 2) {
        text[i] = 0x24;
        text[i + 1] = (char)0x80;
    }
    CU_ASSERT_EQUAL(pour(text, sizeof text, out, sizeof out, &why), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "too deep"));
}

static const struct unit_test tests[] = {
    {"der: writes minimal lengths", writes_minimal_lengths},
    {"der: small integers", small_integers},
    {"der: reads nothing but DER", der_is_strict},
    {"ber: pours OCTET STRINGs in all forms", pours_octet_strings},
    {"ber: nesting has a limit", nesting_has_a_limit},
};
UNIT_SUITE(ber, tests)
