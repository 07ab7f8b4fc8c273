/* gateway: see gateway.h. */
#include "gateway.h"

#include "certificate.h"
#include "failure.h"
#include "fetch.h"
#include "keystore.h"
#include "known.h"
#include "own_choice.h"
#include "pool.h"
#include "state.h"

#include <stdio.h>
#include <string.h>

int gateway_open(const char *home, struct gateway *gateway_r,
                 struct failure *why)
{
    char folder[4096];
    *gateway_r = (struct gateway){.now = time(NULL)};
    snprintf(folder, sizeof folder, "%s/policies", home);
    return policy_load(folder, &gateway_r->policy, NULL, why);
}

void gateway_close(struct gateway *gateway)
{
    if (gateway->keystore)
        keystore_close(&gateway->keystore);
    if (gateway->state)
        state_close(&gateway->state);
    policy_free(&gateway->policy);
}

int gateway_keystore(struct gateway *gateway, struct failure *why)
{
    const struct settings *settings = &gateway->policy->settings;
    if (gateway->keystore)
        return 0;
    return keystore_open(settings->nssdb, settings->nssdb_password,
                         &gateway->keystore, why);
}

int gateway_keys_there(struct gateway *gateway, struct failure *why)
{
    const struct policy *policy = gateway->policy;
    for (size_t i = 0; i < policy->identity_count; i++) {
        const struct identity *row = &policy->identities[i];
        for (size_t k = 0; k < row->decrypting_count; k++)
            if (keystore_there(gateway->keystore, row->decrypting[k], why) < 0)
                return -1;
    }
    return 0;
}

long long gateway_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void gateway_network(struct gateway *gateway, long seconds)
{
    gateway->network_until = gateway_clock() + seconds * 1000LL;
}

int gateway_state(struct gateway *gateway, struct failure *why)
{
    if (gateway->state)
        return 0;
    return state_open(gateway->policy->settings.state, STATE_READ,
                      &gateway->state, why) < 0 ? -1 : 0;
}

static int find_key(void *context, const struct der *issuer,
                    const struct der *serial, const struct der *identifier,
                    SECKEYPrivateKey **key_r, struct failure *why)
{
    struct gateway *gateway = context;
    return keystore_find_key(gateway->keystore, issuer, serial, identifier,
                             key_r, why);
}

/* Of those known by that name the one that is in its time, or else the first;
 * what it is worth is judged later. */
static const struct known *pick(const struct gateway *gateway,
                                const struct known *known, size_t count)
{
    const struct known *first = NULL;
    for (size_t i = 0; i < count; i++) {
        if (known[i].source < gateway->policy->settings.verify_source)
            continue;
        if (known[i].from <= gateway->now && gateway->now <= known[i].to)
            return &known[i];
        if (!first)
            first = &known[i];
    }
    return first;
}

/* 1, 0, -1. */
static int find_known(struct gateway *gateway, const struct der *issuer,
                      const struct der *serial, const struct der *identifier,
                      CERTCertificate **certificate_r, struct failure *why)
{
    struct known *known;
    size_t count = 0;
    if (gateway_state(gateway, why) < 0 ||
        (gateway->state &&
         known_find_signer(gateway->state, gateway->policy->pool, issuer,
                           serial, identifier, &known, &count, why) < 0))
        return -1;
    const struct known *found = count ? pick(gateway, known, count) : NULL;
    *certificate_r = found ? cert_decode(&found->certificate) : NULL;
    return *certificate_r != NULL;
}

/* A signer's that did not come with the message [2.10-nocerts]: from the key
 * store, then from the state, then from the directories, once a message. */
static int find_certificate(void *context, const struct der *issuer,
                            const struct der *serial,
                            const struct der *identifier,
                            CERTCertificate **certificate_r,
                            struct failure *why)
{
    struct gateway *gateway = context;
    const char *said, *from = gateway->from;
    int rc = keystore_find_certificate(gateway->keystore, issuer, serial,
                                       identifier, certificate_r, why);
    if (rc == 0)
        rc = find_known(gateway, issuer, serial, identifier, certificate_r,
                        why);
    if (rc != 0 || !from)
        return rc;
    gateway->from = NULL;
    return fetch_certificate(gateway, from, &said) > 0
               ? find_known(gateway, issuer, serial, identifier,
                            certificate_r, why)
               : 0;
}

/* For those who ask by what a message was secured. */
static void note_algorithm(struct gateway *gateway, const char *name)
{
    char *known = gateway->algorithms;
    size_t used = strlen(known), length = strlen(name);
    const char *at = strstr(known, name);
    if (at && (at[length] == ',' || at[length] == '\0'))
        return;
    if (used + length + 3 <= sizeof gateway->algorithms)
        snprintf(known + used, sizeof gateway->algorithms - used, "%s%s",
                 used ? ", " : "", name);
}

static int permits(void *context, const char *name, enum algorithm_use a,
                   enum algorithm_use b)
{
    struct gateway *gateway = context;
    int permitted = policy_permits(gateway->policy, a, name, 0) ||
                    policy_permits(gateway->policy, b, name, 0);
    if (permitted)
        note_algorithm(gateway, name);
    return permitted;
}

static int permits_encryption(void *context, const char *name)
{
    return permits(context, name, ALGORITHM_ENCRYPT, ALGORITHM_KEYTRANSPORT);
}

static int permits_signature(void *context, const char *name)
{
    return permits(context, name, ALGORITHM_SIGN, ALGORITHM_DIGEST);
}

struct cms_keys gateway_keys(struct gateway *gateway)
{
    return (struct cms_keys){find_key, permits_encryption, gateway};
}

struct cms_verifier gateway_verifier(struct gateway *gateway)
{
    return (struct cms_verifier){find_certificate, permits_signature,
                                 gateway};
}

/* Who has the key that we lost signs as we did: we know it before any CRL
 * says so [1.9-compromise]. */
static int judge_suspended(struct gateway *gateway,
                           CERTCertificate *certificate,
                           struct judgement *judgement, struct failure *why)
{
    time_t since;
    if (gateway_keystore(gateway, why) < 0)
        return -1;
    int rc = keystore_suspended(gateway->keystore, certificate, &since, why);
    if (rc > 0 && judgement->status < JUDGE_REVOKED) {
        judgement->status = JUDGE_REVOKED;
        snprintf(judgement->reason, sizeof judgement->reason,
                 "its key pair was ours, and is suspended here");
    }
    return rc < 0 ? -1 : 0;
}

static int judge(struct gateway *gateway, CERTCertificate *certificate,
                 struct judge_request *request, struct judgement *judgement_r,
                 struct failure *why)
{
    const struct policy *policy = gateway->policy;
    if (gateway_state(gateway, why) < 0)
        return -1;
    request->state = gateway->state;
    request->now = gateway->now;
    judge_by_policy(policy, request);
    if (judge_certificate(policy->pool, certificate, request, judgement_r,
                          why) < 0)
        return -1;
    return judge_suspended(gateway, certificate, judgement_r, why);
}

int gateway_judge(struct gateway *gateway, CERTCertificate *certificate,
                  struct judge_request *request, struct judgement *judgement_r,
                  struct failure *why)
{
    static int (*const steps[])(struct gateway *gateway,
                                const struct judgement *judgement) = {
        fetch_crls, fetch_ocsp};
    int rc = judge(gateway, certificate, request, judgement_r, why);
    for (size_t i = 0; rc == 0 && judge_unknown(judgement_r->status) &&
                       i < sizeof steps / sizeof steps[0]; i++)
        if (steps[i](gateway, judgement_r))
            rc = judge(gateway, certificate, request, judgement_r, why);
    return rc;
}

int gateway_own(struct gateway *gateway, const char *nickname,
                enum judge_use use, CERTCertificate **certificate_r,
                struct failure *why)
{
    struct own_choice choice;
    if (gateway_state(gateway, why) < 0)
        return -1;
    const struct own_search search = {.keystore = gateway->keystore,
                                      .state = gateway->state,
                                      .policy = gateway->policy,
                                      .pool = gateway->policy->pool,
                                      .now = gateway->now};
    int rc = own_choose(&search, nickname, use, &choice, why);
    if (rc < 0)
        return -1;
    if (rc == 0)
        failure(why, FAILURE_CERT, "our own certificate \"%s\": %s",
                nickname, choice.judgement.reason);
    else
        *certificate_r = CERT_DupCertificate(choice.certificate);
    own_choice_free(&choice);
    return rc > 0 ? 0 : -1;
}
