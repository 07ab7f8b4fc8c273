/* consent: see consent.h. */
#include "consent.h"

#include "address.h"
#include "decide.h"
#include "failure.h"
#include "policy.h"
#include "state.h"
#include "state_list.h"

#include <stdio.h>
#include <string.h>

static const char *const words[] = {[CONSENT_GIVEN] = "approved",
                                    [CONSENT_PENDING] = "pending",
                                    [CONSENT_DENIED] = "denied"};

const char *consent_word(enum consent consent)
{
    return words[consent];
}

/* A record's value: "word when address". */
static int decode(const struct der *key, const struct der *value,
                  struct consent_record *record_r,
                  char address_r[CONSENT_ADDRESS])
{
    char text[CONSENT_ADDRESS + 64], word[16];
    int end = 0;
    snprintf(text, sizeof text, "%.*s", (int)value->length,
             (const char *)value->data);
    if (key->length != CONSENT_FINGERPRINT ||
        sscanf(text, "%15s %lld %n", word, &record_r->when, &end) != 2 ||
        !end)
        return 0;
    memcpy(record_r->fingerprint, key->data, CONSENT_FINGERPRINT);
    snprintf(address_r, CONSENT_ADDRESS, "%.*s", CONSENT_ADDRESS - 1,
             text + end);
    record_r->address = address_r;
    for (int i = CONSENT_GIVEN; i <= CONSENT_DENIED; i++)
        if (strcmp(word, words[i]) == 0) {
            record_r->consent = (enum consent)i;
            return 1;
        }
    return 0;
}

static int read_record(struct state *state, const unsigned char *fingerprint,
                       struct consent_record *record_r,
                       char address_r[CONSENT_ADDRESS], struct failure *why)
{
    struct der key = {fingerprint, CONSENT_FINGERPRINT}, value;
    int rc = state_get(state, STATE_APPROVALS, key.data, key.length, &value,
                       why);
    if (rc <= 0 || decode(&key, &value, record_r, address_r))
        return rc;
    return failure(why, FAILURE_STATE, "state %s: an approval is damaged",
                   state_folder(state));
}

int consent_get(struct state *state, const unsigned char *fingerprint,
                 struct consent_record *record_r,
                 char address_r[CONSENT_ADDRESS], struct failure *why)
{
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    return state_end(
        state, read_record(state, fingerprint, record_r, address_r, why),
        why);
}

static int write_record(struct state *state,
                        const struct consent_record *record,
                        struct failure *why)
{
    char text[CONSENT_ADDRESS + 64];
    snprintf(text, sizeof text, "%s %lld %.*s", words[record->consent],
             record->when, CONSENT_ADDRESS - 1, record->address);
    return state_put(state, STATE_APPROVALS, record->fingerprint,
                     CONSENT_FINGERPRINT, text, strlen(text), why);
}

static int is_partner(const struct policy *policy, const char *address)
{
    const char *at = strrchr(address, '@');
    struct address parts = {"", at ? at + 1 : ""};
    for (size_t i = 0; i < policy->partner_count; i++)
        if (strcmp(policy->partners[i].entry, address) == 0 ||
            address_covered(&parts, policy->partners[i].entry))
            return 1;
    return 0;
}

static int is_listed(struct state *state, const char *address,
                     struct failure *why)
{
    char entry[256];
    const char *at = strrchr(address, '@');
    return state && at ? state_listed(state, LIST_SEEMAIL, at + 1, entry,
                                      sizeof entry, why)
                       : 0;
}

static int needs_none(struct state *state, const struct policy *policy,
                      const char *address, struct failure *why)
{
    switch (policy->settings.approval) {
    case APPROVAL_ALL:
        return 1;
    case APPROVAL_LISTED:
        if (is_partner(policy, address))
            return 1;
        return is_listed(state, address, why);
    case APPROVAL_SEEMAIL:
        return is_listed(state, address, why);
    default:
        return 0;
    }
}

int consent_of(struct state *state, const struct policy *policy,
                const unsigned char *fingerprint, const char *address,
                enum consent *consent_r, struct failure *why)
{
    struct consent_record record;
    char known[CONSENT_ADDRESS];
    int rc = state ? consent_get(state, fingerprint, &record, known, why) : 0;
    if (rc > 0 && record.consent != CONSENT_PENDING) {
        *consent_r = record.consent;
        return 0;
    }
    if (rc >= 0)
        rc = needs_none(state, policy, address, why);
    *consent_r = rc > 0 ? CONSENT_GIVEN : CONSENT_PENDING;
    return rc < 0 ? -1 : 0;
}

static int ask(struct state *state, const struct consent_record *record,
               struct failure *why)
{
    struct consent_record old;
    char address[CONSENT_ADDRESS];
    int rc = read_record(state, record->fingerprint, &old, address, why);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    return write_record(state, record, why) < 0 ? -1 : 1;
}

int consent_ask(struct state *state, const unsigned char *fingerprint,
                 const char *address, long long now, struct failure *why)
{
    struct consent_record record = {
        .consent = CONSENT_PENDING, .when = now, .address = address};
    memcpy(record.fingerprint, fingerprint, CONSENT_FINGERPRINT);
    if (state_begin(state, STATE_WRITE, why) < 0)
        return -1;
    return state_end(state, ask(state, &record, why), why);
}

int consent_put(struct state *state, const struct consent_record *record,
                 struct failure *why)
{
    if (state_begin(state, STATE_WRITE, why) < 0)
        return -1;
    return state_end(state, write_record(state, record, why), why);
}

struct visiting {
    consent_visit *visit;
    void *context;
};

static int visit_one(void *context, const struct der *key,
                     const struct der *value, struct failure *why)
{
    const struct visiting *visiting = context;
    struct consent_record record;
    char address[CONSENT_ADDRESS];
    return decode(key, value, &record, address)
               ? visiting->visit(visiting->context, &record, why)
               : 0;
}

int consent_each(struct state *state, consent_visit *visit, void *context,
                  struct failure *why)
{
    struct visiting visiting = {visit, context};
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    int rc = state_each(state, STATE_APPROVALS, "", 0, visit_one, &visiting,
                        why);
    return state_end(state, rc, why) < 0 ? -1 : 0;
}
