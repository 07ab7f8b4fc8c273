/* lines: every byte of a range belongs to one line. */
#include "unit.h"

#include "blob.h"
#include "failure.h"
#include "lines.h"

#include <stdlib.h>
#include <string.h>

static void ends_and_cuts(void)
{
    static struct lines lines;
    struct blob blob;
    struct line line;
    struct failure why;
    size_t length = 200000;
    char *text = malloc(length);
    memset(text, 'x', length);
    memcpy(text, "a\r\n\nb\rc\n\r\n", 10);
    text[150000] = '\r';
    text[150001] = '\n';
    blob_init(&blob);
    blob_write(&blob, text, length, &why);
    lines_init(&lines, &blob, 0, (off_t)length);
    static const struct {
        size_t length;
        off_t end;
        unsigned eol;
    } rows[] = {{1, 3, 2}, {0, 4, 1}, {3, 8, 1}, {0, 10, 2},
                {LINES_MOST, 150002, 2}, {LINES_MOST, 200000, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CU_ASSERT_EQUAL_FATAL(lines_next(&lines, &line, &why), 1);
        CU_ASSERT_EQUAL(line.length, rows[i].length);
        CU_ASSERT_EQUAL(line.end, rows[i].end);
        CU_ASSERT_EQUAL(line.eol, rows[i].eol);
    }
    CU_ASSERT_EQUAL(lines_next(&lines, &line, &why), 0);
    lines_init(&lines, &blob, 1, 2);
    CU_ASSERT_EQUAL(lines_next(&lines, &line, &why), 1);
    CU_ASSERT_EQUAL(line.end, 2);
    CU_ASSERT_EQUAL(line.length, 1);
    blob_free(&blob);
    free(text);
}

static void every_length_round_the_window(void)
{
    static struct lines lines;
    for (size_t length = 65530; length < 65542; length++) {
        struct blob blob;
        struct line line;
        struct failure why;
        char *text = malloc(2 * length);
        memset(text, 'y', 2 * length);
        text[length - 2] = '\r';
        text[length - 1] = '\n';
        blob_init(&blob);
        blob_write(&blob, text, 2 * length, &why);
        lines_init(&lines, &blob, 0, (off_t)(2 * length));
        CU_ASSERT_EQUAL(lines_next(&lines, &line, &why), 1);
        CU_ASSERT_EQUAL(line.end, (off_t)length);
        CU_ASSERT_EQUAL(line.eol, 2);
        CU_ASSERT_EQUAL(lines_next(&lines, &line, &why), 1);
        CU_ASSERT_EQUAL(line.start, (off_t)length);
        CU_ASSERT_EQUAL(line.end, (off_t)(2 * length));
        CU_ASSERT_EQUAL(lines_next(&lines, &line, &why), 0);
        blob_free(&blob);
        free(text);
    }
}

static const struct unit_test tests[] = {
    {"lines: ends, cuts and ranges", ends_and_cuts},
    {"lines: every length round the window", every_length_round_the_window},
};
UNIT_SUITE(lines, tests)
