#ifndef SEEMAIL_RECIPIENT_H
#define SEEMAIL_RECIPIENT_H

/*
 * recipient: the certificate to encrypt to for an address: of all that are
 * pinned or known, in the order of choose.h, the first that the policy's
 * table outcomes lets be used and that needs or has an approval
 * [2.8-approval]. Sealing asks, and so does who fetches, to see whether there
 * is something to fetch.
 */

#include "consent.h"
#include "judge.h"
#include "known.h"

struct keystore;
struct policy;
struct pool;

typedef int recipient_judge(void *context, CERTCertificate *certificate,
                            struct judge_request *request,
                            struct judgement *judgement_r,
                            struct failure *why);

struct recipient_search {
    struct keystore *keystore;
    struct state *state; /* NULL = there is none yet */
    const struct policy *policy;
    struct pool *pool;
    time_t now;
    /* Optional: judges, by the policy, and may wait for the network. */
    recipient_judge *judge;
    void *context;
};

struct recipient_answer {
    enum judge_status status; /* of the one that is given */
    /* Why there is none. */
    size_t count;     /* of certificates that were looked at */
    int discover;     /* the policy lets directories be asked */
    int pending;      /* one is valid and waits for an approval ... */
    unsigned char fingerprint[KNOWN_FINGERPRINT]; /* ... this one */
    char reason[300]; /* in words: of the best */
};

/* 1, the caller destroys what it gets; 0 = none, *answer_r says why; -1. */
int recipient_find(const struct recipient_search *search, const char *address,
                   CERTCertificate **certificate_r,
                   struct recipient_answer *answer_r, struct failure *why);

#endif
