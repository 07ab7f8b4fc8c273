/* pkits_crl: revocation as NIST's path validation suite wants it. */
#include "unit.h"

#include "blob.h"
#include "cms_fixture.h"
#include "crl_import.h"
#include "failure.h"
#include "pool.h"
#include "revocation.h"
#include "scratch.h"
#include "state.h"

#include <certdb.h>
#include <keyhi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW 1577836800 /* 2020-01-01: the suite is valid from 2010 to 2030 */
#define CHAIN_MOST 10

struct row {
    char *test, *valid, *chain, *crls;
};

static struct failure why;
static const struct signature_rules all = {NULL, NULL};

static int read_data(const char *folder, const char *name, const char *end,
                     unsigned char *data, size_t size)
{
    char path[500];
    snprintf(path, sizeof path, "%s/pkits/%s%s", folder, name, end);
    FILE *file = fopen(path, "rb");
    if (!file)
        return 0;
    size_t length = fread(data, 1, size, file);
    fclose(file);
    return (int)length;
}

static CERTCertificate *load(const char *folder, const char *name)
{
    static unsigned char data[16384];
    char path[300];
    snprintf(path, sizeof path, "certs/%s", name);
    SECItem item = {siBuffer, data,
                    (unsigned)read_data(folder, path, ".crt", data,
                                        sizeof data)};
    return CERT_NewTempCertificate(CERT_GetDefaultCertDB(), &item, NULL,
                                   PR_FALSE, PR_TRUE);
}

static void import_one(const char *folder, struct state *state,
                       struct pool *pool, const char *name)
{
    static unsigned char data[65536];
    char path[300];
    struct crl_import import;
    snprintf(path, sizeof path, "crls/%s", name);
    struct der der = {data, (size_t)read_data(folder, path, ".crl", data,
                                              sizeof data)};
    CU_ASSERT_EQUAL(crl_import(state, pool, &der, name, &all, NOW, &import,
                               &why), 0);
}

static int issued_by(CERTCertificate *one, CERTCertificate *issuer)
{
    SECKEYPublicKey *key = CERT_ExtractPublicKey(issuer);
    int is = key && CERT_VerifySignedDataWithPublicKey(
                        &one->signatureWrap, key, NULL) == SECSuccess;
    if (key)
        SECKEY_DestroyPublicKey(key);
    return is;
}

/* The worst of the whole chain. */
static enum revocation_status ask(struct state *state, struct pool *pool,
                                  CERTCertificate **chain, size_t count)
{
    enum revocation_status worst = REVOCATION_GOOD;
    struct revocation result;
    for (size_t i = 1; i < count; i++)
        for (size_t k = 0; k < i; k++) {
            if (!issued_by(chain[i], chain[k]))
                continue;
            CU_ASSERT_EQUAL(revocation_check(state, pool, chain[i], chain[k],
                                             NOW, 0, &result, &why), 0);
            CU_ASSERT_NOT_EQUAL(*result.text, '\0');
            if (result.status > worst)
                worst = result.status;
            break;
        }
    return worst;
}

static enum revocation_status run(const char *folder, const struct row *row)
{
    CERTCertificate *chain[CHAIN_MOST];
    char *place = NULL, *scratch = scratch_new(), path[300];
    struct pool *pool = pool_new();
    struct state *state;
    size_t count = 0;
    enum revocation_status worst = REVOCATION_NOT_CHECKABLE;
    for (char *name = strtok_r(row->chain, ",", &place); name;
         name = strtok_r(NULL, ",", &place))
        if (count < CHAIN_MOST && (chain[count] = load(folder, name)))
            count++;
    snprintf(path, sizeof path, "%s/state", scratch);
    CU_ASSERT_EQUAL_FATAL(state_open(path, STATE_WRITE, &state, &why), 0);
    for (char *name = strtok_r(row->crls, ",", &place); name;
         name = strtok_r(NULL, ",", &place))
        import_one(folder, state, pool, name);
    worst = ask(state, pool, chain, count);
    state_close(&state);
    while (count > 0)
        CERT_DestroyCertificate(chain[--count]);
    pool_free(&pool);
    scratch_free(&scratch);
    return worst;
}

/* Columns of a line, split in place. */
static int split(char *line, struct row *row)
{
    char *columns[13];
    for (int i = 0; i < 13; i++)
        if (!(columns[i] = strsep(&line, "\t\n")))
            return 0;
    *row = (struct row){columns[0], columns[4], columns[10], columns[11]};
    /* 4.1.5: its CRLs are signed with DSA, which is not accepted */
    return strncmp(row->test, "4.", 2) == 0 &&
           strcmp(row->test, "4.1.5") != 0;
}

/* Sections that are about CRLs; elsewhere the path is what is wrong. */
static int about_crls(const char *test)
{
    return strncmp(test, "4.4.", 4) == 0 || strncmp(test, "4.5.", 4) == 0 ||
           strncmp(test, "4.14.", 5) == 0 || strncmp(test, "4.15.", 5) == 0;
}

static CERTCertificate *anchor;

static void let_go(void)
{
    CERT_DestroyCertificate(anchor);
}

static void trust_anchor(const char *folder)
{
    CERTCertTrust trust = {CERTDB_TRUSTED_CA | CERTDB_VALID_CA,
                           CERTDB_TRUSTED_CA | CERTDB_VALID_CA, 0};
    cms_fixture_folder();
    anchor = load(folder, "TrustAnchorRootCertificate");
    CU_ASSERT_PTR_NOT_NULL_FATAL(anchor);
    CU_ASSERT_EQUAL(CERT_ChangeCertTrust(CERT_GetDefaultCertDB(), anchor,
                                         &trust), SECSuccess);
    cms_fixture_at_end(let_go);
}

static void whole_suite(void)
{
    const char *folder = unit_corpora();
    char path[500], *line = NULL;
    size_t size = 0, asked = 0;
    struct row row;
    if (!folder)
        return;
    trust_anchor(folder);
    snprintf(path, sizeof path, "%s/pkits/expected.tsv", folder);
    FILE *file = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    while (getline(&line, &size, file) > 0) {
        if (!split(line, &row))
            continue;
        int valid = strcmp(row.valid, "valid") == 0;
        if (!valid && !about_crls(row.test))
            continue;
        enum revocation_status status = run(folder, &row);
        if (valid != (status == REVOCATION_GOOD))
            printf("\n%s %s: status %d", row.test, row.valid, (int)status);
        CU_ASSERT_EQUAL(valid, status == REVOCATION_GOOD);
        asked++;
    }
    CU_ASSERT_TRUE(asked > 60);
    free(line);
    fclose(file);
}

static const struct unit_test tests[] = {
    {"2.8-crl-fetch: complete, delta, indirect and partitioned CRLs: PKITS",
     whole_suite},
};
UNIT_SUITE(pkits_crl, tests)
