/* canonical: line ends both ways, whatever the pieces that come and go. */
#include "unit.h"

#include "canonical.h"

#include <string.h>

#define STEPS_MOST 200

/* A text that comes in pieces of so many bytes. */
struct pieces {
    struct source source;
    const char *text;
    size_t left, size;
};

static ssize_t read_piece(struct source *self, void *data, size_t size,
                          struct failure *why)
{
    struct pieces *pieces = (struct pieces *)self;
    size_t got = pieces->size < size ? pieces->size : size;
    (void)why;
    if (got > pieces->left)
        got = pieces->left;
    memcpy(data, pieces->text, got);
    pieces->text += got;
    pieces->left -= got;
    return (ssize_t)got;
}

/* Takes so many bytes at a time. */
static void drain(struct source *source, size_t size, char *text,
                  size_t most)
{
    size_t used = 0;
    ssize_t got = 1;
    for (int i = 0; got > 0 && i < STEPS_MOST && used + size < most; i++) {
        got = source->read(source, text + used, size, NULL);
        used += got > 0 ? (size_t)got : 0;
    }
    CU_ASSERT_EQUAL(got, 0);
    text[used] = '\0';
}

static void canonical_is(const char *text, const char *expected)
{
    for (size_t in = 1; in < 8; in++)
        for (size_t out = 1; out < 8; out++) {
            char result[STEPS_MOST];
            struct pieces pieces = {{read_piece}, text, strlen(text), in};
            struct canonical_source canonical;
            canonical_source_init(&canonical, &pieces.source);
            drain(&canonical.source, out, result, sizeof result);
            CU_ASSERT_STRING_EQUAL(result, expected);
        }
}

static void local_is(const char *text, const char *expected)
{
    for (size_t in = 1; in < 8; in++)
        for (size_t out = 2; out < 8; out++) {
            char result[STEPS_MOST];
            struct pieces pieces = {{read_piece}, text, strlen(text), in};
            struct local_source local;
            local_source_init(&local, &pieces.source);
            drain(&local.source, out, result, sizeof result);
            CU_ASSERT_STRING_EQUAL(result, expected);
        }
}

static void line_ends_become_crlf(void)
{
    canonical_is("", "");
    canonical_is("\n", "\r\n");
    canonical_is("one\n\ntwo\n", "one\r\n\r\ntwo\r\n");
    canonical_is("one\r\ntwo\n", "one\r\ntwo\r\n");
    canonical_is("\r\r\n\r", "\r\r\n\r");
    canonical_is("no end", "no end");
}

static void crlf_becomes_a_line_end(void)
{
    local_is("", "");
    local_is("\r\n", "\n");
    local_is("one\r\n\r\ntwo\r\n", "one\n\ntwo\n");
    local_is("one\ntwo\r\n", "one\ntwo\n");
    local_is("a\rb\r\r\nc", "a\rb\r\nc\n");
    local_is("end\r", "end\r\n");
    local_is("no end", "no end\n");
}

static const struct unit_test tests[] = {
    {"canonical: LF becomes CRLF, and CRLF stays", line_ends_become_crlf},
    {"canonical: CRLF becomes LF, and the last line has an end",
     crlf_becomes_a_line_end},
};
UNIT_SUITE(canonical, tests)
