/* choose: see choose.h. */
#include "choose.h"

#include "certificate.h"
#include "failure.h"
#include "keys_out.h"
#include "keystore.h"
#include "pool.h"

#include <secitem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_among(const struct known *list, size_t count,
                    const struct known *one)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(list[i].fingerprint, one->fingerprint,
                   KNOWN_FINGERPRINT) == 0)
            return 1;
    return 0;
}

int choose_candidates(struct keystore *keystore, struct state *state,
                      struct pool *pool, const char *address,
                      struct known **known_r, size_t *count_r,
                      struct failure *why)
{
    struct der *pinned;
    struct known *found = NULL;
    size_t pinned_count, found_count = 0, count = 0;
    if (keystore_pinned(keystore, pool, address, &pinned, &pinned_count,
                        why) < 0 ||
        (state && known_find(state, pool, address, &found, &found_count,
                             why) < 0))
        return -1;
    struct known *all = pool_array(pool, pinned_count + found_count + 1,
                                   sizeof *all);
    if (!all)
        return failure_memory(why);
    for (size_t i = 0; i < pinned_count; i++) {
        struct known one = {.certificate = pinned[i], .source = KNOWN_PINNED,
                            .where = "key store"};
        int rc = known_read(&one, why);
        if (rc < 0)
            return -1;
        if (rc > 0)
            all[count++] = one;
    }
    for (size_t i = 0, pins = count; i < found_count; i++)
        if (!is_among(all, pins, &found[i]))
            all[count++] = found[i];
    qsort(all, count, sizeof *all, known_compare);
    *known_r = all;
    *count_r = count;
    return 0;
}

/* Keeps the first reason: that of the best. */
static void say(char *reason, size_t size, const char *text)
{
    if (!*reason)
        snprintf(reason, size, "%s", text);
}

struct choice {
    choose_judge *judge;
    void *context;
    const struct known *end;
    CERTCertificate *tolerated; /* the first */
    const struct known *which;  /* of the known is that */
    struct keys_out out;
    char *reason;
    size_t size;
};

/* A newer one for the same key, of a lesser source, that is out for the key's
 * sake: 1, and why it is; 0, -1. */
static int key_went_out(struct choice *choice, const struct known *known,
                        CERTCertificate *candidate, char *reason, size_t size,
                        struct failure *why)
{
    int rc = 0;
    for (const struct known *one = known + 1; rc == 0 && one < choice->end;
         one++) {
        if (one->from <= known->from)
            continue;
        CERTCertificate *newer = cert_decode(&one->certificate);
        if (newer && SECITEM_ItemsAreEqual(&newer->derPublicKey,
                                           &candidate->derPublicKey))
            rc = choice->judge(choice->context, one, newer, reason, size,
                               why);
        if (newer)
            CERT_DestroyCertificate(newer);
        rc = rc < 0 ? -1 : rc == CHOOSE_KEY_OUT;
    }
    return rc;
}

/* 1 = it is good, and given; 0; -1. */
static int consider(struct choice *choice, const struct known *known,
                    CERTCertificate **certificate_r, struct failure *why)
{
    char reason[300] = "";
    CERTCertificate *candidate = cert_decode(&known->certificate);
    if (!candidate) {
        say(choice->reason, choice->size, "cannot be read");
        return 0;
    }
    int out = keys_out_has(&choice->out, candidate);
    if (!out)
        out = key_went_out(choice, known, candidate, reason, sizeof reason,
                           why);
    int rc = out ? (out < 0 ? -1 : 0)
                 : choice->judge(choice->context, known, candidate, reason,
                                 sizeof reason, why);
    if (rc == CHOOSE_GOOD) {
        *certificate_r = candidate;
        return 1;
    }
    if (rc == 0 || rc == CHOOSE_KEY_OUT)
        say(choice->reason, choice->size, reason);
    if (rc == CHOOSE_KEY_OUT)
        keys_out_add(&choice->out, candidate);
    if (rc == CHOOSE_TOLERATED && !choice->tolerated) {
        choice->tolerated = candidate;
        choice->which = known;
    } else {
        CERT_DestroyCertificate(candidate);
    }
    return rc < 0 ? -1 : 0;
}

int choose(const struct known *known, size_t count, enum known_source least,
           choose_judge *judge, void *context,
           CERTCertificate **certificate_r, size_t *which_r, char *reason_r,
           size_t size, struct failure *why)
{
    struct choice choice = {.judge = judge, .context = context,
                            .end = known + count, .reason = reason_r,
                            .size = size};
    char reason[100];
    size_t further = 0;
    int rc = 0;
    *reason_r = '\0';
    for (size_t i = 0; rc == 0 && i < count && known[i].source >= least; i++) {
        if (choice.tolerated &&
            (further++ == CHOOSE_FURTHER ||
             (choice.which->source == KNOWN_PINNED &&
              known[i].source != KNOWN_PINNED)))
            break;
        rc = consider(&choice, &known[i], certificate_r, why);
        *which_r = i;
    }
    keys_out_free(&choice.out);
    if (rc == 0 && count && known[0].source < least) {
        snprintf(reason, sizeof reason, "only %s, which is not enough by the "
                 "policy", known_source_word(known[0].source));
        say(reason_r, size, reason);
    }
    if (rc == 0 && choice.tolerated) {
        *which_r = (size_t)(choice.which - known);
        *certificate_r = choice.tolerated;
        return 1;
    }
    if (choice.tolerated)
        CERT_DestroyCertificate(choice.tolerated);
    return rc;
}
