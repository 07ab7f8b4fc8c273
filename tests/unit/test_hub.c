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

static void where_exim_listens(void)
{
    static const struct {
        const char *interfaces, *ports, *secret, *places;
    } cases[] = {
        {"", "smtp", "", "127.0.0.1 25 0;"},
        {"<; ::0 ; 0.0.0.0", "25 : 465 : 587", "465",
         "127.0.0.1 25 0;127.0.0.1 465 1;127.0.0.1 587 0;"},
        {"127.0.0.1.46501 : 127.0.0.2.46502", "25", "",
         "127.0.0.1 46501 0;127.0.0.2 46502 0;"},
        {"<; 127.0.0.1 ; ::1", "25", "", "127.0.0.1 25 0;::1 25 0;"},
        {"<;[::1]:26;[192.0.2.1]:465;2001:db8::1.27", "25", " 465 ",
         "::1 26 0;192.0.2.1 465 1;2001:db8::1 27 0;"},
        {"192.0.2.1 : ::::1", "<, 25, 26", "",
         "192.0.2.1 25 0;192.0.2.1 26 0;::1 25 0;::1 26 0;"},
        {"<; ::0", "25", "", "::1 25 0;"},
        {"nonsense : [ : 192.0.2.1.x", "25", "", ""},
        {"192.0.2.1", "0 : 99999 : -1", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct status_place places[STATUS_PLACES_MOST];
        struct buffer out = {0};
        size_t count = status_places(cases[i].interfaces, cases[i].ports,
                                     cases[i].secret, places);
        for (size_t k = 0; k < count; k++)
            buffer_format(&out, "%s %d %d;", places[k].host, places[k].port,
                          places[k].tls);
        CU_ASSERT_STRING_EQUAL(buffer_string(&out), cases[i].places);
        buffer_free(&out);
    }
}

static const struct unit_test tests[] = {
    {"1.9-failaware: where Exim listens", where_exim_listens},
    {"1.9-logs: text of others is text in a page", text_is_text},
    {"1.9-failaware: room on disks", room_on_disks},
};
UNIT_SUITE(hub, tests)
