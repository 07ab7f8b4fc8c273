/* cms_sign and cms_verify, against each other and `openssl cms'. */
#include "unit.h"

#include "blob.h"
#include "buffer.h"
#include "cms_fixture.h"
#include "cms_label.h"
#include "cms_sign.h"
#include "cms_verify.h"
#include "failure.h"
#include "pool.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char text[] = "Content-Type: text/plain\r\n\r\nhello\r\n";

static void put(struct blob *blob, const char *data, size_t length)
{
    blob_init(blob);
    blob_write(blob, data, length, NULL);
}

static struct der label; /* of what is signed next */

static void sign(const struct cms_party *party, const struct blob *content,
                 struct blob *out)
{
    static const unsigned char capabilities[] = {
        0x30, 0x0d, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86,
        0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a}; /* AES-256-CBC */
    struct cms_signer signer = {
        .certificate = party->certificate,
        .key = party->key,
        .capabilities = {capabilities, sizeof capabilities},
        .label = label,
        .now = time(NULL)};
    struct cms_digest digest;
    unsigned char value[CMS_DIGEST_MOST];
    struct buffer der = {0};
    struct blob_source source;
    struct failure why = {0};
    const struct cms_hash *hash = cms_hash_named("sha256");
    blob_source_init(&source, content, 0, content->length);
    CU_ASSERT_EQUAL_FATAL(cms_digest_init(&digest, hash, &why), 0);
    CU_ASSERT_EQUAL(stream_copy(&source.source, &digest.sink, &why), 0);
    CU_ASSERT_EQUAL(cms_digest_finish(&digest, value, &why), 0);
    cms_digest_free(&digest);
    CU_ASSERT_EQUAL(cms_sign(&signer, hash, value, &der, &why), 0);
    put(out, der.data, der.length);
    buffer_free(&der);
}

static struct cms_signed cms;
static struct pool *pool;
static struct failure why;

/* Verifies; the result is in `cms' until let_go(). */
static enum cms_read verify(const struct blob *wire, off_t length,
                            const struct blob *detached, struct blob *inside)
{
    static const struct cms_verifier all = {NULL, NULL, NULL};
    struct blob_source in, beside;
    enum cms_read read = CMS_READ;
    pool = pool_new();
    why = (struct failure){0};
    blob_source_init(&in, wire, 0, length);
    if (detached)
        blob_source_init(&beside, detached, 0, detached->length);
    if (inside)
        blob_init(inside);
    CU_ASSERT_EQUAL(cms_verify(pool, &in.source,
                               detached ? &beside.source : NULL,
                               inside ? &inside->sink : NULL, &all, &read,
                               &cms, &why),
                    0);
    return read;
}

static void let_go(void)
{
    cms_signed_free(&cms);
    pool_free(&pool);
}

static enum cms_status status_of(const struct blob *wire,
                                 const struct blob *detached)
{
    enum cms_status status = CMS_BROKEN;
    CU_ASSERT_EQUAL(verify(wire, wire->length, detached, NULL), CMS_READ);
    CU_ASSERT_EQUAL(cms.count, 1);
    if (cms.count == 1)
        status = cms.signatures[0].status;
    let_go();
    return status;
}

static void there_and_back(const struct cms_party *party)
{
    static const size_t lengths[] = {0, 1, 33, 100000};
    static char data[100000];
    for (size_t i = 0; i < 4; i++) {
        struct blob content, wire, other;
        put(&content, data, lengths[i]);
        sign(party, &content, &wire);
        CU_ASSERT_EQUAL(verify(&wire, wire.length, &content, NULL), CMS_READ);
        CU_ASSERT_EQUAL_FATAL(cms.count, 1);
        CU_ASSERT_EQUAL(cms.signatures[0].status, CMS_GOOD);
        CU_ASSERT_STRING_EQUAL(cms.signatures[0].reason, "");
        CU_ASSERT_TRUE(cms.signatures[0].domain);
        CU_ASSERT_TRUE(cms.signatures[0].capabilities_length > 10);
        CU_ASSERT_TRUE(time(NULL) - cms.signatures[0].signed_at < 100);
        let_go();
        put(&other, "x", 1);
        if (lengths[i] != 1)
            CU_ASSERT_EQUAL(status_of(&wire, &other), CMS_ALTERED);
        blob_free(&content);
        blob_free(&wire);
        blob_free(&other);
    }
}

static void both_keys(void)
{
    there_and_back(cms_fixture_rsa());
    there_and_back(cms_fixture_ec());
}

static void openssl_verifies(void)
{
    const char *names[] = {"rsa", "ec"};
    for (int i = 0; i < 2; i++) {
        char script[400];
        struct blob content, wire;
        put(&content, text, strlen(text));
        sign(i ? cms_fixture_ec() : cms_fixture_rsa(), &content, &wire);
        cms_fixture_write("content", &content);
        cms_fixture_write("wire", &wire);
        snprintf(script, sizeof script,
                 "openssl cms -verify -binary -inform DER -in wire "
                 "-content content -CAfile %s.pem -purpose any -cades "
                 "-out back &&"
                 "cmp content back", names[i]);
        CU_ASSERT_EQUAL(cms_fixture_shell(script), 0);
        blob_free(&content);
        blob_free(&wire);
    }
}

static void openssl_signs(const char *options, int detached)
{
    char script[500];
    struct blob content, wire, inside;
    put(&content, text, strlen(text));
    cms_fixture_write("content", &content);
    snprintf(script, sizeof script,
             "openssl cms -sign -binary -in content -outform DER -out wire %s",
             options);
    CU_ASSERT_EQUAL(cms_fixture_shell(script), 0);
    cms_fixture_read("wire", &wire);
    CU_ASSERT_EQUAL(verify(&wire, wire.length, detached ? &content : NULL,
                           detached ? NULL : &inside),
                    CMS_READ);
    CU_ASSERT_TRUE(cms.count > 0);
    for (size_t i = 0; i < cms.count; i++) {
        CU_ASSERT_EQUAL(cms.signatures[i].status, CMS_GOOD);
        CU_ASSERT_STRING_EQUAL(cms.signatures[i].reason, "");
    }
    let_go();
    if (!detached) {
        CU_ASSERT_EQUAL(inside.length, content.length);
        CU_ASSERT_EQUAL(memcmp(inside.data, text, strlen(text)), 0);
        blob_free(&inside);
    }
    blob_free(&content);
    blob_free(&wire);
}

static void verifies_openssl(void)
{
    cms_fixture_rsa();
#define RSA_SIGNS " -signer rsa.pem -inkey rsa.key "
#define EC_SIGNS " -signer ec.pem -inkey ec.key "
    openssl_signs(RSA_SIGNS, 1);
    openssl_signs(RSA_SIGNS "-nodetach", 0);
    openssl_signs(RSA_SIGNS "-nodetach -stream", 0);
    openssl_signs(RSA_SIGNS "-md sha1", 1);
    openssl_signs(RSA_SIGNS "-md sha512 -keyid", 1);
    openssl_signs(RSA_SIGNS "-noattr", 1);
    openssl_signs(RSA_SIGNS "-keyopt rsa_padding_mode:pss", 1);
    openssl_signs(EC_SIGNS "-md sha256 -nodetach", 0);
    openssl_signs(EC_SIGNS "-md sha384 -noattr", 1);
    openssl_signs(RSA_SIGNS EC_SIGNS, 1);
    openssl_signs("-signer p384.pem -inkey p384.key -md sha384", 1);
    openssl_signs("-signer p521.pem -inkey p521.key -md sha512", 1);
    openssl_signs("-signer rsa1024.pem -inkey rsa1024.key -md sha224", 1);
    openssl_signs(RSA_SIGNS "-cades", 1);
    openssl_signs(RSA_SIGNS "-cades -md sha384", 1);
    openssl_signs(RSA_SIGNS "-keyopt rsa_padding_mode:pss -keyopt "
                            "rsa_pss_saltlen:max -md sha512", 1);
}

/* A certificate whose key is for PSS alone (RFC 4055). */
static void pss_certificates(void)
{
    cms_fixture_rsa();
#define PSS_SIGNS                                                             \
    "-signer pss.pem -inkey pss.key -keyopt rsa_padding_mode:pss "
    openssl_signs(PSS_SIGNS, 1);
    openssl_signs(PSS_SIGNS "-md sha384 -nodetach", 0);
}

/* What is digested of a signature with attributes, as a content that is
 * signed without: who has the one has the other. */
static void attributes_as_content(void)
{
    static const unsigned char attributes[] = {
        0x31, 0x4b, 0x30, 0x18, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
        0x0d, 0x01, 0x09, 0x03, 0x31, 0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48,
        0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01, 0x30, 0x2f, 0x06, 0x09, 0x2a,
        0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04, 0x31, 0x22, 0x04,
        0x20};
    unsigned char content[sizeof attributes + 32] = {0};
    struct blob blob, wire, inside;
    memcpy(content, attributes, sizeof attributes);
    put(&blob, (const char *)content, sizeof content);
    cms_fixture_rsa();
    cms_fixture_write("content", &blob);
    CU_ASSERT_EQUAL(
        cms_fixture_shell("openssl cms -sign -binary -in content -outform DER "
                          "-out wire -nodetach -noattr" RSA_SIGNS), 0);
    cms_fixture_read("wire", &wire);
    CU_ASSERT_EQUAL(verify(&wire, wire.length, NULL, &inside), CMS_READ);
    CU_ASSERT_EQUAL_FATAL(cms.count, 1);
    CU_ASSERT_EQUAL(cms.signatures[0].status, CMS_ALTERED);
    let_go();
    blob_free(&inside);
    blob_free(&wire);
    blob_free(&blob);
}

/* What nobody needs to understand. */
static void optional_functions(void)
{
    cms_fixture_rsa();
    openssl_signs(RSA_SIGNS "-receipt_request_all -receipt_request_to "
                            "x@a.test", 1);
    openssl_signs(RSA_SIGNS "-nosmimecap", 1);
}

/* Another certificate of the same key. */
static CERTCertificate *other;

static int find_other(void *context, const struct der *issuer,
                      const struct der *serial, const struct der *identifier,
                      CERTCertificate **certificate_r, struct failure *reason)
{
    (void)context, (void)issuer, (void)serial, (void)identifier, (void)reason;
    *certificate_r = CERT_DupCertificate(other);
    return 1;
}

static enum cms_status as_other(const char *options)
{
    static const struct cms_verifier verifier = {find_other, NULL, NULL};
    struct blob content, wire;
    struct blob_source in, beside;
    enum cms_read read;
    enum cms_status status = CMS_BROKEN;
    char script[500];
    put(&content, text, strlen(text));
    cms_fixture_write("content", &content);
    snprintf(script, sizeof script,
             "openssl cms -sign -binary -nocerts -in content -outform DER "
             "-out wire %s " RSA_SIGNS, options);
    CU_ASSERT_EQUAL(cms_fixture_shell(script), 0);
    cms_fixture_read("wire", &wire);
    pool = pool_new();
    blob_source_init(&in, &wire, 0, wire.length);
    blob_source_init(&beside, &content, 0, content.length);
    CU_ASSERT_EQUAL(cms_verify(pool, &in.source, &beside.source, NULL,
                               &verifier, &read, &cms, &why), 0);
    if (read == CMS_READ && cms.count == 1)
        status = cms.signatures[0].status;
    let_go();
    blob_free(&content);
    blob_free(&wire);
    return status;
}

static void another_certificate(void)
{
    struct blob der;
    cms_fixture_rsa();
    CU_ASSERT_EQUAL_FATAL(
        cms_fixture_shell("openssl req -x509 -key rsa.key -subj /CN=rsa "
                          "-addext subjectAltName=email:eve@evil.test "
                          "-outform DER -out other.der"),
        0);
    cms_fixture_read("other.der", &der);
    SECItem item = {siBuffer, (unsigned char *)der.data, (unsigned)der.length};
    other = CERT_NewTempCertificate(CERT_GetDefaultCertDB(), &item, NULL, PR_FALSE,
                                    PR_TRUE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(other);
    CU_ASSERT_EQUAL(as_other(""), CMS_GOOD);
    CU_ASSERT_EQUAL(as_other("-cades"), CMS_ALTERED);
    CU_ASSERT_EQUAL(as_other("-cades -md sha512"), CMS_ALTERED);
    CERT_DestroyCertificate(other);
    blob_free(&der);
}

static void labels(void)
{
    static const unsigned char policy[] = {0x60, 0x84, 0x2a, 1, 1};
    struct cms_label given = {{policy, sizeof policy}, 3, "SENSITIVE"};
    struct buffer der = {0};
    struct blob content, wire;
    cms_label_put(&given, &der);
    label = (struct der){(unsigned char *)der.data, der.length};
    put(&content, text, strlen(text));
    sign(cms_fixture_rsa(), &content, &wire);
    label = (struct der){NULL, 0};
    CU_ASSERT_EQUAL(verify(&wire, wire.length, &content, NULL), CMS_READ);
    CU_ASSERT_EQUAL(cms.signatures[0].status, CMS_GOOD);
    CU_ASSERT_STRING_EQUAL(cms_label_text(pool, &cms.signatures[0].label),
                           "2.16.554.1.1 3 SENSITIVE");
    let_go();
    buffer_free(&der);
    blob_free(&content);
    blob_free(&wire);
}

static void odd_labels(void)
{
    static const struct {
        const char *der, *expected;
    } table[] = {
        {"", ""}, {"\x31", ""}, {"\x30\x03\x06\x01\x2a", ""},
        {"\x31\x03\x06\x01\x2a", "1.2 -"},
        {"\x31\x06\x06\x01\x2a\x02\x01\x05", "1.2 5"},
        {"\x31\x08\x0c\x03" "a\nb\x06\x01\x2a", "1.2 - a?b"},
        {"\x31\x05\x06\x01\x2a\x05\x05", ""},
    };
    pool = pool_new();
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct der der = {(const unsigned char *)table[i].der,
                          strlen(table[i].der)};
        CU_ASSERT_STRING_EQUAL(cms_label_text(pool, &der), table[i].expected);
    }
    pool_free(&pool);
}

static void no_certificate(void)
{
    struct blob content, wire;
    cms_fixture_rsa();
    put(&content, text, strlen(text));
    cms_fixture_write("content", &content);
    CU_ASSERT_EQUAL(cms_fixture_shell(
                        "openssl cms -sign -binary -nocerts -in content "
                        "-outform DER -out wire" RSA_SIGNS), 0);
    cms_fixture_read("wire", &wire);
    CU_ASSERT_EQUAL(status_of(&wire, &content), CMS_NO_CERTIFICATE);
    blob_free(&content);
    blob_free(&wire);
}

/* Any octet changed: never good, but for those that nobody signs. */
static void any_octet_changed(void)
{
    struct blob content, wire;
    unsigned good = 0;
    put(&content, text, strlen(text));
    sign(cms_fixture_ec(), &content, &wire);
    for (size_t i = 0; i < (size_t)wire.length; i++) {
        wire.data[i] = (char)(wire.data[i] ^ 1);
        if (verify(&wire, wire.length, &content, NULL) == CMS_READ)
            for (size_t k = 0; k < cms.count; k++)
                good += cms.signatures[k].status == CMS_GOOD;
        let_go();
        wire.data[i] = (char)(wire.data[i] ^ 1);
    }
    /* the two versions, and bytes of the certificate but its key and names,
     * which the judge will look at */
    CU_ASSERT_TRUE(good < 420);
    for (off_t cut = 0; cut < wire.length; cut++) {
        CU_ASSERT_EQUAL(verify(&wire, cut, &content, NULL), CMS_UNREADABLE);
        let_go();
    }
    blob_write(&wire, "", 1, NULL);
    CU_ASSERT_EQUAL(verify(&wire, wire.length, &content, NULL),
                    CMS_UNREADABLE);
    let_go();
    blob_free(&content);
    blob_free(&wire);
}

static void other_types(void)
{
    struct blob content, wire;
    cms_fixture_rsa();
    put(&content, text, strlen(text));
    cms_fixture_write("content", &content);
    CU_ASSERT_EQUAL(cms_fixture_shell("openssl cms -encrypt -binary -in "
                                      "content -outform DER -out wire rsa.pem"),
                    0);
    cms_fixture_read("wire", &wire);
    CU_ASSERT_EQUAL(verify(&wire, wire.length, &content, NULL),
                    CMS_NOT_SIGNED);
    let_go();
    blob_free(&wire);
    CU_ASSERT_EQUAL(cms_fixture_shell("openssl cms -digest_create -binary -in "
                                      "content -outform DER -out wire"), 0);
    cms_fixture_read("wire", &wire);
    CU_ASSERT_EQUAL(verify(&wire, wire.length, NULL, NULL), CMS_NOT_SIGNED);
    let_go();
    blob_free(&wire);
    CU_ASSERT_EQUAL(cms_fixture_shell("openssl crl2pkcs7 -nocrl -certfile "
                                      "rsa.pem -outform DER -out wire"), 0);
    cms_fixture_read("wire", &wire);
    CU_ASSERT_EQUAL(verify(&wire, wire.length, NULL, NULL), CMS_READ);
    CU_ASSERT_EQUAL(cms.count, 0); /* certificates alone */
    CU_ASSERT_EQUAL(cms.certificate_count, 1);
    let_go();
    blob_free(&wire);
    CU_ASSERT_EQUAL(cms_fixture_shell(
                        "openssl cms -sign -binary -nodetach -in content "
                        "-econtent_type 1.2.3.4 -outform DER -out wire"
                        RSA_SIGNS), 0);
    cms_fixture_read("wire", &wire);
    CU_ASSERT_EQUAL(verify(&wire, wire.length, NULL, NULL), CMS_UNREADABLE);
    let_go();
    blob_free(&content);
    blob_free(&wire);
}

static const struct unit_test tests[] = {
    {"2.9-capabilities: signed and read back, RSA and EC", both_keys},
    {"1.1-ess: openssl verifies our domain signature", openssl_verifies},
    {"1.1-rfc: we verify what openssl signs", verifies_openssl},
    {"1.1-rfc: certificates for RSA-PSS alone", pss_certificates},
    {"1.7-graceful: receipt requests, and no capabilities",
     optional_functions},
    {"1.2-sender-rcpt: attributes that were signed are no mail",
     attributes_as_content},
    {"1.1-ess: a signature is good by its own certificate alone",
     another_certificate},
    {"1.9-label: a security label within the signature", labels},
    {"1.7-graceful: odd security labels", odd_labels},
    {"2.10-nocerts: a missing certificate is told", no_certificate},
    {"1.2-sender-rcpt: no changed octet passes", any_octet_changed},
    {"signed: other content types are told", other_types},
};
UNIT_SUITE(signed, tests)
