/* scan: markings are found wherever a reader would see them. */
#include "unit.h"

#include "blob.h"
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
                                          "directories", "warnings"};
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

static const char *const words[] = {"SEEMAIL", "IN CONFIDENCE", "SENSITIVE",
                                    "RESTRICTED"};

/* A template whose %s is the marking, with all brackets and words. */
static void all_brackets(const char *template)
{
    static const char *const brackets[] = {"[]", "[}", "{]", "{}"};
    for (int b = 0; b < 4; b++)
        for (int w = 0; w < 4; w++) {
            char text[2000], marking[40], *at = strstr(template, "%s");
            snprintf(marking, sizeof marking, "%c%s%c", brackets[b][0],
                     words[w], brackets[b][1]);
            snprintf(text, sizeof text, "%.*s%s%s", (int)(at - template),
                     template, marking, at + 2);
            struct scan_result result = scan(text, strlen(text));
            CU_ASSERT_EQUAL(result.markings, (marking_set)1 << w);
        }
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
    CU_ASSERT_PTR_NOT_NULL(
        scan("Content-Transfer-Encoding: x-uu\n\nx\n", 36).unscannable);
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

static const struct unit_test tests[] = {
    {"2.1-brackets: all brackets and words, in every place", every_bracket},
    {"2.1-case: every case, encoding and charset", every_encoding},
    {"2.1-triggers: what is no marking is none", not_marked},
    {"1.2-trigger: what cannot be searched is told", cannot_be_searched},
    {"scan: S/MIME is seen", sees_smime},
};
UNIT_SUITE(scan, tests)
