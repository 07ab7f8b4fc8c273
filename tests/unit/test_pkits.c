/* pkits: all of NIST's path validation suite through the judgement. */
#include "unit.h"

#include "cms_fixture.h"
#include "crl_import.h"
#include "failure.h"
#include "judge.h"
#include "pool.h"
#include "scratch.h"
#include "state.h"

#include <certdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW 1577836800 /* 2020-01-01: the suite is valid from 2010 to 2030 */
#define CHAIN_MOST 10
#define COLUMNS 13

enum column {TEST, SUBPART, SMIME, LEAF, VALID, DEFAULTS, POLICIES, EXPLICIT,
             MAPPING, ANY, CHAIN, CRLS, TITLE};

static struct failure why;

#define SAME_BYTES "NSS finds an issuer by the bytes of its name alone"

/* Rows that the judgement refuses, though the suite calls them valid. */
static const struct {
    const char *test, *because;
} refused[] = {
    {"4.1.5", "DSA is no algorithm of ours"},
    {"4.3.3", SAME_BYTES},
    {"4.3.5", SAME_BYTES},
    {"4.3.11", SAME_BYTES},
};

static const char *because(const char *test)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (strcmp(test, refused[i].test) == 0)
            return refused[i].because;
    return NULL;
}

static struct der read_data(const char *kind, const char *name,
                            const char *end)
{
    static unsigned char data[65536];
    char path[600];
    snprintf(path, sizeof path, "%s/pkits/%s/%s%s", unit_corpora(), kind, name,
             end);
    FILE *file = fopen(path, "rb");
    size_t length = file ? fread(data, 1, sizeof data, file) : 0;
    if (file)
        fclose(file);
    return (struct der){data, length};
}

static CERTCertificate *load(const char *name)
{
    struct der der = read_data("certs", name, ".crt");
    SECItem item = {siBuffer, (unsigned char *)(size_t)der.data,
                    (unsigned)der.length};
    return CERT_NewTempCertificate(CERT_GetDefaultCertDB(), &item, NULL,
                                   PR_FALSE, PR_TRUE);
}

static void import_crls(struct state *state, struct pool *pool, char *names)
{
    static const struct signature_rules all = {NULL, NULL};
    struct crl_import import;
    char *place = NULL;
    for (char *name = strtok_r(names, ",", &place); name;
         name = strtok_r(NULL, ",", &place)) {
        struct der der = read_data("crls", name, ".crl");
        CU_ASSERT_EQUAL(crl_import(state, pool, &der, name, &all, NOW,
                                   &import, &why), 0);
    }
}

/* Names are left out: hardly any of its certificates has an address. */
static struct judgement judge_row(char **row)
{
    CERTCertificate *chain[CHAIN_MOST], *leaf = NULL;
    char *place = NULL, *scratch = scratch_new(), path[300];
    struct pool *pool = pool_new();
    struct judgement judgement = {.status = JUDGE_BAD};
    struct judge_request request = {.use = JUDGE_VERIFY, .now = NOW,
                                    .sha1 = 1, .bits_least = 1024};
    size_t count = 0;
    for (char *name = strtok_r(row[CHAIN], ",", &place); name;
         name = strtok_r(NULL, ",", &place))
        if (count < CHAIN_MOST && (leaf = load(name)))
            chain[count++] = leaf;
    snprintf(path, sizeof path, "%s/state", scratch);
    CU_ASSERT_EQUAL_FATAL(
        state_open(path, STATE_WRITE, &request.state, &why), 0);
    import_crls(request.state, pool, row[CRLS]);
    /* A certificate that NSS cannot even read is no valid one. */
    if (leaf)
        CU_ASSERT_EQUAL(judge_certificate(pool, leaf, &request, &judgement,
                                          &why), 0);
    state_close(&request.state);
    while (count > 0)
        CERT_DestroyCertificate(chain[--count]);
    pool_free(&pool);
    scratch_free(&scratch);
    return judgement;
}

static void compare(char **row)
{
    int valid = strcmp(row[VALID], "valid") == 0;
    const char *reason = because(row[TEST]);
    struct judgement judgement = judge_row(row);
    int good = judgement.status == JUDGE_GOOD;
    if (good != (valid && !reason))
        printf("\n    %s %s, judged %s (%s)", row[TEST], row[VALID],
               judge_word(judgement.status), judgement.reason);
    else if (reason)
        printf("\n    %s %s, judged %s: %s", row[TEST], row[VALID],
               judge_word(judgement.status), reason);
    CU_ASSERT_EQUAL(good, valid && !reason);
}

static CERTCertificate *anchor;

static void let_go(void)
{
    CERT_DestroyCertificate(anchor);
}

static void trust_anchor(void)
{
    CERTCertTrust trust = {CERTDB_TRUSTED_CA | CERTDB_VALID_CA,
                           CERTDB_TRUSTED_CA | CERTDB_VALID_CA, 0};
    cms_fixture_folder();
    anchor = load("TrustAnchorRootCertificate");
    CU_ASSERT_PTR_NOT_NULL_FATAL(anchor);
    CU_ASSERT_EQUAL(CERT_ChangeCertTrust(CERT_GetDefaultCertDB(), anchor,
                                         &trust), SECSuccess);
    cms_fixture_at_end(let_go);
}

static int split(char *line, char **row)
{
    for (int i = 0; i < COLUMNS; i++)
        if (!(row[i] = strsep(&line, "\t\n")))
            return 0;
    return strncmp(row[TEST], "4.", 2) == 0;
}

static void whole_suite(void)
{
    char path[600], *line = NULL, *row[COLUMNS];
    size_t size = 0, asked = 0, left_out = 0;
    if (!unit_corpora())
        return;
    trust_anchor();
    snprintf(path, sizeof path, "%s/pkits/expected.tsv", unit_corpora());
    FILE *file = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    while (getline(&line, &size, file) > 0) {
        if (!split(line, row))
            continue;
        /* We demand no certificate policy, and no row of a policy can. */
        if (strcmp(row[DEFAULTS], "True") != 0) {
            left_out++;
            continue;
        }
        compare(row);
        asked++;
    }
    printf("\n    %zu rows, %zu that demand certain policies left out ",
           asked, left_out);
    CU_ASSERT_TRUE(asked >= 100);
    free(line);
    fclose(file);
}

static const struct unit_test tests[] = {
    {"1.1-rfc: NIST's path validation suite", whole_suite},
};
UNIT_SUITE(pkits, tests)
