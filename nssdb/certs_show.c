/* seemail-certs show: all that is known of a certificate, and what it is worth. */
#include "buffer.h"
#include "certificate.h"
#include "certs.h"
#include "choose.h"
#include "failure.h"
#include "json.h"
#include "judge.h"
#include "keystore.h"
#include "known.h"
#include "policy.h"
#include "pool.h"
#include "state.h"

#include <keyhi.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

struct show {
    struct certs *certs;
    struct keystore *keystore;
    struct state *state; /* NULL = there is none yet */
    struct buffer json;
    time_t now;
    int found;
};

static void field(struct show *show, const char *name, const char *value)
{
    if (show->certs->json) {
        json_text(&show->json, name, value);
        return;
    }
    printf("  %-12s ", name);
    certs_print(value);
    putchar('\n');
}

static void time_field(struct show *show, const char *name, long long when)
{
    if (show->certs->json) {
        json_time(&show->json, name, when);
        return;
    }
    printf("  %-12s ", name);
    certs_print_day(when);
    putchar('\n');
}

static void show_addresses(struct show *show, CERTCertificate *certificate)
{
    const char *const *addresses;
    size_t count = 0;
    if (cert_addresses(show->certs->pool, certificate, &addresses, &count) < 0)
        count = 0;
    if (show->certs->json)
        json_open(&show->json, "addresses", '[');
    for (size_t i = 0; i < count; i++)
        if (show->certs->json)
            json_text(&show->json, NULL, addresses[i]);
        else
            field(show, i ? "" : "addresses", addresses[i]);
    if (show->certs->json)
        json_close(&show->json, ']');
}

static void show_key(struct show *show, CERTCertificate *certificate)
{
    SECKEYPublicKey *key = CERT_ExtractPublicKey(certificate);
    char text[60] = "of an unknown kind";
    if (key)
        snprintf(text, sizeof text, "%s, %u bits",
                 key->keyType == ecKey ? "elliptic curve" : "RSA",
                 SECKEY_PublicKeyStrengthInBits(key));
    if (key)
        SECKEY_DestroyPublicKey(key);
    field(show, "key", text);
}

/* What it is worth today, with the reason. */
static int show_judgement(struct show *show, const char *name,
                          CERTCertificate *certificate, enum judge_use use,
                          struct failure *why)
{
    struct judge_request request = {.use = use, .now = show->now,
                                    .state = show->state};
    struct judgement judgement;
    struct pool *pool = show->certs->pool;
    judge_by_policy(show->certs->policy, &request);
    if (judge_certificate(pool, certificate, &request, &judgement, why) < 0)
        return -1;
    const char *text =
        judgement.status == JUDGE_GOOD
            ? "good"
            : pool_format(pool, "%s: %s", judge_word(judgement.status),
                          judgement.reason);
    if (!text)
        return failure_memory(why);
    field(show, name, text);
    return 0;
}

static void show_names(struct show *show, CERTCertificate *certificate,
                       const struct known *known)
{
    char text[2 * KNOWN_FINGERPRINT + 1], serial[2 * 64 + 1] = "";
    certs_hex(known->fingerprint, KNOWN_FINGERPRINT, text);
    if (!show->certs->json)
        printf("%s\n", text);
    else
        json_text(&show->json, "fingerprint", text);
    if (certificate->serialNumber.len <= 64)
        certs_hex(certificate->serialNumber.data,
                  certificate->serialNumber.len, serial);
    field(show, "subject", certificate->subjectName);
    field(show, "issuer", certificate->issuerName);
    field(show, "serial", serial);
    show_addresses(show, certificate);
    time_field(show, "from", known->from);
    time_field(show, "until", known->to);
    show_key(show, certificate);
}

static void show_source(struct show *show, const struct known *known)
{
    field(show, "source", known_source_word(known->source));
    field(show, "where", known->where ? known->where : "");
    if (known->source == KNOWN_PINNED)
        return;
    time_field(show, "first", known->first);
    time_field(show, "seen", known->seen);
}

static int show_all(struct show *show, CERTCertificate *certificate,
                    const struct known *known, struct failure *why)
{
    show_names(show, certificate, known);
    show_source(show, known);
    if (show_judgement(show, "to-seal", certificate, JUDGE_ENCRYPT, why) < 0)
        return -1;
    return show_judgement(show, "to-verify", certificate, JUDGE_VERIFY, why);
}

static int show_one(struct show *show, const struct known *known,
                    struct failure *why)
{
    CERTCertificate *certificate = cert_decode(&known->certificate);
    int rc = 0;
    if (!certificate)
        return 0;
    show->found = 1;
    if (show->certs->json)
        json_open(&show->json, NULL, '{');
    rc = show_all(show, certificate, known, why);
    if (show->certs->json)
        json_close(&show->json, '}');
    CERT_DestroyCertificate(certificate);
    return rc;
}

static int show_list(struct show *show, const struct known *known,
                     size_t count, struct failure *why)
{
    for (size_t i = 0; i < count; i++)
        if (show_one(show, &known[i], why) < 0)
            return -1;
    return 0;
}

/* Of the key store, whatever it is there for. */
static int show_named(struct show *show, const char *nickname,
                      struct failure *why)
{
    CERTCertList *list = keystore_named(show->keystore, nickname);
    int rc = 0;
    if (!list)
        return failure_memory(why);
    for (CERTCertListNode *node = CERT_LIST_HEAD(list);
         rc >= 0 && !CERT_LIST_END(node, list); node = CERT_LIST_NEXT(node)) {
        struct known one = {.certificate = {node->cert->derCert.data,
                                            node->cert->derCert.len},
                            .source = KNOWN_PINNED,
                            .where = "key store"};
        rc = known_read(&one, why);
        if (rc > 0)
            rc = show_one(show, &one, why);
    }
    CERT_DestroyCertList(list);
    return rc < 0 ? -1 : 0;
}

/* An address, a fingerprint, or else a nickname. */
static int look_up(struct show *show, const char *what, struct failure *why)
{
    struct pool *pool = show->certs->pool;
    unsigned char mark[KNOWN_FINGERPRINT];
    size_t length = certs_fingerprint(what, mark), count = 0;
    struct known *known;
    int rc = 0;
    if (strchr(what, '@'))
        rc = choose_candidates(show->keystore, show->state, pool, what, &known,
                               &count, why);
    else if (length && show->state)
        rc = known_get(show->state, pool, mark, length, &known, &count, why);
    if (rc == 0)
        rc = show_list(show, known, count, why);
    return rc < 0 || show->found ? rc : show_named(show, what, why);
}

static int run(struct show *show, const char *what)
{
    const struct settings *settings = &show->certs->policy->settings;
    struct failure why = {0};
    if (keystore_open(settings->nssdb, settings->nssdb_password,
                      &show->keystore, &why) < 0)
        return certs_complain(&why);
    int rc = state_open(settings->state, STATE_READ, &show->state, &why);
    if (rc >= 0)
        rc = look_up(show, what, &why);
    if (show->state)
        state_close(&show->state);
    keystore_close(&show->keystore);
    if (rc < 0)
        return certs_complain(&why);
    if (!show->found)
        fprintf(stderr, "seemail-certs: %s: none is known; see seemail-certs "
                        "list certificates\n", what);
    return show->found ? EX_OK : EX_UNAVAILABLE;
}

int certs_show(struct certs *certs, int argc, char **argv)
{
    struct show show = {.certs = certs, .now = time(NULL)};
    if (argc != 1)
        return certs_usage("show");
    if (strchr(argv[0], '@'))
        certs_lower(argv[0]);
    if (certs->json)
        json_open(&show.json, NULL, '[');
    int status = run(&show, argv[0]);
    if (!certs->json)
        return status;
    json_close(&show.json, ']');
    return certs_finish(&show.json) ? EX_TEMPFAIL : status;
}
