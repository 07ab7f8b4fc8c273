/* revocation: from CRLs that are taken in to what they say. */
#include "unit.h"

#include "cms_fixture.h"
#include "crl_import.h"
#include "crl_source.h"
#include "crl_wanted.h"
#include "failure.h"
#include "pool.h"
#include "revocation.h"
#include "scratch.h"
#include "state.h"

#include <certdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOUR 3600L
#define DAY (24 * HOUR)
#define URL "http://127.0.0.1/crl"
/* issuingDistributionPoint: only users, only CAs; another point */
#define USERS "scope=30038101ff"
#define AUTHORITIES "scope=30038201ff"
#define ELSEWHERE "scope=300fa00da00b8609687474703a2f2f782f"
#define SOME_REASONS "scope=3004830205c0"

static struct failure why;
static CERTCertificate *root, *leaf, *pointless;

/* A root, and what it issued, of serial number 1000; a root of another CA
 * with the same name. */
static const char script[] =
    "pki=%s/tests/bed/pki;"
    "CA_NAME=Revoking $pki ca rev && CRL_URL=" URL " $pki cert rev leaf Leaf "
    "leaf@a.test && $pki cert rev pointless Pointless p@a.test && "
    "CA_NAME=Revoking $pki ca twin && openssl req -x509 -key twin/ca.key "
    "-subj /C=NZ/O=Test/CN=Revoking -set_serial 77 -days 30 -out twin/ca.pem "
    "&& openssl x509 -in twin/ca.pem -outform DER -out twin.der && cp rev/ca.der rev/leaf.der "
    "rev/pointless.der .";

static CERTCertificate *load(const char *name)
{
    static unsigned char data[8192];
    char path[200];
    snprintf(path, sizeof path, "%s/%s.der", cms_fixture_folder(), name);
    FILE *file = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    SECItem item = {siBuffer, data, (unsigned)fread(data, 1, sizeof data,
                                                    file)};
    fclose(file);
    return CERT_NewTempCertificate(CERT_GetDefaultCertDB(), &item, NULL,
                                   PR_FALSE, PR_TRUE);
}

static void let_go(void)
{
    CERT_DestroyCertificate(root);
    CERT_DestroyCertificate(leaf);
    CERT_DestroyCertificate(pointless);
}

static const char *top(void)
{
    static char folder[500];
    return *folder ? folder : getcwd(folder, sizeof folder);
}

static void start(void)
{
    CERTCertTrust trust = {CERTDB_TRUSTED_CA | CERTDB_VALID_CA,
                           CERTDB_TRUSTED_CA | CERTDB_VALID_CA, 0};
    char text[2000];
    if (root)
        return;
    cms_fixture_folder();
    snprintf(text, sizeof text, script, top());
    CU_ASSERT_EQUAL_FATAL(cms_fixture_shell(text), 0);
    root = load("ca");
    leaf = load("leaf");
    pointless = load("pointless");
    CU_ASSERT_EQUAL(CERT_ChangeCertTrust(CERT_GetDefaultCertDB(), root,
                                         &trust), SECSuccess);
    cms_fixture_at_end(let_go);
}

/* A state of its own for each test, and the last answer. */
struct scene {
    char *folder;
    struct state *state;
    struct pool *pool;
    time_t now;
    struct revocation result;
};

static struct scene *begin(void)
{
    static struct scene scene;
    char path[300];
    start();
    memset(&scene, 0, sizeof scene);
    scene.folder = scratch_new();
    scene.pool = pool_new();
    scene.now = time(NULL);
    snprintf(path, sizeof path, "%s/state", scene.folder);
    CU_ASSERT_EQUAL_FATAL(state_open(path, STATE_WRITE, &scene.state, &why),
                          0);
    return &scene;
}

static void end(struct scene *scene)
{
    state_close(&scene->state);
    pool_free(&scene->pool);
    scratch_free(&scene->folder);
}

/* Only what the name says. */
static int no_sha256(void *context, const char *name)
{
    (void)context;
    return strcmp(name, "sha256") != 0;
}

static enum crl_outcome import_by(struct scene *scene,
                                  const struct signature_rules *rules,
                                  const char *ca, const char *options)
{
    char text[800], path[300];
    static unsigned char data[65536];
    struct crl_import import;
    snprintf(text, sizeof text, "%s/tests/bed/crl %s made.crl %s", top(), ca,
             options);
    CU_ASSERT_EQUAL_FATAL(cms_fixture_shell(text), 0);
    snprintf(path, sizeof path, "%s/made.crl", cms_fixture_folder());
    FILE *file = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    struct der der = {data, fread(data, 1, sizeof data, file)};
    fclose(file);
    CU_ASSERT_EQUAL(crl_import(scene->state, scene->pool, &der, "made",
                               rules, scene->now + 10, &import, &why), 0);
    CU_ASSERT_EQUAL(*import.reason == '\0', import.outcome == CRL_TAKEN ||
                                                import.outcome == CRL_SAME);
    return import.outcome;
}

static enum crl_outcome import(struct scene *scene, const char *options)
{
    static const struct signature_rules all = {NULL, NULL};
    return import_by(scene, &all, "rev", options);
}

/* What is known so many seconds from now. */
static enum revocation_status ask(struct scene *scene,
                                  CERTCertificate *certificate, long seconds,
                                  long grace)
{
    CU_ASSERT_EQUAL(revocation_check(scene->state, scene->pool, certificate,
                                     root, scene->now + seconds, grace,
                                     &scene->result, &why), 0);
    CU_ASSERT_NOT_EQUAL(*scene->result.text, '\0');
    return scene->result.status;
}

static void told_apart(void)
{
    struct scene *scene = begin();
    CU_ASSERT_EQUAL(ask(scene, leaf, 0, 0), REVOCATION_NOT_CHECKABLE);
    CU_ASSERT_EQUAL_FATAL(scene->result.url_count, 1);
    CU_ASSERT_STRING_EQUAL(scene->result.urls[0], URL);
    CU_ASSERT_EQUAL(ask(scene, pointless, 0, 0), REVOCATION_NO_POINTER);
    CU_ASSERT_EQUAL(scene->result.url_count, 0);
    CU_ASSERT_EQUAL(import(scene, "number=10 revoked=1001:1"), CRL_TAKEN);
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_GOOD);
    CU_ASSERT_STRING_EQUAL(scene->result.crl_number, "0A");
    CU_ASSERT_EQUAL(scene->result.url_count, 0);
    CU_ASSERT_EQUAL(scene->result.reason, REVOCATION_NO_REASON);
    /* one without a pointer is known by a CRL that is here all the same */
    CU_ASSERT_EQUAL(ask(scene, pointless, 10, 0), REVOCATION_REVOKED);
    CU_ASSERT_EQUAL(scene->result.reason, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(scene->result.text, "keyCompromise"));
    CU_ASSERT_TRUE(scene->result.since < scene->now);
    CU_ASSERT_EQUAL(import(scene, "number=11 revoked=1000:6"), CRL_TAKEN);
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_SUSPENDED);
    CU_ASSERT_EQUAL(import(scene, "number=12"), CRL_TAKEN);
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_GOOD);
    state_close(&scene->state);
    CU_ASSERT_EQUAL(revocation_check(NULL, scene->pool, leaf, root, scene->now,
                                     0, &scene->result, &why), 0);
    CU_ASSERT_EQUAL(scene->result.status, REVOCATION_NOT_CHECKABLE);
    end(scene);
}

static void clock_steps(void)
{
    struct scene *scene = begin();
    import(scene, "number=1 revoked=1001:1 next=86400");
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_GOOD);
    CU_ASSERT_EQUAL(ask(scene, leaf, 2 * DAY, 0), REVOCATION_CRL_EXPIRED);
    CU_ASSERT_EQUAL(scene->result.url_count, 1);
    CU_ASSERT_EQUAL(ask(scene, leaf, 2 * DAY, 2 * DAY), REVOCATION_GOOD);
    CU_ASSERT_TRUE(scene->result.within_grace);
    CU_ASSERT_EQUAL(scene->result.url_count, 1); /* a new one is wanted */
    CU_ASSERT_PTR_NOT_NULL(strstr(scene->result.text, "in grace"));
    CU_ASSERT_EQUAL(ask(scene, leaf, -DAY, 0), REVOCATION_CRL_INVALID);
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_GOOD);
    CU_ASSERT_FALSE(scene->result.within_grace);
    /* revoked is revoked, by an old CRL too */
    CU_ASSERT_EQUAL(ask(scene, pointless, 2 * DAY, 0), REVOCATION_REVOKED);
    CU_ASSERT_EQUAL(import(scene, "number=2 this=86400 next=90000"),
                    CRL_NOT_YET);
    end(scene);
}

static void bad_beside_good(void)
{
    struct scene *scene = begin();
    CU_ASSERT_EQUAL(import(scene, "number=2 revoked=1000:1 "
                                  "key=twin/ca.key"), CRL_BAD_SIGNATURE);
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_NOT_CHECKABLE);
    CU_ASSERT_EQUAL(import(scene, "number=1 revoked=1000:1"), CRL_TAKEN);
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_REVOKED);
    CU_ASSERT_EQUAL(import(scene, "number=3 key=twin/ca.key"),
                    CRL_BAD_SIGNATURE);
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_REVOKED);
    end(scene);
}

static void refused(void)
{
    static const struct signature_rules none = {no_sha256, NULL},
                                  all = {NULL, NULL};
    struct scene *scene = begin();
    CU_ASSERT_EQUAL(import(scene, "number=5 next=-10"), CRL_UNDATED);
    CU_ASSERT_EQUAL(import(scene, "number=5 unknown=1"), CRL_MALFORMED);
    CU_ASSERT_EQUAL(import_by(scene, &none, "rev", "number=5"),
                    CRL_BAD_ALGORITHM);
    CU_ASSERT_EQUAL(import(scene, "number=5 revoked=1000"), CRL_TAKEN);
    CU_ASSERT_EQUAL(import(scene, "number=4"), CRL_OLDER);
    CU_ASSERT_EQUAL(import(scene, "number=6 this=-3600"), CRL_OLDER);
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_REVOKED);
    /* by a CA of the same name: it signs for nobody here */
    CU_ASSERT_EQUAL(import_by(scene, &all, "twin", "number=9"),
                    CRL_BAD_SIGNATURE);
    CERTCertificate *twin = load("twin");
    CU_ASSERT_EQUAL(import_by(scene, &all, "twin", "number=9"),
                    CRL_UNTRUSTED);
    CERT_DestroyCertificate(twin);
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_REVOKED);
    end(scene);
}

static void deltas(void)
{
    struct scene *scene = begin();
    import(scene, "number=10 revoked=1000:6 next=3600");
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_SUSPENDED);
    CU_ASSERT_EQUAL(import(scene, "number=12 delta=11 revoked=1000:8"),
                    CRL_TAKEN);
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_SUSPENDED);
    CU_ASSERT_EQUAL(import(scene, "number=13 delta=10 revoked=1000:8,1001:1"),
                    CRL_TAKEN);
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_GOOD);
    CU_ASSERT_STRING_EQUAL(scene->result.crl_number, "0D");
    CU_ASSERT_EQUAL(ask(scene, pointless, 10, 0), REVOCATION_REVOKED);
    /* the complete one has expired, the two together have not */
    CU_ASSERT_EQUAL(ask(scene, leaf, 2 * HOUR, 0), REVOCATION_GOOD);
    /* a newer complete one than the delta */
    import(scene, "number=14 revoked=1000:1");
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_REVOKED);
    CU_ASSERT_EQUAL(ask(scene, pointless, 10, 0), REVOCATION_GOOD);
    end(scene);
}

static void delta_alone(void)
{
    struct scene *scene = begin();
    import(scene, "number=10 delta=9");
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_NOT_CHECKABLE);
    end(scene);
}

static void partitions(void)
{
    struct scene *scene = begin();
    import(scene, "number=1 revoked=1000:1 " AUTHORITIES);
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_NOT_CHECKABLE);
    import(scene, "number=1 revoked=1000:1 " ELSEWHERE);
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_NOT_CHECKABLE);
    import(scene, "number=1 " SOME_REASONS);
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_NOT_CHECKABLE);
    CU_ASSERT_PTR_NOT_NULL(strstr(scene->result.text, "some reasons"));
    import(scene, "number=1 " USERS);
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_GOOD);
    import(scene, "number=2 revoked=1000:1 " SOME_REASONS);
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_REVOKED);
    end(scene);
}

static void put_source(struct scene *scene, enum crl_source_outcome outcome,
                       const char *text)
{
    struct crl_source source = {.where = URL, .tag = "", .text = text,
                                .outcome = outcome};
    CU_ASSERT_EQUAL(state_begin(scene->state, STATE_WRITE, &why), 0);
    CU_ASSERT_EQUAL(state_end(scene->state,
                              crl_source_put(scene->state, &source, &why),
                              &why), 0);
}

static void sources(void)
{
    struct scene *scene = begin();
    put_source(scene, CRL_SOURCE_FAILED, "refused");
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_NOT_CHECKABLE);
    CU_ASSERT_STRING_EQUAL(scene->result.text, URL ": refused");
    put_source(scene, CRL_SOURCE_INVALID, "bad\nsignature");
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_CRL_INVALID);
    CU_ASSERT_STRING_EQUAL(scene->result.text, URL ": bad?signature");
    put_source(scene, CRL_SOURCE_TAKEN, ""); /* of another CA */
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_CRL_INVALID);
    put_source(scene, CRL_SOURCE_INVALID, "bad signature");
    import(scene, "number=1");
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_GOOD);
    CU_ASSERT_EQUAL(ask(scene, leaf, 2 * DAY, 0), REVOCATION_CRL_EXPIRED);
    end(scene);
}

static void old_ones_go(void)
{
    struct scene *scene = begin();
    size_t count;
    import(scene, "number=1 count=300");
    import(scene, "number=2 count=200 revoked=1000,1000:1,1000:6");
    CU_ASSERT_EQUAL(state_begin(scene->state, STATE_READ, &why), 0);
    CU_ASSERT_EQUAL(state_count(scene->state, STATE_REVOKED, &count, &why),
                    0);
    CU_ASSERT_EQUAL(state_end(scene->state, 0, &why), 0);
    CU_ASSERT_EQUAL(count, 201); /* one certificate, one entry */
    CU_ASSERT_EQUAL(ask(scene, leaf, 10, 0), REVOCATION_REVOKED);
    CU_ASSERT_EQUAL(import(scene, "number=2 count=200"), CRL_TAKEN);
    end(scene);
}

static void long_gone(void)
{
    struct scene *scene = begin();
    size_t count;
    import(scene, "number=1 revoked=1000:1");
    put_source(scene, CRL_SOURCE_INVALID, "bad");
    CU_ASSERT_EQUAL(crl_wanted_expire(scene->state, scene->pool,
                                      scene->now + 300 * DAY, &why), 0);
    CU_ASSERT_EQUAL(ask(scene, leaf, 300 * DAY, 0), REVOCATION_REVOKED);
    CU_ASSERT_EQUAL(crl_wanted_expire(scene->state, scene->pool,
                                      scene->now + 400 * DAY, &why), 0);
    CU_ASSERT_EQUAL(ask(scene, leaf, 400 * DAY, 0), REVOCATION_NOT_CHECKABLE);
    CU_ASSERT_EQUAL(state_begin(scene->state, STATE_READ, &why), 0);
    CU_ASSERT_EQUAL(state_count(scene->state, STATE_REVOKED, &count, &why),
                    0);
    CU_ASSERT_EQUAL(state_end(scene->state, 0, &why), 0);
    CU_ASSERT_EQUAL(count, 0);
    end(scene);
}

static const struct unit_test tests[] = {
    {"2.8-always: good, revoked, suspended and not known are told apart",
     told_apart},
    {"2.8-always: expired, in grace, not valid yet, and clocks that step",
     clock_steps},
    {"2.8-always: a bad CRL beside a good one, in both orders",
     bad_beside_good},
    {"2.8-always: what is refused, and why", refused},
    {"2.8-crl-fetch: deltas", deltas},
    {"2.8-crl-fetch: a delta without its complete CRL", delta_alone},
    {"2.8-crl-fetch: a CRL counts for what it speaks for alone", partitions},
    {"2.8-always: what the distribution points gave", sources},
    {"2.8-crl-fetch: the entries of an old CRL are removed", old_ones_go},
    {"2.8-crl-fetch: what expired long ago is forgotten", long_gone},
};
UNIT_SUITE(revocation, tests)
