/*
 * seemail-certs approve, deny, pending: an administrator's word on partners'
 * certificates [2.8-approval].
 */
#include "address.h"
#include "buffer.h"
#include "certificate.h"
#include "certs.h"
#include "consent.h"
#include "failure.h"
#include "json.h"
#include "keystore.h"
#include "known.h"
#include "policy.h"
#include "pool.h"
#include "state.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

static void print_fingerprint(const unsigned char *bytes)
{
    char hex[2 * KNOWN_FINGERPRINT + 1];
    certs_hex(bytes, KNOWN_FINGERPRINT, hex);
    printf("%s", hex);
}

/* Those that an argument means: of an address, of a domain's authority, or
 * the one of a fingerprint. 0, -1. */
static int find(struct certs *certs, struct state *state, const char *text,
                struct known **known_r, size_t *count_r, struct failure *why)
{
    unsigned char bytes[KNOWN_FINGERPRINT];
    const char *address;
    size_t length = certs_fingerprint(text, bytes);
    if (length && !strpbrk(text, "@."))
        return known_get(state, certs->pool, bytes, length, known_r, count_r,
                         why);
    if (certs_address(certs, text, &address, why) < 0)
        return -1;
    return known_find(state, certs->pool, address, known_r, count_r, why);
}

static int put_word(struct certs *certs, struct state *state,
                    const struct known *known, enum consent consent,
                    struct failure *why)
{
    struct consent_record record = {.consent = consent,
                                    .when = (long long)time(NULL)};
    CERTCertificate *certificate = cert_decode(&known->certificate);
    record.address =
        certificate ? cert_title(certs->pool, certificate) : "?";
    if (certificate)
        CERT_DestroyCertificate(certificate);
    if (!record.address)
        return failure_memory(why);
    memcpy(record.fingerprint, known->fingerprint, KNOWN_FINGERPRINT);
    if (consent_put(state, &record, why) < 0)
        return -1;
    printf("%s: ", consent_word(consent));
    print_fingerprint(known->fingerprint);
    printf(" %s\n", record.address);
    return 0;
}

/* Those that have no approval yet are kept, and counted. 0 or -1. */
static int keep_open(struct state *state, struct known *known, size_t count,
                     size_t *left_r, struct failure *why)
{
    struct consent_record record;
    char address[CONSENT_ADDRESS];
    *left_r = 0;
    for (size_t i = 0; i < count; i++) {
        int rc = consent_get(state, known[i].fingerprint, &record, address,
                             why);
        if (rc < 0)
            return -1;
        if (rc == 0 || record.consent != CONSENT_GIVEN)
            known[(*left_r)++] = known[i];
    }
    return 0;
}

/* An approval is for what was looked at, not for what came meanwhile. */
static int say_which(const char *text, const struct known *known, size_t count)
{
    char hex[2 * KNOWN_FINGERPRINT + 1];
    fprintf(stderr, "seemail-certs: %s has %zu certificates without an "
                    "approval: say which, by its fingerprint:\n", text, count);
    for (size_t i = 0; i < count; i++) {
        certs_hex(known[i].fingerprint, KNOWN_FINGERPRINT, hex);
        fprintf(stderr, "    seemail-certs approve %s\n", hex);
    }
    return EX_USAGE;
}

static int give_word(struct certs *certs, struct state *state,
                     const char *text, enum consent consent)
{
    struct failure why = {0};
    struct known *known = NULL;
    size_t count = 0;
    if (find(certs, state, text, &known, &count, &why) < 0)
        return certs_complain(&why);
    if (count == 0) {
        fprintf(stderr, "seemail-certs: no certificate is known for %s: see "
                        "seemail-certs pending\n", text);
        return EX_UNAVAILABLE;
    }
    if (count > 1 && !strpbrk(text, "@.")) {
        fprintf(stderr, "seemail-certs: several fingerprints begin with %s\n",
                text);
        return EX_USAGE;
    }
    if (consent == CONSENT_GIVEN && count > 1 &&
        keep_open(state, known, count, &count, &why) < 0)
        return certs_complain(&why);
    if (consent == CONSENT_GIVEN && count > 1)
        return say_which(text, known, count);
    for (size_t i = 0; i < count; i++)
        if (put_word(certs, state, &known[i], consent, &why) < 0)
            return certs_complain(&why);
    return EX_OK;
}

static int with_word(struct certs *certs, int argc, char **argv,
                     enum consent consent)
{
    const struct settings *settings = &certs->policy->settings;
    struct keystore *keystore;
    struct state *state = NULL;
    struct failure why = {0};
    if (argc != 1)
        return certs_usage(consent == CONSENT_GIVEN ? "approve" : "deny");
    if (keystore_open(settings->nssdb, settings->nssdb_password, &keystore,
                      &why) < 0)
        return certs_complain(&why);
    int status = state_open(settings->state, STATE_WRITE, &state, &why) < 0
                     ? certs_complain(&why)
                     : give_word(certs, state, argv[0], consent);
    state_close(&state);
    keystore_close(&keystore);
    return status;
}

int certs_approve(struct certs *certs, int argc, char **argv)
{
    return with_word(certs, argc, argv, CONSENT_GIVEN);
}

int certs_deny(struct certs *certs, int argc, char **argv)
{
    return with_word(certs, argc, argv, CONSENT_DENIED);
}

struct listing {
    struct certs *certs;
    struct buffer json;
    size_t count;
};

static void list_json(struct buffer *json,
                      const struct consent_record *record)
{
    char hex[2 * KNOWN_FINGERPRINT + 1];
    certs_hex(record->fingerprint, KNOWN_FINGERPRINT, hex);
    json_open(json, NULL, '{');
    json_text(json, "fingerprint", hex);
    json_text(json, "address", record->address);
    json_time(json, "since", record->when);
    json_close(json, '}');
}

static int list_one(void *context, const struct consent_record *record,
                    struct failure *why)
{
    struct listing *listing = context;
    char when[32];
    time_t since = (time_t)record->when;
    struct tm utc;
    (void)why;
    if (record->consent != CONSENT_PENDING)
        return 0;
    listing->count++;
    if (listing->certs->json) {
        list_json(&listing->json, record);
        return 0;
    }
    gmtime_r(&since, &utc);
    strftime(when, sizeof when, "%Y-%m-%d %H:%M", &utc);
    printf("%s  %s\n    ", when, record->address);
    print_fingerprint(record->fingerprint);
    printf("\n");
    return 0;
}

/* 1 = somebody has to look at them: for a monitor. */
int certs_pending(struct certs *certs, int argc, char **argv)
{
    struct listing listing = {.certs = certs};
    struct failure why = {0};
    struct state *state;
    (void)argv;
    if (argc > 0)
        return certs_usage("pending");
    int rc = state_open(certs->policy->settings.state, STATE_READ, &state,
                        &why);
    json_open(&listing.json, NULL, '[');
    if (rc == 0)
        rc = consent_each(state, list_one, &listing, &why);
    json_close(&listing.json, ']');
    state_close(&state);
    if (rc >= 0 && certs->json)
        printf("%s\n", buffer_string(&listing.json));
    else if (rc >= 0 && listing.count == 0)
        printf("nothing waits for an approval\n");
    buffer_free(&listing.json);
    if (rc < 0)
        return certs_complain(&why);
    return listing.count ? 1 : EX_OK;
}
