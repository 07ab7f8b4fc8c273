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

struct wording {
    struct certs *certs;
    struct state *state;
    const char *text; /* what it is about */
    enum consent consent;
    struct buffer json;
};

static void show_word(struct wording *w, const struct consent_record *record)
{
    char hex[2 * KNOWN_FINGERPRINT + 1];
    certs_hex(record->fingerprint, KNOWN_FINGERPRINT, hex);
    json_open(&w->json, NULL, '{');
    json_text(&w->json, "fingerprint", hex);
    json_text(&w->json, "address", record->address);
    json_text(&w->json, "consent", consent_word(record->consent));
    json_close(&w->json, '}');
    if (!w->certs->json)
        printf("%s: %s %s\n", consent_word(record->consent), hex,
               record->address);
}

static int put_word(struct wording *w, const struct known *known,
                    struct failure *why)
{
    struct consent_record record = {.consent = w->consent,
                                    .when = (long long)time(NULL)};
    CERTCertificate *certificate = cert_decode(&known->certificate);
    record.address =
        certificate ? cert_title(w->certs->pool, certificate) : "?";
    if (certificate)
        CERT_DestroyCertificate(certificate);
    if (!record.address)
        return failure_memory(why);
    memcpy(record.fingerprint, known->fingerprint, KNOWN_FINGERPRINT);
    if (consent_put(w->state, &record, why) < 0)
        return -1;
    show_word(w, &record);
    return 0;
}

/* Those that nobody has said a word on are kept, and counted. 0 or -1. */
static int keep_open(struct state *state, struct known *known, size_t *count,
                     struct failure *why)
{
    struct consent_record record;
    char address[CONSENT_ADDRESS];
    size_t left = 0;
    for (size_t i = 0; i < *count; i++) {
        int rc = consent_get(state, known[i].fingerprint, &record, address,
                             why);
        if (rc < 0)
            return -1;
        if (rc == 0 || record.consent == CONSENT_PENDING)
            known[left++] = known[i];
    }
    *count = left;
    return 0;
}

/* An approval is for what was looked at, not for what came meanwhile. */
static int say_which(const char *text, const struct known *known, size_t count)
{
    char hex[2 * KNOWN_FINGERPRINT + 1];
    fprintf(stderr, "seemail-certs: %s has %zu certificates that wait for an "
                    "approval: say which, by its fingerprint:\n", text, count);
    for (size_t i = 0; i < count; i++) {
        certs_hex(known[i].fingerprint, KNOWN_FINGERPRINT, hex);
        fprintf(stderr, "    seemail-certs approve %s\n", hex);
    }
    return EX_USAGE;
}

static int complain(int status, const char *what, const char *text,
                    const char *step)
{
    fprintf(stderr, "seemail-certs: %s %s%s\n", what, text, step);
    return status;
}

/* Those that the word is on; EX_OK, or what is wrong with that. */
static int pick(struct wording *w, struct known **known_r, size_t *count_r)
{
    struct failure why = {0};
    int by_address = strpbrk(w->text, "@.") != NULL;
    int approves = w->consent == CONSENT_GIVEN;
    if (find(w->certs, w->state, w->text, known_r, count_r, &why) < 0)
        return certs_complain(&why);
    if (*count_r == 0)
        return complain(EX_UNAVAILABLE, "no certificate is known for",
                        w->text, ": see seemail-certs pending");
    if (*count_r > 1 && !by_address)
        return complain(EX_USAGE, "several fingerprints begin with", w->text,
                        "");
    if (!approves || !by_address)
        return EX_OK;
    if (keep_open(w->state, *known_r, count_r, &why) < 0)
        return certs_complain(&why);
    if (*count_r == 0)
        return complain(EX_UNAVAILABLE, "no certificate waits for an approval "
                        "of", w->text, ": give a fingerprint to change a word");
    return *count_r > 1 ? say_which(w->text, *known_r, *count_r) : EX_OK;
}

static int give_word(struct wording *w)
{
    struct failure why = {0};
    struct known *known = NULL;
    size_t count = 0;
    int status = pick(w, &known, &count);
    if (status != EX_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        if (put_word(w, &known[i], &why) < 0)
            return certs_complain(&why);
    return EX_OK;
}

static int with_word(struct certs *certs, int argc, char **argv,
                     enum consent consent)
{
    const struct settings *settings = &certs->policy->settings;
    struct wording w = {.certs = certs, .text = argv[0], .consent = consent};
    struct keystore *keystore;
    struct failure why = {0};
    if (argc != 1)
        return certs_usage(consent == CONSENT_GIVEN ? "approve" : "deny");
    if (keystore_open(settings->nssdb, settings->nssdb_password, &keystore,
                      &why) < 0)
        return certs_complain(&why);
    json_open(&w.json, NULL, '[');
    int status = state_open(settings->state, STATE_WRITE, &w.state, &why) < 0
                     ? certs_complain(&why) : give_word(&w);
    json_close(&w.json, ']');
    state_close(&w.state);
    keystore_close(&keystore);
    return certs_answer(certs, &w.json, status);
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
