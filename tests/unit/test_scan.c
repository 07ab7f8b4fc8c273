/* scan: markings are found wherever a reader would see them. */
#include "unit.h"

#include "base64.h"
#include "blob.h"
#include "buffer.h"
#include "failure.h"
#include "pool.h"
#include "scan.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct policy *policy;
static char *folder;

static void start(const char *settings)
{
    struct failure why = {0};
    folder = scratch_new();
    static const char *const shipped[] = {"triggers", "algorithms", "hosts",
                                          "partners",
                                          "directories", "outcomes"};
    for (size_t i = 0; i < sizeof shipped / sizeof shipped[0]; i++) {
        char path[60], text[20000];
        snprintf(path, sizeof path, "policies/%s", shipped[i]);
        FILE *file = fopen(path, "r");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
        scratch_write(folder, shipped[i], text);
    }
    scratch_write(folder, "settings", settings);
    scratch_write(folder, "identity", "a.test \"A DCA\"\n");
    CU_ASSERT_EQUAL(policy_load(folder, &policy, NULL, &why), 0);
    CU_ASSERT_STRING_EQUAL(why.text, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(policy);
}

static void stop(void)
{
    policy_free(&policy);
    scratch_free(&folder);
}

static struct scan_result scan(const char *data, size_t length)
{
    struct scan_result result;
    struct blob blob;
    struct failure why;
    static char reason[200];
    struct pool *pool = pool_new();
    blob_init(&blob);
    blob_write(&blob, data, length, &why);
    CU_ASSERT_EQUAL(scan_message(pool, policy, &blob, &result, &why), 0);
    if (result.unscannable) {
        snprintf(reason, sizeof reason, "%s", result.unscannable);
        result.unscannable = reason;
    }
    blob_free(&blob);
    pool_free(&pool);
    return result;
}

static int marked(const char *text)
{
    struct scan_result result = scan(text, strlen(text));
    CU_ASSERT_PTR_NULL(result.unscannable);
    return result.markings != 0;
}

static int unsearchable(const char *text)
{
    return scan(text, strlen(text)).unscannable != NULL;
}

static const char *const words[] = {"SEEMAIL", "IN CONFIDENCE", "SENSITIVE",
                                    "RESTRICTED"};

/* How the marking is written where the template has a %s. */
typedef void write_marking(const char *marking, struct buffer *out);

static void all_written(const char *template, write_marking *write)
{
    static const char *const brackets[] = {
        "[]", "[}", "{]", "{}", "[)", "()", "][", "}{"}; /* four are none */
    for (int b = 0; b < 8; b++)
        for (int w = 0; w < 4; w++) {
            char marking[40];
            const char *at = strstr(template, "%s");
            struct buffer text = {0};
            snprintf(marking, sizeof marking, "%c%s%c", brackets[b][0],
                     words[w], brackets[b][1]);
            buffer_append(&text, template, (size_t)(at - template));
            write(marking, &text);
            buffer_text(&text, at + 2);
            struct scan_result result = scan(text.data, text.length);
            CU_ASSERT_PTR_NULL(result.unscannable);
            CU_ASSERT_EQUAL(result.markings, b < 4 ? (marking_set)1 << w : 0);
            buffer_free(&text);
        }
}

static void plain(const char *marking, struct buffer *out)
{
    buffer_text(out, marking);
}

/* A template with all brackets and words. */
static void all_brackets(const char *template)
{
    all_written(template, plain);
}

static void folded(const char *marking, struct buffer *out)
{
    for (; *marking; marking++)
        buffer_text(out, *marking == ' ' ? "\r\n\t" :
                         (char[]){*marking, '\0'});
}

/* Two encoded words that meet inside of it. */
static void q_words(const char *marking, struct buffer *out)
{
    buffer_text(out, "=?us-ascii?Q?");
    for (int i = 0; marking[i]; i++) {
        if (i == 4)
            buffer_text(out, "?=\n =?US-ASCII?q?");
        if (marking[i] == ' ')
            buffer_byte(out, '_');
        else
            buffer_format(out, i % 2 ? "%c" : "=%02X", marking[i]);
    }
    buffer_text(out, "?=");
}

struct to_buffer {
    struct sink sink;
    struct buffer *out;
};

static int append(struct sink *self, const void *data, size_t size,
                  struct failure *why)
{
    (void)why;
    return buffer_append(((struct to_buffer *)self)->out, data, size);
}

static void base64(const char *data, size_t length, struct buffer *out)
{
    struct to_buffer sink = {{append}, out};
    struct base64_sink coder;
    base64_sink_init(&coder, &sink.sink);
    coder.sink.write(&coder.sink, data, length, NULL);
    base64_sink_finish(&coder, NULL);
    out->length -= out->data[out->length - 1] == '\n';
}

static void b_words(const char *marking, struct buffer *out)
{
    buffer_text(out, "=?utf-8?B?");
    base64(marking, 5, out);
    buffer_text(out, "?= =?utf-8*en?b?");
    base64(marking + 5, strlen(marking) - 5, out);
    buffer_text(out, "?=");
}

static void utf16(const char *marking, struct buffer *out)
{
    char wide[200] = "\xff\xfeH\0i\0 \0";
    size_t used = 8;
    for (; *marking; marking++, used += 2)
        wide[used] = *marking;
    base64(wide, used, out);
}

static void quoted(const char *marking, struct buffer *out)
{
    for (int i = 0; marking[i]; i++)
        buffer_format(out, i % 3 ? "%c" : "=%02x=\r\n", marking[i]);
}

static void html(const char *marking, struct buffer *out)
{
    for (int i = 0; marking[i]; i++) {
        if (marking[i] == ' ')
            buffer_text(out, "&nbsp;<br>");
        else if (marking[i] == '[' || marking[i] == '{')
            buffer_text(out, marking[i] == '[' ? "&lsqb;" : "&lcub;<i>");
        else
            buffer_format(out, i % 3 == 0 ? "&#%d;" : i % 3 == 1
                          ? "<b>&#x%x;</b>" : "<!-- -->&#%d", marking[i]);
    }
}

static void percent(const char *marking, struct buffer *out)
{
    for (; *marking; marking++)
        buffer_format(out, "%%%02X", *marking);
}

static void brackets_encoded(void)
{
    start("");
    all_written("Subject: about\n %s\n things\n\n", folded);
    all_written("Subject: Re: %s\n\n", q_words);
    all_written("Subject: Re: %s\n\n", b_words);
    all_written("Content-Type: text/plain; charset=\"UTF-16\"\n"
                "Content-Transfer-Encoding: BASE64\n\n%s\n", utf16);
    all_written("Content-Type: text/plain; charset=iso-8859-1\r\n"
                "Content-Transfer-Encoding: Quoted-Printable\r\n\r\n"
                "caf=E9 %s\r\n", quoted);
    all_written("Content-Type: text/html\n\nx < y <p a=\">\">%s</p>", html);
    all_written("Content-Type: application/pdf\n"
                "Content-Disposition: attachment; filename=\"%s.pdf\"\n\n",
                plain);
    all_written("Content-Disposition: attachment; filename=%s.pdf\n\n",
                plain);
    all_written("Content-Type: application/pdf; name=\"%s\"\n\n", b_words);
    all_written("Content-Disposition: attachment; filename*=utf-8''%s.pdf"
                "\n\n", percent);
    stop();
}

static void every_bracket(void)
{
    start("");
    all_brackets("Subject: about %s things\n\nbody\n");
    all_brackets("Subject: x\n\nbody %s more\n");
    all_brackets("Subject: x\nContent-Type: text/html\n\n<p>%s</p>\n");
    all_brackets("Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n"
                 "--b\n\nno\n--b\nContent-Type: text/plain\n\n%s\n--b--\n");
    all_brackets("Subject: x\nContent-Type: application/pdf; name=\"%s.pdf\"\n"
                 "\nx\n");
    all_brackets("Subject: x\nContent-Type: message/rfc822\n\n"
                 "Subject: %s\n\nx\n");
    stop();
}

static void every_encoding(void)
{
    start("");
    CU_ASSERT_TRUE(marked("Subject: a [in\n confidence] b\n\n"));
    CU_ASSERT_TRUE(marked("Subject: {seEMaiL]\n\n"));
    CU_ASSERT_TRUE(marked("Subject: =?utf-8?B?W1NFRU1BSUxd?=\n\n"));
    CU_ASSERT_TRUE(marked("Subject: =?utf-8?Q?=5BSEEM?=\n =?utf-8?q?AIL=5d?="
                          "\n\n"));
    CU_ASSERT_TRUE(marked("Subject: =?utf-16be?B?AFsAUwBFAEUATQBBAEkATABd?="
                          "\n\n"));
    CU_ASSERT_TRUE(marked("Content-Type: text/plain\n"
                          "Content-Transfer-Encoding: base64\n\n"
                          "eHggW1NFTlNJVElWRV0geHg=\n"));
    CU_ASSERT_TRUE(marked("Content-Type: text/plain; charset=utf-16le\n"
                          "Content-Transfer-Encoding: base64\n\n"
                          "WwBTAEUARQBNAEEASQBMAF0A\n"));
    CU_ASSERT_TRUE(marked("Content-Type: text/plain; charset=iso-8859-1\n"
                          "Content-Transfer-Encoding: quoted-printable\n\n"
                          "caf=E9 [RESTR=\nICTED=5D\n"));
    CU_ASSERT_TRUE(marked("Content-Type: text/plain; charset=ebcdic-us\n"
                          "Content-Transfer-Encoding: quoted-printable\n\n"
                          "=C0=E2=C5=D5=E2=C9=E3=C9=E5=C5=D0\n"));
    CU_ASSERT_TRUE(marked("Content-Type: text/html\n\n"
                          "<p>&#91;<b>SEE</b>MAIL&rsqb;</p>\n"));
    CU_ASSERT_TRUE(marked("Content-Type: text/html\n\n"
                          "[IN&nbsp;<!-- x > -->CONFIDENCE&#x5d;\n"));
    CU_ASSERT_TRUE(marked("Content-Type: text/html\n\n[IN<br>CONFIDENCE]\n"));
    CU_ASSERT_TRUE(marked("Content-Type: application/x; "
                          "name*0*=utf-8''%5BSEE; name*1=\"MAIL].doc\"\n\n"));
    CU_ASSERT_TRUE(marked("Content-Type: message/rfc822\n"
                          "Content-Transfer-Encoding: base64\n\n"
                          "U3ViamVjdDogW1NFRU1BSUxdCgp4Cg==\n"));
    stop();
}

static void not_marked(void)
{
    start("");
    CU_ASSERT_FALSE(marked("Subject: SEEMAIL\n\n(SEEMAIL) SENSITIVE\n"));
    CU_ASSERT_FALSE(marked("Subject: x\nX-Other: [SEEMAIL]\n\nx\n"));
    CU_ASSERT_FALSE(marked("Subject: [SEE MAIL]\n\n"));
    CU_ASSERT_FALSE(marked("Content-Type: multipart/mixed; boundary=b\n\n"
                           "--b\n\n[SEE\n--b\n\nMAIL]\n--b--\n"));
    CU_ASSERT_FALSE(marked("Content-Type: application/octet-stream\n\n"
                           "[SEEMAIL]\n"));
    CU_ASSERT_FALSE(marked(""));
    stop();
    start("scan-names no\nscan-attachments no\n");
    CU_ASSERT_FALSE(marked("Content-Type: text/plain; name=\"[SEEMAIL]\"\n\n"
                           "[SEEMAIL]\n"));
    stop();
}

static void cannot_be_searched(void)
{
    static const char wide[] = "Subject: x\n\n[\0S\0E\0E\0M\0A\0I\0L\0]\0";
    static char deep[40000];
    size_t used = 0;
    start("scan-limit 1k\nmime-depth 20\n");
    CU_ASSERT_PTR_NOT_NULL(scan(wide, sizeof wide - 1).unscannable);
    CU_ASSERT_TRUE(unsearchable("Content-Transfer-Encoding: x-uu\n\nx\n"));
    for (int i = 0; i < 30; i++)
        used += (size_t)snprintf(deep + used, sizeof deep - used,
                                 "Content-Type: multipart/mixed; boundary=b%d"
                                 "\n\n--b%d\n", i, i);
    CU_ASSERT_PTR_NOT_NULL(scan(deep, used).unscannable);
    memset(deep, 'x', sizeof deep);
    memcpy(deep, "Subject: [SEEMAIL]\n\n", 20);
    struct scan_result result = scan(deep, sizeof deep);
    CU_ASSERT_PTR_NOT_NULL(result.unscannable);
    CU_ASSERT_EQUAL(result.markings, 1);
    stop();
}

#define PART "Content-Type: multipart/mixed; boundary=q\n\n--q\n"

/* Readers show these, so they are searched. */
static void broken_mime(void)
{
    start("");
    CU_ASSERT_TRUE(marked("Content-Type: multipart/mixed\n\n[SEEMAIL]\n"));
    CU_ASSERT_TRUE(marked("Content-Type: multipart/mixed; boundary=q\n\n"
                          "[SEEMAIL]\n"));
    CU_ASSERT_TRUE(marked(PART "\n[SEEMAIL]")); /* no end */
    CU_ASSERT_TRUE(marked(PART "no header\n[SEEMAIL]\n\nx\n--q--\n"));
    CU_ASSERT_TRUE(marked(PART "From a@b Mon\nSubject: x\n =?utf-8?q?=5B?=\n"
                          " =?utf-8?q?SEEMAIL]?=\n\n\n--q--\n"));
    CU_ASSERT_TRUE(marked(PART "From a@b Mon\n"
                          "Content-Transfer-Encoding: base64\n\n"
                          "W1NFRU1BSUxd\n--q--\n"));
    CU_ASSERT_TRUE(marked("Content-Type: message/rfc822\n\nFrom a Mon\n"
                          PART "Content-Transfer-Encoding: base64\n\n"
                          "W1NFRU1BSUxd\n--q--\n"));
    CU_ASSERT_TRUE(marked("Content-Type: message/delivery-status\n\n"
                          "Subject: [SEEMAIL]\n"));
    CU_ASSERT_TRUE(marked("Content-Type: text/plain; charset=utf-16\n"
                          "Content-Transfer-Encoding: base64\n\n"
                          "AFsAUwBFAEUATQBBAEkATABd\n"));
    CU_ASSERT_TRUE(marked("Subject: x\nSubject: [SEEMAIL]\n\n"));
    CU_ASSERT_TRUE(marked("Subject: x\n\xdc: [SEEMAIL]\nX: y\n\nx\n"));
    CU_ASSERT_TRUE(marked(": x\nContent-Transfer-Encoding: base64\n\n"
                          "W1NFRU1BSUxd\n"));
    CU_ASSERT_TRUE(marked("Subject: [SEEMAIL]"));
    CU_ASSERT_FALSE(marked(PART "\nx\n--q--\n[SEEMAIL]\n"));
    stop();
}

/* An attached message in quoted-printable, with one more in it. */
static void encoded_messages(void)
{
    start("");
    CU_ASSERT_TRUE(marked("Content-Type: message/rfc822\n"
                          "Content-Transfer-Encoding: base64\n\n"
                          "Q29udGVudC1UcmFuc2Zlci1FbmNvZGluZzogcXVvdGVkLXByaW"
                          "50YWJsZQoKPTVCU0VFTUFJTD01RAo=\n"));
    CU_ASSERT_TRUE(marked("Content-Type: message/rfc822\n"
                          "Content-Transfer-Encoding: quoted-printable\n\n"
                          "Content-Type: text/html\n\n"
                          "[SEE=3Cb=3E=4DAIL=3C/b=3E]\n"));
    struct buffer deep = {0};
    for (int i = 0; i < 9; i++)
        buffer_text(&deep, "Content-Type: message/rfc822\n"
                           "Content-Transfer-Encoding: quoted-printable\n\n");
    CU_ASSERT_PTR_NOT_NULL(scan(deep.data, deep.length).unscannable);
    buffer_free(&deep);
    CU_ASSERT_TRUE(unsearchable("Content-Type: message/rfc822\n"
                                "Content-Transfer-Encoding: x-uu\n\nx\n"));
    CU_ASSERT_TRUE(unsearchable("Content-Type: message/partial\n\nx\n"));
    CU_ASSERT_TRUE(unsearchable("Subject: =?x-none?b?AFsAUw==?=\n\n"));
    CU_ASSERT_TRUE(unsearchable("Content-Type: text/plain; "
                                "name*=utf-16be''%00%5B\n\n"));
    stop();
}

static const char whole[] =
    "Subject: =?utf-8?q?x?=\r\nContent-Type: multipart/mixed; boundary=q\r\n"
    "\r\n--q\r\nContent-Type: text/html; charset=utf-16\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nAFsAUwBFAEUATQBBAEkATABd\r\n"
    "--q\r\nbroken\r\nContent-Type: message/rfc822\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    "Subject: =5BSENSI=\r\nTIVE]\r\n\r\n&#9\r\n--q--\r\n";

/* Cut anywhere, or with a byte changed, it is searched without a failure;
 * scan() asserts that. */
static void damaged(void)
{
    char text[sizeof whole];
    start("");
    for (size_t length = 0; length < sizeof whole; length++)
        scan(whole, length);
    for (size_t at = 0; at < sizeof whole - 1; at++) {
        memcpy(text, whole, sizeof text);
        text[at] = "\0\xff\n=<&"[at % 6];
        scan(text, sizeof whole - 1);
    }
    CU_ASSERT_EQUAL(scan(whole, sizeof whole - 1).markings, 5);
    stop();
}

static void limits(void)
{
    struct buffer text = {0};
    start("scan-limit 1k\nmime-parts 3\nheader-limit 4k\n");
    buffer_text(&text, "\n");
    while (text.length < 1025 - 9)
        buffer_byte(&text, 'x');
    buffer_text(&text, "[SEEMAIL]"); /* 1024 bytes of text */
    CU_ASSERT_TRUE(marked(text.data));
    buffer_byte(&text, 'x');
    struct scan_result result = scan(text.data, text.length);
    CU_ASSERT_EQUAL(result.markings, 1);
    CU_ASSERT_STRING_EQUAL(result.unscannable, "more than 1024 bytes of text");
    buffer_clear(&text);
    buffer_text(&text, PART "\n[SEEMAIL]\n--q\n\n{RESTRICTED}\n--q\n");
    result = scan(text.data, text.length);
    CU_ASSERT_EQUAL(result.markings, 1 | 8); /* what was seen before it */
    CU_ASSERT_STRING_EQUAL(result.unscannable,
                           "message has more than 3 parts");
    buffer_clear(&text);
    buffer_text(&text, PART "\n[SEEMAIL]\n--q\nX: ");
    while (text.length < 6000)
        buffer_text(&text, "xxxxxxxxxxxxxxxxxxx\n ");
    result = scan(text.data, text.length);
    CU_ASSERT_EQUAL(result.markings, 1);
    CU_ASSERT_STRING_EQUAL(result.unscannable,
                           "a header is larger than its limit");
    buffer_free(&text);
    stop();
}

static void sees_smime(void)
{
    start("");
#define SMIME(header) scan(header "\n\nx\n", strlen(header) + 4).smime
    CU_ASSERT_TRUE(SMIME("Content-Type: application/pkcs7-mime"));
    CU_ASSERT_TRUE(SMIME("Content-Type: application/x-pkcs7-mime"));
    CU_ASSERT_TRUE(SMIME("Content-Type: application/octet-stream; "
                         "name=smime.p7m"));
    CU_ASSERT_TRUE(SMIME("Content-Type: multipart/signed; boundary=b; "
                         "protocol=\"application/pkcs7-signature\""));
    CU_ASSERT_FALSE(SMIME("Content-Type: multipart/signed; boundary=b; "
                          "protocol=\"application/pgp-signature\""));
    CU_ASSERT_FALSE(SMIME("Content-Type: text/plain"));
    stop();
}

static void signed_inside(void)
{
#define MIME "Content-Type: application/pkcs7-mime"
#define SIGNED "\nContent-Transfer-Encoding: base64\n\n" \
    "MDwGCSqGSIb3DQEHAqAvMC0CAQExADAmBgkqhkiG9w" \
    "0BBwGgGQQXU3ViamVjdDogeA0KDQpbc2VlbWFpbF0=\n"
    start(""); /* SignedData with "Subject: x\r\n\r\n[seemail]" inside */
    CU_ASSERT_TRUE(marked(MIME SIGNED));
    CU_ASSERT_TRUE(marked(MIME "; smime-type=signed-data" SIGNED));
    CU_ASSERT_TRUE(marked(MIME "; smime-type=certs-only" SIGNED));
    CU_ASSERT_TRUE(marked("Content-Type: application/octet-stream; "
                          "name=smime.p7m" SIGNED));
    CU_ASSERT_TRUE(unsearchable(MIME "\n\nx\n"));
    CU_ASSERT_FALSE(unsearchable("Content-Type: application/octet-stream; "
                                 "name=smime.p7m\n\nx\n"));
    stop();
}

static const struct unit_test tests[] = {
    {"2.1-brackets: all brackets and words, in every place", every_bracket},
    {"2.1-brackets: all brackets and words, encoded", brackets_encoded},
    {"2.1-case: every case, encoding and charset", every_encoding},
    {"2.1-triggers: what is no marking is none", not_marked},
    {"1.2-trigger: what cannot be searched is told", cannot_be_searched},
    {"2.1-triggers: broken MIME hides nothing", broken_mime},
    {"2.1-triggers: messages in encoded messages", encoded_messages},
    {"1.2-suspend: damaged messages do not fail", damaged},
    {"1.2-trigger: limits, and what was found before", limits},
    {"scan: S/MIME is seen", sees_smime},
    {"1.2-trigger: what is signed with its content inside", signed_inside},
};
UNIT_SUITE(scan, tests)
