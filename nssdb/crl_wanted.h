#ifndef SEEMAIL_CRL_WANTED_H
#define SEEMAIL_CRL_WANTED_H

/*
 * crl_wanted: the URLs of the CRLs that this hub needs: those of the
 * certificates in the key store (our own, and the CAs'), of the known
 * partners', and those that a judgement asked for lately.
 */

#include <stddef.h>
#include <time.h>

struct failure;
struct pool;
struct state;

#define CRL_WANTED_DAYS 30      /* that one that was asked for counts */
#define CRL_WANTED_MOST 100000  /* URLs; further ones are left out */

/* Each once, in the pool. A transaction of its own. 0, -1. */
int crl_wanted(struct state *state, struct pool *pool, time_t now,
               const char *const **urls_r, size_t *count_r,
               struct failure *why);

/* Forgets CRLs that expired, and sources that were last asked, long ago. A
 * transaction of its own. 0, -1. */
int crl_wanted_expire(struct state *state, struct pool *pool, time_t now,
                      struct failure *why);

#endif
