/* base64: both ways, in any pieces, and what is broken is told. */
#include "unit.h"

#include "base64.h"
#include "blob.h"
#include "failure.h"

#include <string.h>

static void fill(struct blob *blob, const char *text, size_t length)
{
    struct failure why;
    blob_init(blob);
    CU_ASSERT_EQUAL(blob_write(blob, text, length, &why), 0);
}

static void text_of(const struct blob *blob, char *text, size_t size)
{
    struct failure why;
    memset(text, 0, size);
    blob_read(blob, 0, text, size - 1, &why);
}

static int decode(const char *text, char *out, size_t size)
{
    struct blob in, result;
    struct blob_source source;
    struct base64_source base64;
    struct failure why;
    fill(&in, text, strlen(text));
    blob_init(&result);
    blob_source_init(&source, &in, 0, in.length);
    base64_source_init(&base64, &source.source);
    CU_ASSERT_EQUAL(stream_copy(&base64.source, &result.sink, &why), 0);
    text_of(&result, out, size);
    blob_free(&in);
    blob_free(&result);
    return base64.truncated;
}

/* RFC 4648, section 10. */
static void published_vectors(void)
{
    static const char *const pairs[][2] = {
        {"f", "Zg==\n"},       {"fo", "Zm8=\n"},         {"foo", "Zm9v\n"},
        {"foob", "Zm9vYg==\n"}, {"fooba", "Zm9vYmE=\n"}, {"foobar", "Zm9vYmFy\n"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct blob out;
        struct base64_sink base64;
        struct failure why;
        char text[32];
        blob_init(&out);
        base64_sink_init(&base64, &out.sink);
        for (const char *c = pairs[i][0]; *c; c++)
            base64.sink.write(&base64.sink, c, 1, &why);
        CU_ASSERT_EQUAL(base64_sink_finish(&base64, &why), 0);
        text_of(&out, text, sizeof text);
        CU_ASSERT_STRING_EQUAL(text, pairs[i][1]);
        CU_ASSERT_EQUAL(decode(pairs[i][1], text, sizeof text), 0);
        CU_ASSERT_STRING_EQUAL(text, pairs[i][0]);
        blob_free(&out);
    }
}

static void broken_input_is_told(void)
{
    char text[32];
    CU_ASSERT_EQUAL(decode("Zm 9v\r\nYm*Fy", text, sizeof text), 0);
    CU_ASSERT_STRING_EQUAL(text, "foobar");
    CU_ASSERT_EQUAL(decode("Zm9vYg", text, sizeof text), 1);
    CU_ASSERT_STRING_EQUAL(text, "foob");
    CU_ASSERT_EQUAL(decode("Zm9vY", text, sizeof text), 1);
    CU_ASSERT_STRING_EQUAL(text, "foo");
    CU_ASSERT_EQUAL(decode("Zg==Zm9v", text, sizeof text), 1);
    CU_ASSERT_STRING_EQUAL(text, "f");
    CU_ASSERT_EQUAL(decode("", text, sizeof text), 0);
    CU_ASSERT_EQUAL(decode("====", text, sizeof text), 0);
}

/* The alphabet in order is the values 0 to 63; all else counts for nothing. */
static void each_character_has_its_value(void)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
                                   "qrstuvwxyz0123456789+/";
    char out[64], text[6] = "";
    decode(alphabet, out, sizeof out);
    for (size_t i = 0; i < 48; i++) {
        unsigned group = (unsigned)i / 3 * 4;
        unsigned bits = group << 18 | (group + 1) << 12 | (group + 2) << 6 |
                        (group + 3);
        CU_ASSERT_EQUAL((unsigned char)out[i],
                        bits >> (16 - 8 * (i % 3)) & 255);
    }
    for (int c = 1; c < 256; c++) {
        if (strchr(alphabet, c) || c == '=')
            continue;
        memcpy(text, (char[]){'Z', 'm', (char)c, '9', 'v'}, 5);
        CU_ASSERT_EQUAL(decode(text, out, sizeof out), 0);
        CU_ASSERT_STRING_EQUAL(out, "foo");
    }
}

static void large_round_trip(void)
{
    struct blob in, coded, out;
    struct blob_source source;
    struct base64_sink sink;
    struct base64_source base64;
    struct failure why;
    char piece[1000], back[1000];
    blob_init(&in);
    blob_init(&coded);
    blob_init(&out);
    for (int i = 0; i < 1000; i++) {
        for (size_t j = 0; j < sizeof piece; j++)
            piece[j] = (char)(i * 7 + (int)j * 13);
        blob_write(&in, piece, sizeof piece - (size_t)(i % 3), &why);
    }
    blob_source_init(&source, &in, 0, in.length);
    base64_sink_init(&sink, &coded.sink);
    CU_ASSERT_EQUAL(stream_copy(&source.source, &sink.sink, &why), 0);
    CU_ASSERT_EQUAL(base64_sink_finish(&sink, &why), 0);
    CU_ASSERT_EQUAL(blob_read(&coded, 76, piece, 1, &why), 1);
    CU_ASSERT_EQUAL(piece[0], '\n');
    blob_source_init(&source, &coded, 0, coded.length);
    base64_source_init(&base64, &source.source);
    CU_ASSERT_EQUAL(stream_copy(&base64.source, &out.sink, &why), 0);
    CU_ASSERT_EQUAL(out.length, in.length);
    for (off_t at = 0; at < in.length; at += 997) {
        ssize_t got = blob_read(&in, at, piece, 1, &why);
        CU_ASSERT_EQUAL(blob_read(&out, at, back, 1, &why), got);
        CU_ASSERT_EQUAL(back[0], piece[0]);
    }
    blob_free(&in);
    blob_free(&coded);
    blob_free(&out);
}

static const struct unit_test tests[] = {
    {"base64: the vectors of RFC 4648", published_vectors},
    {"base64: what is broken is told", broken_input_is_told},
    {"base64: each character has its value", each_character_has_its_value},
    {"base64: a megabyte there and back", large_round_trip},
};
UNIT_SUITE(base64, tests)
