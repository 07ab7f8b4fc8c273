/* ocsp: requests that openssl's responder takes, and its answers. */
#include "unit.h"

#include "blob.h"
#include "cms_fixture.h"
#include "der.h"
#include "failure.h"
#include "ocsp.h"
#include "pool.h"
#include "scratch.h"
#include "state.h"

#include <certdb.h>
#include <nssb64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct failure why;
static char answer_bytes[OCSP_BYTES_MOST];

static const char script[] =
    "[ -e ocsp-ca.pem ] && exit 0\n"
    "req() { openssl req -new -newkey rsa:2048 -nodes -subj \"/CN=$1\" "
    "-keyout $1.key -out $1.csr; }\n"
    "sign() { printf '%b' \"$2\" >$1.ext; openssl x509 -req -in $1.csr "
    "-CA ${3:-ocsp-ca}.pem -CAkey ${3:-ocsp-ca}.key -set_serial $4 -days 30 "
    "-extfile $1.ext -out $1.pem && "
    "openssl x509 -in $1.pem -outform DER -out $1.der; }\n"
    "aia='authorityInfoAccess=OCSP;URI:http://127.0.0.1:1/ocsp'\n"
    "for ca in ocsp-ca ocsp-other; do openssl req -x509 -newkey rsa:2048 "
    "-nodes -days 60 -subj /CN=$ca -keyout $ca.key -out $ca.pem && "
    "openssl x509 -in $ca.pem -outform DER -out $ca.der; done\n"
    "for n in ocsp-good:10 ocsp-revoked:11 ocsp-hold:12 ocsp-new:13; do "
    "req ${n%:*} && sign ${n%:*} \"$aia\" ocsp-ca ${n#*:}; done\n"
    "req ocsp-responder && sign ocsp-responder "
    "'keyUsage=digitalSignature\nextendedKeyUsage=OCSPSigning' ocsp-ca 20\n"
    "req ocsp-client && sign ocsp-client 'keyUsage=digitalSignature' "
    "ocsp-ca 21\n"
    "{ printf 'V\\t400101000000Z\\t\\t0A\\tunknown\\t/CN=ocsp-good\\n'\n"
    "printf 'R\\t400101000000Z\\t250101000000Z,keyCompromise\\t0B\\tunknown"
    "\\t/CN=ocsp-revoked\\n'\n"
    "printf 'R\\t400101000000Z\\t250102000000Z,certificateHold\\t0C\\tunknown"
    "\\t/CN=ocsp-hold\\n'; } >ocsp.txt";

/* openssl's answer for a certificate, signed by somebody. */
#define ANSWER                                                                \
    "openssl ocsp -issuer ocsp-ca.pem -cert %s.pem -no_nonce -reqout q.der "  \
    "&& openssl ocsp -index ocsp.txt -CA ocsp-ca.pem -rsigner %s.pem -rkey "  \
    "%s.key %s -reqin q.der -respout a.der"

static CERTCertificate *load(const char *name)
{
    char file[80];
    struct blob blob;
    snprintf(file, sizeof file, "%s.der", name);
    cms_fixture_read(file, &blob);
    SECItem item = {siBuffer, (unsigned char *)blob.data,
                    (unsigned)blob.length};
    CERTCertificate *certificate = CERT_NewTempCertificate(
        CERT_GetDefaultCertDB(), &item, NULL, PR_FALSE, PR_TRUE);
    blob_free(&blob);
    CU_ASSERT_PTR_NOT_NULL_FATAL(certificate);
    return certificate;
}

static struct der make(const char *name, const char *signer,
                       const char *options)
{
    char command[600];
    struct blob blob;
    CU_ASSERT_EQUAL_FATAL(cms_fixture_shell(script), 0);
    snprintf(command, sizeof command, ANSWER, name, signer, signer, options);
    CU_ASSERT_EQUAL_FATAL(cms_fixture_shell(command), 0);
    cms_fixture_read("a.der", &blob);
    struct der answer = {(unsigned char *)answer_bytes, (size_t)blob.length};
    CU_ASSERT_TRUE_FATAL(answer.length <= sizeof answer_bytes);
    memcpy(answer_bytes, blob.data, answer.length);
    blob_free(&blob);
    return answer;
}

static int read_as(const struct der *der, const char *name, const char *ca,
                   time_t now, struct ocsp_answer *answer)
{
    CERTCertificate *certificate = load(name), *issuer = load(ca);
    struct pool *pool = pool_new();
    const struct ocsp_reader reader = {.pool = pool, .now = now};
    int rc = ocsp_read(&reader, der, certificate, issuer, answer, &why);
    pool_free(&pool);
    CERT_DestroyCertificate(certificate);
    CERT_DestroyCertificate(issuer);
    return rc;
}

static void answers(void)
{
    static const struct {
        const char *name, *signer, *options;
        int status, reason;
    } table[] = {
        {"ocsp-good", "ocsp-ca", "-ndays 1", OCSP_GOOD, 0},
        {"ocsp-good", "ocsp-ca", "", OCSP_GOOD, 0},
        {"ocsp-revoked", "ocsp-ca", "-ndays 1", OCSP_REVOKED, 1},
        {"ocsp-hold", "ocsp-responder", "-ndays 1", OCSP_REVOKED, 6},
        {"ocsp-good", "ocsp-responder", "-resp_key_id", OCSP_GOOD, 0},
        {"ocsp-new", "ocsp-responder", "-ndays 1", OCSP_NOT_KNOWN, 0}};
    CU_ASSERT_PTR_NOT_NULL(cms_fixture_rsa());
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct ocsp_answer answer;
        struct der der =
            make(table[i].name, table[i].signer, table[i].options);
        CU_ASSERT_EQUAL(read_as(&der, table[i].name, "ocsp-ca", time(NULL),
                                &answer), 0);
        CU_ASSERT_EQUAL(answer.status, (enum ocsp_status)table[i].status);
        CU_ASSERT_EQUAL(answer.reason, table[i].reason);
        CU_ASSERT_EQUAL(answer.revoked_at > 0, answer.status == OCSP_REVOKED);
    }
}

static void refused(void)
{
    struct ocsp_answer answer;
    struct der der = make("ocsp-good", "ocsp-client", "-ndays 1");
    time_t now = time(NULL);
    CU_ASSERT_EQUAL(read_as(&der, "ocsp-good", "ocsp-ca", now, &answer), -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_CRYPTO); /* not for signing responses */
    der = make("ocsp-good", "ocsp-other", "-ndays 1");
    CU_ASSERT_EQUAL(read_as(&der, "ocsp-good", "ocsp-ca", now, &answer), -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_CRYPTO); /* another CA's */
    der = make("ocsp-good", "ocsp-ca", "-ndays 1");
    CU_ASSERT_EQUAL(read_as(&der, "ocsp-revoked", "ocsp-ca", now, &answer),
                    -1); /* of another certificate */
    CU_ASSERT_EQUAL(read_as(&der, "ocsp-good", "ocsp-ca", now + 3 * 86400,
                            &answer), -1);
    CU_ASSERT_EQUAL(read_as(&der, "ocsp-good", "ocsp-ca", now - 86400,
                            &answer), -1);
    answer_bytes[der.length / 3] ^= 1;
    CU_ASSERT_EQUAL(read_as(&der, "ocsp-good", "ocsp-ca", now, &answer), -1);
}

static void cut(void)
{
    struct ocsp_answer answer;
    struct der der = make("ocsp-good", "ocsp-responder", "-ndays 1");
    CERTCertificate *certificate = load("ocsp-good"), *ca = load("ocsp-ca");
    struct pool *pool = pool_new();
    const struct ocsp_reader reader = {.pool = pool, .now = time(NULL)};
    for (size_t length = 0; length < der.length; length++) {
        /* at the end of its memory, so that a tool sees a byte too many */
        unsigned char *copy = malloc(length ? length : 1);
        struct der less = {copy, length};
        memcpy(copy, der.data, length);
        CU_ASSERT_EQUAL(ocsp_read(&reader, &less, certificate, ca, &answer,
                                  &why), -1);
        free(copy);
    }
    pool_free(&pool);
    CERT_DestroyCertificate(certificate);
    CERT_DestroyCertificate(ca);
}

/* openssl reads what stands in the URL. */
static void requests(void)
{
    struct pool *pool = pool_new();
    struct blob blob;
    const char *url = NULL, *request = NULL;
    CU_ASSERT_EQUAL_FATAL(cms_fixture_shell(script), 0);
    CERTCertificate *certificate = load("ocsp-good"), *ca = load("ocsp-ca");
    CU_ASSERT_EQUAL(ocsp_url(pool, certificate, &url, &why), 1);
    CU_ASSERT_STRING_EQUAL(url, "http://127.0.0.1:1/ocsp");
    CU_ASSERT_EQUAL(ocsp_url(pool, ca, &url, &why), 0);
    CU_ASSERT_EQUAL(ocsp_request(pool, "http://127.0.0.1:1/ocsp", certificate,
                                 ca, &request, &why), 0);
    CU_ASSERT_TRUE_FATAL(strncmp(request, "http://127.0.0.1:1/ocsp/M", 25) ==
                         0);
    CU_ASSERT_TRUE(strlen(request) < 255);
    blob_init(&blob);
    CU_ASSERT_EQUAL(blob_write(&blob, request + 24, strlen(request + 24),
                               &why), 0);
    cms_fixture_write("request", &blob);
    blob_free(&blob);
    CU_ASSERT_EQUAL(cms_fixture_shell(
                        "sed 's/%2F/\\//g; s/%2B/+/g; s/%3D/=/g' request | "
                        "base64 -d >url.der && openssl ocsp -issuer "
                        "ocsp-ca.pem -cert ocsp-good.pem -no_nonce -reqout "
                        "theirs.der && cmp url.der theirs.der"), 0);
    CERT_DestroyCertificate(certificate);
    CERT_DestroyCertificate(ca);
    pool_free(&pool);
}

static int keep_at(struct state *state, struct pool *pool,
                   CERTCertificate *certificate, CERTCertificate *ca,
                   const struct ocsp_answer *answer, time_t now)
{
    const struct ocsp_reader reader = {.state = state, .pool = pool,
                                       .now = now};
    return ocsp_keep(&reader, certificate, ca, answer, &why);
}

static int found(struct state *state, struct pool *pool,
                 CERTCertificate *certificate,
                 CERTCertificate *ca, struct ocsp_answer *answer)
{
    CU_ASSERT_EQUAL_FATAL(state_begin(state, STATE_READ, &why), 0);
    return state_end(state, ocsp_find(state, pool, certificate, ca, answer, &why),
                     &why);
}

static void kept(void)
{
    char *folder = scratch_new(), path[300];
    struct ocsp_answer answer = {.status = OCSP_REVOKED, .reason = 6,
                                 .revoked_at = 50, .this_update = 100,
                                 .next_update = 200}, got;
    struct ocsp_answer older = {.status = OCSP_GOOD, .this_update = 90,
                                .next_update = 300};
    struct state *state = NULL;
    struct pool *pool = pool_new();
    CU_ASSERT_EQUAL_FATAL(cms_fixture_shell(script), 0);
    CERTCertificate *certificate = load("ocsp-good"), *ca = load("ocsp-ca");
    CERTCertificate *other = load("ocsp-hold");
    snprintf(path, sizeof path, "%s/state", folder);
    CU_ASSERT_EQUAL_FATAL(state_open(path, STATE_WRITE, &state, &why), 0);
    CU_ASSERT_EQUAL(found(state, pool, certificate, ca, &got), 0);
    CU_ASSERT_EQUAL(keep_at(state, pool, certificate, ca, &answer, 150), 0);
    CU_ASSERT_EQUAL(keep_at(state, pool, certificate, ca, &older, 150), 0);
    CU_ASSERT_EQUAL(found(state, pool, certificate, ca, &got), 1);
    CU_ASSERT_EQUAL(got.status, OCSP_REVOKED); /* never rolled back */
    CU_ASSERT_EQUAL(got.reason, 6);
    CU_ASSERT_EQUAL(got.next_update, 200);
    CU_ASSERT_EQUAL(found(state, pool, other, ca, &got), 0);
    /* one of a time to come, when the clock is set back */
    answer.this_update = 100000;
    CU_ASSERT_EQUAL(keep_at(state, pool, certificate, ca, &answer, 100000), 0);
    CU_ASSERT_EQUAL(keep_at(state, pool, certificate, ca, &older, 150), 0);
    CU_ASSERT_EQUAL(found(state, pool, certificate, ca, &got), 1);
    CU_ASSERT_EQUAL(got.this_update, 90);
    /* one of a responder that is none any more */
    answer.this_update = 100;
    answer.responder = (struct der){(const unsigned char *)"xyz", 3};
    CU_ASSERT_EQUAL(keep_at(state, pool, certificate, ca, &answer, 150), 0);
    CU_ASSERT_EQUAL(found(state, pool, certificate, ca, &got), 1);
    CU_ASSERT_TRUE(der_equal(&got.responder, "xyz", 3));
    CU_ASSERT_EQUAL(keep_at(state, pool, certificate, ca, &older, 150), 0);
    CU_ASSERT_EQUAL(found(state, pool, certificate, ca, &got), 1);
    CU_ASSERT_EQUAL(got.this_update, 90);
    CU_ASSERT_TRUE(ocsp_current(&answer, 150, 0));
    CU_ASSERT_FALSE(ocsp_current(&answer, 1000, 0));
    CU_ASSERT_TRUE(ocsp_current(&answer, 1000, 600));
    state_close(&state);
    CERT_DestroyCertificate(certificate);
    CERT_DestroyCertificate(ca);
    CERT_DestroyCertificate(other);
    pool_free(&pool);
    scratch_free(&folder);
}

/* What stands in a file of other projects between a pair of PEM lines. */
static size_t read_pem(const char *file, const char *label,
                       unsigned char *data, size_t most)
{
    static char text[100000];
    char line[80];
    FILE *in = fopen(file, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    fclose(in);
    snprintf(line, sizeof line, "-----BEGIN %s-----", label);
    char *start = strstr(text, line), *end;
    CU_ASSERT_PTR_NOT_NULL_FATAL(start);
    start += strlen(line);
    end = strstr(start, "-----END");
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    *end = '\0';
    SECItem item = {siBuffer, NULL, 0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(NSSBase64_DecodeBuffer(
        NULL, &item, start, (unsigned)strlen(start)));
    CU_ASSERT_TRUE_FATAL(item.len <= most);
    memcpy(data, item.data, item.len);
    size_t length = item.len;
    SECITEM_FreeItem(&item, PR_FALSE);
    return length;
}

static CERTCertificate *load_pem(const char *file, const char *label)
{
    static unsigned char der[10000];
    SECItem item = {siBuffer, der,
                    (unsigned)read_pem(file, label, der, sizeof der)};
    return CERT_NewTempCertificate(CERT_GetDefaultCertDB(), &item, NULL,
                                   PR_FALSE, PR_TRUE);
}

/* Those of others, by their names; on the day that they are of. */
static void others(void)
{
    static const struct {
        const char *name;
        int rc, status;
    } table[] = {
        {"good_response", 0, OCSP_GOOD},
        {"good_response_sha256", 0, OCSP_GOOD},
        {"good_response_next_update", 0, OCSP_GOOD},
        {"has_version", 0, OCSP_GOOD},
        {"responder_id", 0, OCSP_GOOD},
        {"responder_name", 0, OCSP_GOOD},
        {"ocsp_extra_certs", 0, OCSP_GOOD},
        {"ocsp_sign_direct", 0, OCSP_GOOD},
        {"ocsp_sign_indirect", 0, OCSP_GOOD},
        {"has_extension", 0, OCSP_GOOD},
        {"has_single_extension", 0, OCSP_GOOD},
        {"multiple_response", 0, OCSP_NOT_KNOWN},
        {"multiple_response_good_revoked", 0, OCSP_REVOKED},
        {"revoke_response", 0, OCSP_REVOKED},
        {"revoke_response_reason", 0, OCSP_REVOKED},
        {"unknown_response", 0, OCSP_NOT_KNOWN},
        {"bad_ocsp_type", -1, 0},
        {"bad_signature", -1, 0},
        {"bad_status", -1, 0},
        {"future_response", -1, 0},
        {"has_critical_response_extension", -1, 0},
        {"has_critical_single_extension", -1, 0},
        {"invalid_response", -1, 0},
        {"invalid_response_data", -1, 0},
        {"malformed_request", -1, 0},
        {"missing_response", -1, 0},
        {"no_response", -1, 0},
        {"ocsp_sign_bad_indirect", -1, 0},
        {"ocsp_sign_indirect_missing", -1, 0},
        {"old_response", -1, 0},
        {"other_response", -1, 0},
        {"stale_response", -1, 0}};
    const char *corpora = unit_corpora();
    if (!corpora)
        return;
    CU_ASSERT_PTR_NOT_NULL(cms_fixture_rsa());
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        static unsigned char response[OCSP_BYTES_MOST];
        struct ocsp_answer answer;
        char file[400];
        snprintf(file, sizeof file, "%s/fuzz-boringssl-pki/ocsp_unittest/%s.pem",
                 corpora, table[i].name);
        struct der der = {response, read_pem(file, "OCSP RESPONSE", response,
                                             sizeof response)};
        CERTCertificate *certificate = load_pem(file, "CERTIFICATE");
        CERTCertificate *issuer = load_pem(file, "CA CERTIFICATE");
        CU_ASSERT_PTR_NOT_NULL_FATAL(certificate);
        CU_ASSERT_PTR_NOT_NULL_FATAL(issuer);
        struct pool *pool = pool_new();
        const struct ocsp_reader reader = {.pool = pool, .now = 1488412800};
        int rc = ocsp_read(&reader, &der, certificate, issuer, &answer, &why);
        pool_free(&pool);
        if (rc != table[i].rc || (rc == 0 && (int)answer.status !=
                                                 table[i].status))
            printf("(%s: %d %d %s) ", table[i].name, rc, (int)answer.status,
                   rc ? why.text : "");
        CU_ASSERT_EQUAL(rc, table[i].rc);
        CU_ASSERT_TRUE(rc < 0 || (int)answer.status == table[i].status);
        CERT_DestroyCertificate(certificate);
        CERT_DestroyCertificate(issuer);
    }
}

static const struct unit_test tests[] = {
    {"B-interfaces: OCSP answers of each kind", answers},
    {"B-interfaces: OCSP answers by others, of others, of other times",
     refused},
    {"B-interfaces: an OCSP answer cut at every length", cut},
    {"B-interfaces: OCSP requests are those that openssl makes", requests},
    {"B-interfaces: other projects' OCSP answers", others},
    {"B-interfaces: kept OCSP answers are not rolled back", kept},
};
UNIT_SUITE(ocsp, tests)
