#ifndef SEEMAIL_CHOOSE_H
#define SEEMAIL_CHOOSE_H

/*
 * choose: of all certificates that there are for an address, the one that is
 * used. They are tried in the order of known_compare(): pinned in the key
 * store, from the SEEMAIL directory, another directory, learned; of one
 * source the newest, then the strongest. The first that is good is taken;
 * if there is none, the first that the policy tolerates: one that expired,
 * was revoked or cannot be checked never stops mail when there is another.
 * But one that is pinned and tolerated gives way to pinned ones alone: an
 * administrator has said which [2.8-store].
 */

#include "known.h"

#include <cert.h>

struct keystore;

/* All of an address, pinned and known, in their order; in the pool. `state'
 * NULL = there is none yet. 0, also for none; -1. */
int choose_candidates(struct keystore *keystore, struct state *state,
                      struct pool *pool, const char *address,
                      struct known **known_r, size_t *count_r,
                      struct failure *why);

/* The caller's judgement: CHOOSE_GOOD; CHOOSE_TOLERATED; 0 = it cannot be
 * used, CHOOSE_KEY_OUT = and no other for its key either, reason_r says why in
 * a few words; -1 = it could not be judged, which ends it all. */
enum { CHOOSE_GOOD = 1, CHOOSE_TOLERATED, CHOOSE_KEY_OUT };
#define CHOOSE_FURTHER 10 /* looked at after one that is tolerated */
typedef int choose_judge(void *context, const struct known *known,
                         CERTCertificate *candidate, char *reason_r,
                         size_t size, struct failure *why);

/* The one to use, of those whose source is `least' or better: 1, and which of
 * them it is, the caller destroys what it gets; 0 = none, reason_r says why the best could
 * not be used ("" if there was none at all); -1. */
int choose(const struct known *known, size_t count, enum known_source least,
           choose_judge *judge, void *context,
           CERTCertificate **certificate_r, size_t *which_r, char *reason_r,
           size_t size, struct failure *why);

#endif
