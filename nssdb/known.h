#ifndef SEEMAIL_KNOWN_H
#define SEEMAIL_KNOWN_H

/*
 * known: other people's certificates that were fetched or learned, in the
 * state, each with where it came from [2.8-store]. A certificate is found by
 * any mail address that it holds. Those that an administrator pinned are in
 * the key store, not here, and win.
 */

#include "der.h"

#include <stddef.h>

struct failure;
struct pool;
struct state;

/* By rank: what comes from a better source is preferred. */
enum known_source {
    KNOWN_UNVERIFIED, /* came with mail that was not verified */
    KNOWN_LEARNED,    /* came with a verified message [2.8-learn] */
    KNOWN_DIRECTORY,  /* another directory, or an answer by mail */
    KNOWN_SEEMAIL,    /* the directory that has the SEEMAIL list */
    KNOWN_PINNED,     /* certutil; never in the state */
    KNOWN_SOURCES
};

const char *known_source_word(enum known_source source);

#define KNOWN_FINGERPRINT 32 /* SHA-256 of the certificate */

struct known {
    struct der certificate;
    enum known_source source;
    const char *where; /* the directory's name, the message's id, ... */
    long long first, seen; /* Unix time: when it was first and last met */
};

/*
 * Keeps a certificate under these addresses (lower case; those that are too
 * long to be looked up are left out). One that is there already keeps its
 * `first' and the better of its sources. Within a writing transaction; NSS
 * must have been started.
 */
int known_put(struct state *state, const struct known *known,
              const char *const *addresses, size_t count,
              struct failure *why);

/* Those of an address, the best source first, then the one met last; copies
 * in the pool. A transaction of its own. 0, also for none; -1. */
int known_find(struct state *state, struct pool *pool, const char *address,
               struct known **known_r, size_t *count_r, struct failure *why);

/* How many certificates there are. A transaction of its own. */
int known_count(struct state *state, size_t *count_r, struct failure *why);

#endif
