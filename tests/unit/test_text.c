/* text: the stages that make UTF-8 of what a mail writes. Each is fed whole
 * and byte by byte: both must give the same. */
#include "unit.h"

#include "blob.h"
#include "buffer.h"
#include "charset.h"
#include "failure.h"
#include "html.h"
#include "quoted_printable.h"
#include "visible.h"
#include "words.h"

#include <string.h>

struct collect {
    struct sink sink;
    struct buffer text;
};

static int collect(struct sink *self, const void *data, size_t size,
                   struct failure *why)
{
    (void)why;
    return buffer_append(&((struct collect *)self)->text, data, size);
}

/* Feeds in pieces of that size; all of it with 0. */
static int feed(struct sink *sink, const char *data, size_t length,
                size_t piece)
{
    struct failure why;
    for (size_t at = 0; at < length; at += piece) {
        if (!piece || piece > length - at)
            piece = length - at;
        if (sink->write(sink, data + at, piece, &why) < 0)
            return -1;
    }
    return 0;
}

static void quoted(const char *in, const char *expected)
{
    static const size_t sizes[] = {1, 7, 4096};
    for (size_t i = 0; i < 3; i++) {
        struct quoted_printable_source source;
        struct blob_source from;
        struct buffer out = {0};
        struct blob blob;
        struct failure why;
        char data[4096];
        ssize_t got;
        blob_init(&blob);
        blob_write(&blob, in, strlen(in), &why);
        blob_source_init(&from, &blob, 0, blob.length);
        quoted_printable_init(&source, &from.source);
        while ((got = source.source.read(&source.source, data, sizes[i],
                                         &why)) > 0)
            buffer_append(&out, data, (size_t)got);
        CU_ASSERT_EQUAL(got, 0);
        CU_ASSERT_STRING_EQUAL(buffer_string(&out), expected);
        buffer_free(&out);
        blob_free(&blob);
    }
}

static void quoted_printable(void)
{
    char longer[9002], expected[6001];
    quoted("plain", "plain");
    quoted("=5BSEE=\nMAIL=5d", "[SEEMAIL]");
    quoted("SEE= \t\r\nMAIL\r\n", "SEEMAIL\r\n");
    quoted("=C3=A9=c3=a9", "\xc3\xa9\xc3\xa9");
    quoted("a=zb = c=4", "a=zb = c=4");
    quoted("=\x15\x12", "=\x15\x12"); /* no digits, though near them */
    quoted("end=", "end");
    quoted("=3D=3D", "==");
    quoted("", "");
    /* over several windows */
    for (size_t i = 0; i < 3000; i++) {
        memcpy(longer + 3 * i, i % 2 ? "=41" : "x=\n", 3);
        expected[i] = i % 2 ? 'A' : 'x';
    }
    longer[9000] = '\0';
    expected[3000] = '\0';
    quoted(longer, expected);
}

/* odd is returned; -1 = another text came out. */
static int converted(const char *name, const char *in, size_t length,
                     const char *expected)
{
    int odd = 0;
    for (size_t piece = 0; piece < 4; piece++) {
        struct collect out = {{collect}, {0}};
        struct charset_sink charset;
        struct failure why;
        charset_sink_init(&charset, name, &out.sink);
        CU_ASSERT_EQUAL(feed(&charset.sink, in, length, piece), 0);
        CU_ASSERT_EQUAL(charset_sink_finish(&charset, &why), 0);
        CU_ASSERT_STRING_EQUAL(buffer_string(&out.text), expected);
        CU_ASSERT_TRUE(piece == 0 || odd == charset.odd);
        odd = charset.odd;
        charset_sink_free(&charset);
        buffer_free(&out.text);
    }
    return odd;
}
#define TEXT(text) (text), sizeof(text) - 1

static void charset(void)
{
    CU_ASSERT_FALSE(converted(NULL, TEXT("caf\xc3\xa9"), "caf\xc3\xa9"));
    CU_ASSERT_FALSE(converted("", TEXT("caf\xe9."), "caf\xc3\xa9."));
    CU_ASSERT_FALSE(converted("UTF-8", TEXT("\xa0x"), "\xc2\xa0x"));
    CU_ASSERT_FALSE(converted("iso-8859-1", TEXT("\xe9"), "\xc3\xa9"));
    CU_ASSERT_FALSE(converted("x-no-such", TEXT("[\xe9]"), "[\xc3\xa9]"));
    CU_ASSERT_FALSE(converted("utf-8//IGNORE", TEXT("ab"), "ab"));
    CU_ASSERT_FALSE(converted("shift_jis", TEXT("\x93\xfa\x96{"),
                              "\xe6\x97\xa5\xe6\x9c\xac"));
    CU_ASSERT_FALSE(converted("iso-2022-jp", TEXT("\x1b$BF|\x1b(B]"),
                              "\xe6\x97\xa5]"));
    CU_ASSERT_FALSE(converted("utf-7", TEXT("+AFs-SEE"), "[SEE"));
    /* held back by the converter until the end */
    CU_ASSERT_FALSE(converted("windows-1258", TEXT("SEE"), "SEE"));
    /* illegal: the rest is still there */
    CU_ASSERT_FALSE(converted("euc-jp", TEXT("\xff[x]"), "\xef\xbf\xbd[x]"));
    CU_ASSERT_FALSE(converted("utf-16be", TEXT("\xdc\0\0[\0x"),
                              "\xef\xbf\xbd[x"));
}

static void byte_order(void)
{
    CU_ASSERT_FALSE(converted("utf-16le", TEXT("[\0x\0"), "[x"));
    CU_ASSERT_FALSE(converted("utf-16", TEXT("\0[\0x"), "[x"));
    CU_ASSERT_FALSE(converted("utf-16", TEXT("[\0x\0"), "[x"));
    CU_ASSERT_FALSE(converted("UTF-16", TEXT("\xfe\xff\0["),
                              "\xef\xbb\xbf["));
    CU_ASSERT_FALSE(converted("utf-16", TEXT("\xff\xfe[\0"),
                              "\xef\xbb\xbf["));
    CU_ASSERT_FALSE(converted("utf-16", TEXT("\1\0\0p"), "\xc4\x80p"));
    CU_ASSERT_FALSE(converted("utf-32", TEXT("[\0\0\0x\0\0\0"), "[x"));
    CU_ASSERT_FALSE(converted("utf-32", TEXT("\0\0\0[\0\0\0x"), "[x"));
    /* neither tells: it is read, but nobody knows */
    CU_ASSERT_TRUE(converted("utf-16", TEXT("\x4e\x2d"), "\xe4\xb8\xad"));
}

static int odd(const char *name, const char *in, size_t length)
{
    struct collect out = {{collect}, {0}};
    struct charset_sink charset;
    charset_sink_init(&charset, name, &out.sink);
    CU_ASSERT_EQUAL(feed(&charset.sink, in, length, 0), 0);
    int is = charset.odd;
    charset_sink_free(&charset);
    buffer_free(&out.text);
    return is;
}

static void not_what_it_says(void)
{
    CU_ASSERT_TRUE(odd(NULL, TEXT("[\0S\0")));
    CU_ASSERT_TRUE(odd("us-ascii", TEXT("[\0S\0")));
    CU_ASSERT_TRUE(odd("utf-8", TEXT("\xc3\xa9[\0")));
    CU_ASSERT_TRUE(odd("x-no-such", TEXT("\0[\0S")));
    CU_ASSERT_TRUE(odd("iso-8859-15", TEXT("\0[\0S")));
    CU_ASSERT_FALSE(odd("utf-16be", TEXT("\0[\0S")));
}

static int decoded(const char *text, const char *expected)
{
    struct buffer out = {0};
    struct failure why;
    int rc = words_decode(text, &out, &why);
    CU_ASSERT_STRING_EQUAL(buffer_string(&out), expected);
    buffer_free(&out);
    return rc;
}

static void words(void)
{
    decoded("plain =?text?= and = ? signs", "plain =?text?= and = ? signs");
    decoded("=?utf-8?Q?=5BSEE_MAIL=5d?= x", "[SEE MAIL] x");
    decoded("a =?ISO-8859-1?q?caf=E9?= b", "a caf\xc3\xa9 b");
    decoded("=?utf-8*en?B?W1NFRQ==?= =?UTF-8?b?TUFJTF0=?=", "[SEEMAIL]");
    decoded("=?utf-8?B?W1NFRQ?=  \t =?us-ascii?q?MAIL]?=", "[SEEMAIL]");
    decoded("=?utf-8?q?[SEE?= =?utf-8?q?\?= =?utf-8?q?MAIL]?=", "[SEEMAIL]");
    decoded("=?utf-8?q?\?= =?utf-8?q?x?=", "x");
    decoded("x=?utf-8?q?y?=z", "xyz");
    /* a character in two words of one charset */
    decoded("=?utf-8?q?caf=C3?= =?utf-8?b?qQ==?=", "caf\xc3\xa9");
    decoded("=?utf-16be?b?AFs=?= =?utf-16be?b?AFM=?= =?utf-16be?b?AEU=?=",
            "[SE");
    decoded("=?utf-8?x?abc?= =?utf-8?q?abc", "=?utf-8?x?abc?= =?utf-8?q?abc");
    decoded("=?", "=?");
    decoded("=??q?x?=", "=??q?x?=");
    decoded("", "");
    CU_ASSERT_EQUAL(decoded("=?utf-8?q?x?=", "x"), 0);
    CU_ASSERT_EQUAL(decoded("=?no-such?b?AFs=?=", ""), 1);
}

/* What grows with its square takes minutes here: the unit program would be
 * stopped. */
static void many_beginnings(void)
{
    struct buffer text = {0}, out = {0};
    struct failure why;
    while (text.length < 4000000)
        buffer_text(&text, "=?a?q?x");
    CU_ASSERT_EQUAL(words_decode(buffer_string(&text), &out, &why), 0);
    CU_ASSERT_EQUAL(out.length, text.length);
    buffer_free(&text);
    buffer_free(&out);
}

static void rendered(const char *in, const char *expected)
{
    for (size_t piece = 0; piece < 4; piece++) {
        struct collect out = {{collect}, {0}};
        struct html_sink html;
        struct failure why;
        html_sink_init(&html, &out.sink);
        CU_ASSERT_EQUAL(feed(&html.sink, in, strlen(in), piece), 0);
        CU_ASSERT_EQUAL(html_sink_finish(&html, &why), 0);
        CU_ASSERT_STRING_EQUAL(buffer_string(&out.text), expected);
        buffer_free(&out.text);
    }
}

static void html_tags(void)
{
    rendered("a<b class=x>b</b>c<!-- > -- x -->d", "abcd");
    rendered("<p>a<br/>b</P>c<td>d", " a b c d");
    rendered("<a title=\"x > y\" b='>'>z</a>", "z");
    rendered("<a title = \"x > y\">z", "z");
    rendered("<a b=c\"d>e\"f", "e\"f"); /* this quote quotes nothing */
    rendered("<a b=c=\"d>e", "e");
    rendered("<a don't>z", "z");
    rendered("x < 3, y <3 z</p>", "x < 3, y <3 z ");
    rendered("a<<b>c", "a<c");
    rendered("a</>b</3>c<?xml ?>d<!doctype x>e", "abcde");
    rendered("<!-->a<!--->b<!-- -- --!>c<!-x->d", "abcd");
    rendered("<!--[if !mso]><!-->a<!--<![endif]-->b", "ab");
    rendered("<script>a<b && c<'</x>';\"it's</script>d",
             "a<b && c<'</x>';\"it'sd");
    rendered("<title>a <b c</title>d", " a <b c d");
    rendered("<style><!-- p>b{} --></style>e", "<!-- p>b{} -->e");
    rendered("a<", "a<");
    rendered("a</", "a</");
    rendered("a<b", "a");
    rendered("<averyveryverylongelement x>y", "y");
}

static void html_references(void)
{
    rendered("&#91;a&#x5D;&#X5b;&#0091;&#00000000000000000091;", "[a][[[");
    rendered("&#91SEE&#x5dz&#93", "[SEE]z]");
    rendered("&lbrack;&lsqb;&rbrack;&rsqb;&lcub;&lbrace;&rcub;&rbrace;",
             "[[]]{{}}");
    rendered("&lt;&gt;&amp;&quot;&nbsp;&Tab;&NewLine;.", "<>&\"   .");
    rendered("IN&nbspCONFIDENCE &ltx &lbrackx", "IN CONFIDENCE <x &lbrackx");
    rendered("&#233;&#xE9;&#x20ac;", "\xc3\xa9\xc3\xa9\xe2\x82\xac");
    rendered("&#0;&#x110000;&#99999999999999999999;&#xd800;",
             "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    rendered("a & b &; &# &#x; &#xg &none; &", "a & b &; &# &#x; &#xg &none; &");
    rendered("&averyveryverylongname;", "&averyveryverylongname;");
    rendered("&&lt;&#", "&<&#");
}

static void seen(const char *in, const char *expected)
{
    for (size_t piece = 0; piece < 5; piece++) {
        struct collect out = {{collect}, {0}};
        struct visible_sink visible;
        struct failure why;
        visible_sink_init(&visible, &out.sink);
        CU_ASSERT_EQUAL(feed(&visible.sink, in, strlen(in), piece), 0);
        CU_ASSERT_EQUAL(visible_sink_finish(&visible, &why), 0);
        CU_ASSERT_STRING_EQUAL(buffer_string(&out.text), expected);
        buffer_free(&out.text);
    }
}

static void visible(void)
{
    seen("SEE\xc2\xadMA\xe2\x80\x8bIL\xef\xbb\xbf", "SEEMAIL");
    seen("\xe2\x80\x8f\xe2\x81\xa6x\xe2\x81\xa9", "x");
    seen("a\xe2\x80\xaf""b\xe3\x80\x80""c\xe2\x80\xa8""d", "a b c d");
    seen("a\xc2\xa0\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80.",
         "a\xc2\xa0\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80.");
    /* broken */
    seen("\xe2\xe2\x80\xc2[\xe2\x80", "\xe2\xe2\x80\xc2[\xe2\x80");
    seen("\xc2\xc2\xadx\xef\xbb", "\xc2x\xef\xbb");
    seen("", "");
}

static const struct unit_test tests[] = {
    {"2.1-brackets: quoted-printable, tolerant", quoted_printable},
    {"2.1-brackets: charsets, cut anywhere", charset},
    {"2.1-brackets: byte order said or seen", byte_order},
    {"2.1-triggers: text that is not what it says is odd", not_what_it_says},
    {"2.1-brackets: encoded words, joined", words},
    {"2.1-brackets: tags as browsers see them", html_tags},
    {"2.1-brackets: character references", html_references},
    {"2.1-brackets: what has no width is not there", visible},
    {"1.2-suspend: a hostile subject costs little", many_beginnings},
};
UNIT_SUITE(text, tests)
