/* json: what is written is JSON, whatever the text. */
#include "unit.h"

#include "buffer.h"
#include "json.h"

static void nested(void)
{
    struct buffer out = {0};
    json_open(&out, NULL, '{');
    json_text(&out, "name", "x");
    json_open(&out, "list", '[');
    json_number(&out, NULL, 1);
    json_open(&out, NULL, '{');
    json_close(&out, '}');
    json_number(&out, NULL, -2);
    json_close(&out, ']');
    json_truth(&out, "truth", 0);
    json_time(&out, "time", 86400);
    json_close(&out, '}');
    CU_ASSERT_STRING_EQUAL(buffer_string(&out),
                           "{\"name\":\"x\",\"list\":[1,{},-2],"
                           "\"truth\":false,"
                           "\"time\":\"1970-01-02T00:00:00Z\"}");
    buffer_free(&out);
}

static void text(void)
{
    static const char *const cases[][2] = {
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"line\nend\x7f", "\"line\\u000aend\\u007f\""},
        {"Caf\xc3\xa9", "\"Caf\\u00e9\""},
        {"\xc2\x9b[2J \xe2\x80\xae", "\"\\u009b[2J \\u202e\""},
        {"\xe9", "\"\\ufffd\""},
        {"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""},
        {"\xf0\x9f\x94\x91", "\"\\ud83d\\udd11\""},
        {"cut \xe2\x82", "\"cut \\ufffd\\ufffd\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer out = {0};
        json_text(&out, NULL, cases[i][0]);
        CU_ASSERT_STRING_EQUAL(buffer_string(&out), cases[i][1]);
        buffer_free(&out);
    }
}

static const struct unit_test tests[] = {
    {"objects in arrays in objects", nested},
    {"no text breaks out of its quotes", text},
};
UNIT_SUITE(json, tests)
