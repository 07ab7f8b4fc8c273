/* hub: text in a page, room on disks. */
#include "unit.h"

#include "buffer.h"
#include "page.h"
#include "status.h"

static void text_is_text(void)
{
    static const char *const cases[][2] = {
        {"a<b> & \"c\" 'd'", "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;"},
        {"Caf\xc3\xa9 \xf0\x9f\x94\x91", "Caf\xc3\xa9 \xf0\x9f\x94\x91"},
        {"\x1b[2J\xc2\x9b\xe2\x80\xae\n", "?[2J???"},
        {"\xe9\xed\xa0\x80", "????"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer out = {0};
        page_text(&out, cases[i][0]);
        CU_ASSERT_STRING_EQUAL(buffer_string(&out), cases[i][1]);
        buffer_free(&out);
    }
}

static void room_on_disks(void)
{
    CU_ASSERT_EQUAL(status_free(50ULL << 30, 2), STATUS_GOOD);
    CU_ASSERT_EQUAL(status_free(500ULL << 20, 60), STATUS_GOOD);
    CU_ASSERT_EQUAL(status_free(500ULL << 20, 5), STATUS_WARNING);
    CU_ASSERT_EQUAL(status_free(50ULL << 20, 60), STATUS_CRITICAL);
    CU_ASSERT_EQUAL(status_free(50ULL << 30, 0), STATUS_CRITICAL);
}

static const struct unit_test tests[] = {
    {"1.9-logs: text of others is text in a page", text_is_text},
    {"1.9-failaware: room on disks", room_on_disks},
};
UNIT_SUITE(hub, tests)
