/* cms_encrypt and cms_decrypt, against each other and `openssl cms'. */
#include "unit.h"

#include "blob.h"
#include "cms_decrypt.h"
#include "cms_encrypt.h"
#include "cms_fixture.h"
#include "failure.h"

#include <stdio.h>
#include <string.h>

static void fill(struct blob *blob, size_t length)
{
    struct failure why;
    blob_init(blob);
    for (size_t i = 0; i < length; i++) {
        char c = (char)(i * 31 + i / 251);
        blob_write(blob, &c, 1, &why);
    }
}

static int same(const struct blob *a, const struct blob *b)
{
    char one[4096], two[4096];
    struct failure why;
    if (a->length != b->length)
        return 0;
    for (off_t at = 0; at < a->length;) {
        ssize_t got = blob_read(a, at, one, sizeof one, &why);
        ssize_t other = blob_read(b, at, two, (size_t)got, &why);
        if (other <= 0 || memcmp(one, two, (size_t)other) != 0)
            return 0;
        at += other;
    }
    return 1;
}

static void encrypt(const struct blob *content, const char *algorithm,
                    struct blob *out)
{
    CERTCertificate *to[] = {cms_fixture_rsa()->certificate};
    static struct cms_encrypt encrypt;
    struct blob_source source;
    struct failure why = {0};
    blob_init(out);
    blob_source_init(&source, content, 0, content->length);
    CU_ASSERT_EQUAL_FATAL(cms_encrypt_start(&encrypt,
                                            cms_algorithm_named(algorithm), to,
                                            1, &out->sink, &why),
                          0);
    CU_ASSERT_EQUAL(stream_copy(&source.source, &encrypt.sink, &why), 0);
    CU_ASSERT_EQUAL(cms_encrypt_finish(&encrypt, &why), 0);
    cms_encrypt_free(&encrypt);
}

static enum cms_opened decrypt(const struct blob *in, off_t length,
                               struct blob *out)
{
    struct blob_source source;
    enum cms_opened opened = CMS_OPENED;
    struct failure why = {0};
    blob_init(out);
    blob_source_init(&source, in, 0, length);
    CU_ASSERT_EQUAL(cms_decrypt(&source.source, &cms_fixture_keys, &out->sink,
                                &opened, &why),
                    0);
    if (opened != CMS_OPENED)
        CU_ASSERT_TRUE(why.text[0] != '\0');
    return opened;
}

static void round_trips(void)
{
    static const size_t sizes[] = {0, 1, 15, 16, 17, 16383, 16384, 16385,
                                   100000, 1000003};
    static const char *const names[] = {"aes-256-cbc", "aes-192-cbc",
                                        "aes-128-cbc", "des-ede3-cbc"};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct blob content, wire, back;
        fill(&content, sizes[i]);
        encrypt(&content, names[i % 4], &wire);
        CU_ASSERT_EQUAL(decrypt(&wire, wire.length, &back), CMS_OPENED);
        CU_ASSERT_TRUE(same(&content, &back));
        blob_free(&content);
        blob_free(&wire);
        blob_free(&back);
    }
}

static void openssl_opens_ours(void)
{
    struct blob content, wire, back;
    fill(&content, 70001);
    encrypt(&content, "aes-256-cbc", &wire);
    cms_fixture_write("wire", &wire);
    CU_ASSERT_EQUAL(cms_fixture_shell("openssl cms -decrypt -inform DER "
                                      "-in wire -inkey rsa.key -recip rsa.pem "
                                      "-out back -binary"),
                    0);
    cms_fixture_read("back", &back);
    CU_ASSERT_TRUE(same(&content, &back));
    blob_free(&content);
    blob_free(&wire);
    blob_free(&back);
}

static void opens_openssl(const char *options, enum cms_opened expected)
{
    struct blob content, wire, back;
    char script[400];
    fill(&content, 70001);
    cms_fixture_write("content", &content);
    snprintf(script, sizeof script,
             "openssl cms -encrypt -binary -in content -outform DER -out wire "
             "%s",
             options);
    CU_ASSERT_EQUAL(cms_fixture_shell(script), 0);
    cms_fixture_read("wire", &wire);
    CU_ASSERT_EQUAL(decrypt(&wire, wire.length, &back), expected);
    if (expected == CMS_OPENED)
        CU_ASSERT_TRUE(same(&content, &back));
    blob_free(&content);
    blob_free(&wire);
    blob_free(&back);
}

static void opens_what_openssl_makes(void)
{
    cms_fixture_rsa();
    opens_openssl("-aes256 rsa.pem", CMS_OPENED);
    opens_openssl("-aes128 -stream rsa.pem", CMS_OPENED);
    opens_openssl("-des3 rsa.pem", CMS_OPENED);
    opens_openssl("-aes256 -keyid rsa.pem", CMS_OPENED);
    /* with an ECDH recipient beside us, which libsmime3 cannot read */
    opens_openssl("-aes256 ec.pem rsa.pem", CMS_OPENED);
    opens_openssl("-aes256 ec.pem", CMS_NOT_FOR_US);
    opens_openssl("-camellia256 rsa.pem", CMS_UNSUPPORTED);
}

static void cut_anywhere_is_not_opened(void)
{
    struct blob content, wire, back;
    fill(&content, 3000);
    encrypt(&content, "aes-256-cbc", &wire);
    for (off_t length = 0; length < wire.length; length += 37) {
        CU_ASSERT_NOT_EQUAL(decrypt(&wire, length, &back), CMS_OPENED);
        blob_free(&back);
    }
    blob_write(&wire, "x", 1, NULL);
    CU_ASSERT_EQUAL(decrypt(&wire, wire.length, &back), CMS_MALFORMED);
    blob_free(&back);
    blob_free(&content);
    blob_free(&wire);
}

static void another_content_is_no_envelope(void)
{
    struct blob wire, back;
    cms_fixture_rsa();
    CU_ASSERT_EQUAL(cms_fixture_shell("openssl cms -sign -binary -nodetach "
                                      "-in rsa.pem -signer rsa.pem -inkey "
                                      "rsa.key -outform DER -out wire"),
                    0);
    cms_fixture_read("wire", &wire);
    CU_ASSERT_EQUAL(decrypt(&wire, wire.length, &back), CMS_NO_ENVELOPE);
    blob_free(&back);
    blob_free(&wire);
}

static int refuse(struct sink *self, const void *data, size_t size,
                  struct failure *why)
{
    (void)self, (void)data, (void)size;
    return failure(why, FAILURE_DISK, "no space");
}

static void a_full_disk_is_no_answer(void)
{
    struct blob content, wire;
    struct blob_source source;
    struct sink full = {refuse};
    enum cms_opened opened;
    struct failure why = {0};
    fill(&content, 100);
    encrypt(&content, "aes-256-cbc", &wire);
    blob_source_init(&source, &wire, 0, wire.length);
    CU_ASSERT_EQUAL(cms_decrypt(&source.source, &cms_fixture_keys, &full,
                                &opened, &why),
                    -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_DISK);
    blob_free(&content);
    blob_free(&wire);
}

static const struct unit_test tests[] = {
    {"envelope: there and back, every size and cipher", round_trips},
    {"1.1-rfc: openssl opens our envelope", openssl_opens_ours},
    {"1.1-rfc: we open what openssl makes", opens_what_openssl_makes},
    {"1.2-sender-rcpt: an envelope cut anywhere is not opened",
     cut_anywhere_is_not_opened},
    {"envelope: another content type is told", another_content_is_no_envelope},
    {"1.2-suspend: a full disk is a failure, no answer",
     a_full_disk_is_no_answer},
};
UNIT_SUITE(envelope, tests)
