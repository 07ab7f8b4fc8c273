/* What happens to the certificates of an address that strangers crowd. */
#include "unit.h"

#include "cert_fixture.h"
#include "certificate.h"
#include "cms_fixture.h"
#include "failure.h"
#include "known.h"
#include "pool.h"
#include "scratch.h"
#include "state.h"

#include <certdb.h>
#include <stdio.h>
#include <string.h>

#define NOW 1800000000LL /* later than the good one begins */
#define DAY (24LL * 60 * 60)

static struct failure why;
static struct state *state;
static struct pool *pool;

/* Of a stranger: nobody has signed it. */
static struct der make(unsigned serial, long long from)
{
    static const char *const address = "dca@b.test";
    CERTCertificate *rsa = cms_fixture_rsa()->certificate;
    struct cert_plan plan = {
        .serial = serial, .from = from, .to = from + 100 * DAY,
        .addresses = &address, .address_count = 1,
        .public_key = {rsa->derPublicKey.data, rsa->derPublicKey.len}};
    return cert_fixture_in(pool, &plan);
}

static int put(struct der certificate, enum known_source source)
{
    struct known known = {.certificate = certificate, .source = source,
                          .where = "x", .first = NOW, .seen = NOW};
    CU_ASSERT_EQUAL_FATAL(state_begin(state, STATE_WRITE, &why), 0);
    return state_end(state, known_put(state, &known, &why), &why);
}

static CERTCertificate *root;
static void forget_root(void) { CERT_DestroyCertificate(root); }

static struct der read_made(const char *name)
{
    static unsigned char data[8192];
    char file[300];
    snprintf(file, sizeof file, "%s/%s", cms_fixture_folder(), name);
    FILE *in = fopen(file, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    size_t length = fread(data, 1, sizeof data, in);
    fclose(in);
    const void *copy = pool_copy(pool, data, length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    return (struct der){copy, length};
}

/* One of a CA that is trusted. */
static struct der make_trusted(void)
{
    static const char script[] =
        "key='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes';"
        "openssl req -x509 $key -subj /CN=kroot -keyout kroot.key -outform DER "
        "-out kroot.der 2>/dev/null;"
        "openssl x509 -inform DER -in kroot.der -out kroot.pem;"
        "openssl req -new $key -subj /CN=kleaf -keyout kleaf.key -out kleaf.csr "
        "2>/dev/null; echo subjectAltName=email:dca@b.test >kleaf.ext;"
        "openssl x509 -req -in kleaf.csr -CA kroot.pem -CAkey kroot.key "
        "-CAcreateserial -extfile kleaf.ext -outform DER -out kleaf.der "
        "2>/dev/null";
    CERTCertTrust trust = {CERTDB_TRUSTED_CA | CERTDB_VALID_CA,
                           CERTDB_TRUSTED_CA | CERTDB_VALID_CA, 0};
    CU_ASSERT_EQUAL_FATAL(cms_fixture_shell(script), 0);
    struct der der = read_made("kroot.der");
    root = cert_decode(&der);
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    CU_ASSERT_EQUAL(CERT_ChangeCertTrust(CERT_GetDefaultCertDB(), root,
                                         &trust), SECSuccess);
    cms_fixture_at_end(forget_root);
    return read_made("kleaf.der");
}

/* Who may write into a directory names whom he likes. */
static void flood_of_strangers(void)
{
    char *folder = scratch_new(), path[300];
    struct known *found;
    size_t count = 0;
    int there = 0;
    cms_fixture_rsa(); /* starts NSS */
    snprintf(path, sizeof path, "%s/state", folder);
    pool = pool_new();
    CU_ASSERT_EQUAL_FATAL(state_open(path, STATE_WRITE, &state, &why), 0);
    struct der good = make_trusted();
    for (unsigned i = 0; i < KNOWN_PER_ADDRESS; i++)
        put(make(3000 + i, NOW + i), KNOWN_SEEMAIL);
    CU_ASSERT_EQUAL(put(good, KNOWN_DIRECTORY), 1);
    for (unsigned i = 0; i < KNOWN_PER_ADDRESS; i++)
        put(make(4000 + i, NOW + DAY + i), KNOWN_SEEMAIL);
    CU_ASSERT_EQUAL(known_find(state, pool, "dca@b.test", &found, &count,
                               &why), 0);
    CU_ASSERT_EQUAL(count, KNOWN_PER_ADDRESS);
    for (size_t i = 0; i < count; i++)
        there |= der_equal(&found[i].certificate, good.data, good.length);
    CU_ASSERT_TRUE(there);
    state_close(&state);
    pool_free(&pool);
    scratch_free(&folder);
}

static const struct unit_test tests[] = {
    {"2.8-store: what leads to no root makes room for what does",
     flood_of_strangers},
};
UNIT_SUITE(known_crowd, tests)
