#ifndef SEEMAIL_CAPABILITIES_H
#define SEEMAIL_CAPABILITIES_H

/*
 * capabilities: what partners announced that they can read (SMIMECapabilities
 * of RFC 8551, 2.5.2), in the state, each with the time at which it was
 * signed [2.10-cachecaps]. Of a domain, or of a person by his mail address.
 */

#include "der.h"

struct failure;
struct pool;
struct state;

struct capabilities {
    struct der list; /* whole */
    long long signed_at, learned; /* Unix time */
};

/*
 * Keeps what a verified message said of `who' (lower case). Only the newest
 * counts: an old message that comes again changes nothing. What says the
 * same as an hour ago is not written again. Within a writing transaction: 1;
 * 0 = it was not kept; -1.
 */
int capabilities_put(struct state *state, const char *who,
                     const struct capabilities *capabilities,
                     struct failure *why);

/* Would capabilities_put() keep it? 1, 0, -1. A transaction of its own. */
int capabilities_news(struct state *state, const char *who,
                      const struct capabilities *capabilities,
                      struct failure *why);

/* Of a person, or of a domain or the closest one above it; in the pool. A
 * transaction of its own: 1, 0 = nothing is known, -1. */
int capabilities_find(struct state *state, struct pool *pool, const char *who,
                      struct capabilities *capabilities_r,
                      struct failure *why);

#endif
