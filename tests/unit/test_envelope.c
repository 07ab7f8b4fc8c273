/* cms_encrypt and cms_decrypt, against each other and `openssl cms'. */
#include "unit.h"

#include "blob.h"
#include "cms_decrypt.h"
#include "cms_encrypt.h"
#include "cms_fixture.h"
#include "cms_trial.h"
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

static void encrypt_to(const struct blob *content, const char *algorithm,
                       const struct cms_recipient *to, size_t count,
                       struct blob *out)
{
    static struct cms_encrypt encrypt;
    struct blob_source source;
    struct failure why = {0};
    blob_init(out);
    blob_source_init(&source, content, 0, content->length);
    CU_ASSERT_EQUAL_FATAL(cms_encrypt_start(&encrypt,
                                            cms_algorithm_named(algorithm), to,
                                            count, &out->sink, &why),
                          0);
    CU_ASSERT_EQUAL(stream_copy(&source.source, &encrypt.sink, &why), 0);
    CU_ASSERT_EQUAL(cms_encrypt_finish(&encrypt, &why), 0);
    cms_encrypt_free(&encrypt);
}

static void encrypt(const struct blob *content, const char *algorithm,
                    struct blob *out)
{
    struct cms_recipient to = {cms_fixture_rsa()->certificate, CMS_RSA};
    encrypt_to(content, algorithm, &to, 1, out);
}

static enum cms_opened decrypt_as(const char *party, const struct blob *in,
                                  off_t length, struct blob *out)
{
    struct blob_source source;
    enum cms_opened opened = CMS_OPENED;
    struct cms_keys keys = cms_fixture_keys(party);
    struct failure why = {0};
    blob_init(out);
    blob_source_init(&source, in, 0, length);
    CU_ASSERT_EQUAL(cms_decrypt(&source.source, &keys, &out->sink, &opened,
                                &why),
                    0);
    if (opened != CMS_OPENED)
        CU_ASSERT_TRUE(why.text[0] != '\0');
    return opened;
}

static enum cms_opened decrypt(const struct blob *in, off_t length,
                               struct blob *out)
{
    return decrypt_as("rsa", in, length, out);
}

static void round_trips(void)
{
    static const size_t sizes[] = {0, 1, 15, 16, 17, 16383, 16384, 16385,
                                   100000, 1000003};
    static const char *const names[] = {
        "aes-256-cbc",  "aes-192-cbc", "aes-128-cbc", "des-ede3-cbc",
        "aes-256-gcm", "aes-192-gcm", "aes-128-gcm"};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0] * 7; i++) {
        struct blob content, wire, back;
        fill(&content, sizes[i / 7]);
        encrypt(&content, names[i % 7], &wire);
        CU_ASSERT_EQUAL(decrypt(&wire, wire.length, &back), CMS_OPENED);
        CU_ASSERT_TRUE(same(&content, &back));
        blob_free(&content);
        blob_free(&wire);
        blob_free(&back);
    }
}

/* Each way to encrypt a content key, and what openssl calls its keys. */
static const struct way {
    const char *party;
    enum cms_transport transport;
} ways[] = {{"rsa", CMS_RSA},   {"rsa", CMS_RSA_OAEP}, {"rsa1024", CMS_RSA},
            {"ec", CMS_ECDH},   {"p384", CMS_ECDH},    {"p521", CMS_ECDH}};
#define WAYS (sizeof ways / sizeof ways[0])

static void openssl_opens_ours(void)
{
    static const char *const names[] = {"aes-256-cbc", "aes-192-cbc",
                                        "aes-128-gcm", "aes-256-gcm"};
    struct blob content, wire, back;
    char script[400];
    fill(&content, 70001);
    for (size_t i = 0; i < WAYS * 4; i++) {
        const struct way *way = &ways[i / 4];
        struct cms_recipient to = {cms_fixture_party(way->party)->certificate,
                                   way->transport};
        encrypt_to(&content, names[i % 4], &to, 1, &wire);
        cms_fixture_write("wire", &wire);
        snprintf(script, sizeof script,
                 "openssl cms -decrypt -inform DER -in wire -inkey %s.key "
                 "-recip %s.pem -out back -binary",
                 way->party, way->party);
        CU_ASSERT_EQUAL(cms_fixture_shell(script), 0);
        cms_fixture_read("back", &back);
        CU_ASSERT_TRUE(same(&content, &back));
        blob_free(&wire);
        blob_free(&back);
    }
    blob_free(&content);
}

static void opens_openssl_as(const char *party, const char *options,
                             enum cms_opened expected)
{
    struct blob content, wire, back;
    char script[400];
    fill(&content, 70001);
    cms_fixture_write("content", &content);
    snprintf(script, sizeof script,
             "openssl cms -encrypt -binary -in content -outform DER -out wire "
             "%s",
             options);
    CU_ASSERT_EQUAL_FATAL(cms_fixture_shell(script), 0);
    cms_fixture_read("wire", &wire);
    enum cms_opened opened = decrypt_as(party, &wire, wire.length, &back);
    CU_ASSERT_EQUAL(opened, expected);
    if (opened != expected)
        printf("%s: %d\n", options, (int)opened);
    if (expected == CMS_OPENED)
        CU_ASSERT_TRUE(same(&content, &back));
    blob_free(&content);
    blob_free(&wire);
    blob_free(&back);
}

static void opens_openssl(const char *options, enum cms_opened expected)
{
    opens_openssl_as("rsa", options, expected);
}

static void opens_what_openssl_makes(void)
{
    cms_fixture_rsa();
    opens_openssl("-aes256 rsa.pem", CMS_OPENED);
    opens_openssl("-aes128 -stream rsa.pem", CMS_OPENED);
    opens_openssl("-des3 rsa.pem", CMS_OPENED);
    opens_openssl("-aes256 -keyid rsa.pem", CMS_OPENED);
    opens_openssl("-aes-256-gcm rsa.pem", CMS_OPENED);
    opens_openssl("-aes-192-gcm -stream rsa.pem", CMS_OPENED);
    opens_openssl("-aes-128-gcm -keyid rsa.pem", CMS_OPENED);
    opens_openssl("-camellia256 rsa.pem", CMS_UNSUPPORTED);
    opens_openssl_as("rsa1024", "-aes256 rsa1024.pem", CMS_OPENED);
}

static void opens_oaep(void)
{
    static const char *const hashes[] = {"sha1", "sha224", "sha256", "sha384",
                                         "sha512"};
    char options[300];
    cms_fixture_rsa();
#define OAEP "-recip rsa.pem -keyopt rsa_padding_mode:oaep"
    opens_openssl("-aes-256-gcm " OAEP, CMS_OPENED);
    for (size_t i = 0; i < 25; i++) {
        snprintf(options, sizeof options,
                 "-aes128 " OAEP " -keyopt rsa_oaep_md:%s "
                 "-keyopt rsa_mgf1_md:%s%s",
                 hashes[i / 5], hashes[i % 5],
                 i % 2 ? " -keyopt rsa_oaep_label:736565" : "");
        opens_openssl(options, CMS_OPENED);
    }
}

static void opens_ecdh(void)
{
    static const char *const parties[] = {"ec", "p384", "p521"};
    static const char *const ciphers[] = {"aes128", "aes192", "aes256",
                                          "aes-128-gcm", "aes-256-gcm"};
    static const char *const kdfs[] = {"sha1", "sha224", "sha256", "sha384",
                                       "sha512"};
    char options[300];
    cms_fixture_rsa();
    for (size_t i = 0; i < 15; i++) {
        snprintf(options, sizeof options,
                 "-%s -recip %s.pem -keyopt ecdh_kdf_md:%s%s%s",
                 ciphers[i / 3], parties[i % 3], kdfs[i % 5],
                 i % 2 ? " -keyopt ecdh_cofactor_mode:1" : "",
                 i % 4 == 3 ? " -keyid" : "");
        opens_openssl_as(parties[i % 3], options, CMS_OPENED);
    }
}

/* Ours is found among recipients of every kind. */
static void many_recipients(void)
{
    static const char all[] =
        "-aes256 -pwri_password x -secretkeyid 31 -secretkey "
        "00112233445566778899aabbccddeeff p521.pem rsa1024.pem ec.pem rsa.pem "
        "p384.pem";
    static const char *const parties[] = {"rsa", "rsa1024", "ec", "p384",
                                          "p521"};
    struct blob content, wire, back;
    struct cms_recipient to[WAYS];
    cms_fixture_rsa();
    for (size_t i = 0; i < 5; i++)
        opens_openssl_as(parties[i], all, CMS_OPENED);
    opens_openssl_as("rsa", "-aes256 ec.pem", CMS_NOT_FOR_US);
    opens_openssl_as("p384", "-aes256 ec.pem rsa.pem", CMS_NOT_FOR_US);
    fill(&content, 1000);
    for (size_t i = 0; i < WAYS; i++)
        to[i] = (struct cms_recipient){
            cms_fixture_party(ways[i].party)->certificate, ways[i].transport};
    encrypt_to(&content, "aes-256-gcm", to, WAYS, &wire);
    for (size_t i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(decrypt_as(parties[i], &wire, wire.length, &back),
                        CMS_OPENED);
        CU_ASSERT_TRUE(same(&content, &back));
        blob_free(&back);
    }
    blob_free(&wire);
    blob_free(&content);
}

/* A bit changed anywhere in AuthEnvelopedData: never opened to anything
 * else. */
static void no_changed_bit_opens(void)
{
    struct blob content, wire, back;
    struct cms_recipient to = {cms_fixture_ec()->certificate, CMS_ECDH};
    unsigned opened = 0;
    fill(&content, 100);
    encrypt_to(&content, "aes-128-gcm", &to, 1, &wire);
    for (off_t i = 0; i < wire.length; i++) {
        wire.data[i] = (char)(wire.data[i] ^ (1 << i % 8));
        if (decrypt_as("ec", &wire, wire.length, &back) == CMS_OPENED) {
            CU_ASSERT_TRUE(same(&content, &back));
            opened++;
        }
        blob_free(&back);
        wire.data[i] = (char)(wire.data[i] ^ (1 << i % 8));
    }
    CU_ASSERT_TRUE(opened < 4); /* the versions, which nobody looks at */
    blob_free(&wire);
    blob_free(&content);
}

static int no_rsa(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "rsa") != 0 && strcmp(name, "ecdh") != 0;
}

static void key_transport_by_policy(void)
{
    struct blob content, wire, back;
    struct cms_keys keys = cms_fixture_keys("rsa");
    struct blob_source source;
    enum cms_opened opened;
    struct failure why = {0};
    fill(&content, 100);
    for (int i = 0; i < 2; i++) {
        struct cms_recipient to = {cms_fixture_rsa()->certificate,
                                   i ? CMS_RSA_OAEP : CMS_RSA};
        encrypt_to(&content, "aes-256-cbc", &to, 1, &wire);
        keys.permits = no_rsa;
        blob_init(&back);
        blob_source_init(&source, &wire, 0, wire.length);
        CU_ASSERT_EQUAL(cms_decrypt(&source.source, &keys, &back.sink, &opened,
                                    &why),
                        0);
        CU_ASSERT_EQUAL(opened, i ? CMS_OPENED : CMS_UNSUPPORTED);
        blob_free(&back);
        blob_free(&wire);
    }
    blob_free(&content);
}

/* A key block that is none: it is the message's fault, not the store's. */
static void a_broken_key_block(void)
{
    struct blob content, wire, back;
    fill(&content, 1000);
    for (size_t i = 0; i < WAYS; i++) {
        struct cms_recipient to = {
            cms_fixture_party(ways[i].party)->certificate, ways[i].transport};
        encrypt_to(&content, "aes-256-gcm", &to, 1, &wire);
        off_t at = wire.length - 1000 - 90; /* in the encrypted key */
        wire.data[at] = (char)(wire.data[at] ^ 1);
        CU_ASSERT_EQUAL(decrypt_as(ways[i].party, &wire, wire.length, &back),
                        CMS_UNDECRYPTABLE);
        blob_free(&back);
        blob_free(&wire);
    }
    blob_free(&content);
}

/* The sender's point is not on the curve (an old way to get at keys). */
static void a_point_off_the_curve(void)
{
    static const unsigned char start[] = {0x03, 0x42, 0x00, 0x04};
    struct blob content, wire, back;
    struct cms_recipient to = {cms_fixture_ec()->certificate, CMS_ECDH};
    off_t at = 0;
    fill(&content, 100);
    encrypt_to(&content, "aes-256-cbc", &to, 1, &wire);
    while (at + 70 < wire.length && memcmp(wire.data + at, start, 4) != 0)
        at++;
    CU_ASSERT_TRUE_FATAL(at + 70 < wire.length);
    wire.data[at + 60] = (char)(wire.data[at + 60] ^ 1);
    CU_ASSERT_EQUAL(decrypt_as("ec", &wire, wire.length, &back),
                    CMS_UNDECRYPTABLE);
    CU_ASSERT_EQUAL(back.length, 0);
    blob_free(&back);
    blob_free(&wire);
    blob_free(&content);
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
    struct cms_keys keys = cms_fixture_keys("rsa");
    CU_ASSERT_EQUAL(cms_decrypt(&source.source, &keys, &full,
                                &opened, &why),
                    -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_DISK);
    blob_free(&content);
    blob_free(&wire);
}

static void a_trial(void)
{
    const struct cms_party *rsa = cms_fixture_rsa(),
                           *other = cms_fixture_party("rsa1024");
    struct failure why;
    CERTCertificate *ec = cms_fixture_ec()->certificate;
    for (enum cms_transport by = CMS_RSA; by <= CMS_RSA_OAEP; by++) {
        CU_ASSERT_EQUAL(cms_trial(rsa->certificate, rsa->key, by, &why), 1);
        CU_ASSERT_EQUAL(cms_trial(rsa->certificate, other->key, by, &why), 0);
        CU_ASSERT_EQUAL(cms_trial(ec, rsa->key, by, &why), -1);
        CU_ASSERT_EQUAL(why.kind, FAILURE_CRYPTO);
    }
    CU_ASSERT_EQUAL(cms_trial(ec, cms_fixture_ec()->key, CMS_ECDH, &why), 1);
    CU_ASSERT_EQUAL(cms_trial(rsa->certificate, rsa->key, CMS_ECDH, &why), -1);
    CU_ASSERT_EQUAL(cms_opens(rsa->certificate, rsa->key, CMS_RSA_OAEP, &why),
                    1);
}

static const struct unit_test tests[] = {
    {"envelope: there and back, every size and cipher", round_trips},
    {"1.1-rfc: openssl opens our envelope, by every cipher and key",
     openssl_opens_ours},
    {"1.1-rfc: we open what openssl makes", opens_what_openssl_makes},
    {"1.1-rfc: RSA-OAEP with every hash, mask and label", opens_oaep},
    {"1.1-rfc: ECDH with every curve, KDF and key wrap", opens_ecdh},
    {"1.7-graceful: our key is found among recipients of every kind",
     many_recipients},
    {"2.4-aes: no changed bit passes AES-GCM", no_changed_bit_opens},
    {"2.4-approved: a key transport that the policy does not accept",
     key_transport_by_policy},
    {"1.7-graceful: a broken key block is the message's fault",
     a_broken_key_block},
    {"1.7-graceful: a point that is not on the curve",
     a_point_off_the_curve},
    {"1.2-sender-rcpt: an envelope cut anywhere is not opened",
     cut_anywhere_is_not_opened},
    {"envelope: another content type is told", another_content_is_no_envelope},
    {"1.2-suspend: a full disk is a failure, no answer",
     a_full_disk_is_no_answer},
    {"2.4-hsm: a trial tells what a key opens", a_trial},
};
UNIT_SUITE(envelope, tests)
