#ifndef SEEMAIL_KNOWN_H
#define SEEMAIL_KNOWN_H

/*
 * known: other people's certificates that were fetched or learned, in the
 * state, each with where it came from [2.8-store]. A certificate is found by
 * any mail address that it holds, and by what a signature names it by. Those
 * that an administrator pinned are in the key store, not here, and win.
 *
 * However many there are, a look-up costs the same. How many one address can
 * have is limited, and the limit on all is known_room()'s.
 */

#include "der.h"

#include <stddef.h>

struct failure;
struct pool;
struct state;

/* By rank: what comes from a better source is preferred. The settings
 * seal-source and verify-source have these words, in this order. */
enum known_source {
    KNOWN_UNVERIFIED, /* taken in by an administrator who does not vouch */
    KNOWN_LEARNED,    /* came with a verified message [2.8-learn] */
    KNOWN_DIRECTORY,  /* another directory, or an answer by mail */
    KNOWN_SEEMAIL,    /* the directory that has the SEEMAIL list */
    KNOWN_PINNED,     /* certutil; never in the state */
    KNOWN_SOURCES
};

const char *known_source_word(enum known_source source);
int known_source_find(const char *word, enum known_source *source_r);

#define KNOWN_FINGERPRINT 32 /* SHA-256 of the certificate */

struct known {
    struct der certificate;
    enum known_source source;
    const char *where; /* the directory's name, the message's id, ... */
    long long first, seen; /* Unix time: when it was first and last met */
    /* Of the certificate; filled in by known_read() and by what finds. */
    long long from, to;
    unsigned strength; /* of its key, in bits of security; 0 = not known */
    unsigned char fingerprint[KNOWN_FINGERPRINT];
};

/* qsort()'s order: the better source, then the newer certificate (not the
 * one met last: a replayed message must not bring an old one back), then the
 * stronger key. */
int known_compare(const void *one, const void *other);

/* Fills in what the certificate says: 1; 0 = it is none; -1. */
int known_read(struct known *known, struct failure *why);

#define KNOWN_SEEN_EVERY (24 * 60 * 60) /* seconds: how exact `seen' is */
#define KNOWN_PER_ADDRESS 100
#define KNOWN_LEARNED_PER_ADDRESS 20 /* of those, from mail and the like */

/*
 * Keeps a certificate under all its addresses (those that are too long to be
 * looked up are left out). One that is there already keeps its `first' and
 * the better of its sources. Where an address has too many, one goes that
 * leads to no root that is trusted, if there is one, and of such, or else of
 * all, the last by known_compare(). 1; 0 = not kept: it is no certificate, has no
 * address, or is the last itself. Within a writing transaction; NSS must
 * have been started.
 */
int known_put(struct state *state, const struct known *known,
              struct failure *why);

/* Would known_put() change something? 1, 0, -1. A transaction of its own. */
int known_news(struct state *state, const struct known *known,
               struct failure *why);

/* Those of an address, in the order of known_compare(); copies in the pool. A
 * transaction of its own. 0, also for none; -1. */
int known_find(struct state *state, struct pool *pool, const char *address,
               struct known **known_r, size_t *count_r, struct failure *why);

/* Likewise those of an issuer (a whole Name) and serial number (its content),
 * or, where issuer is NULL, of a subject key identifier. */
int known_find_signer(struct state *state, struct pool *pool,
                      const struct der *issuer, const struct der *serial,
                      const struct der *identifier, struct known **known_r,
                      size_t *count_r, struct failure *why);

/* By the first bytes of its fingerprint: all that fit, 2 at the most. */
int known_get(struct state *state, struct pool *pool,
              const unsigned char *prefix, size_t length,
              struct known **known_r, size_t *count_r, struct failure *why);

/* Every one, in no order. What the visitor gets lives until it returns; it
 * changes nothing and returns 0 to go on, 1 to stop, -1. A transaction of its
 * own. */
typedef int known_visit(void *context, const struct known *known,
                        struct failure *why);
int known_each(struct state *state, known_visit *visit, void *context,
               struct failure *why);

/* By address, in its order, one row for each certificate that it has: of one
 * address, or of all (NULL). As known_each(). */
typedef int known_row(void *context, const char *address,
                      const struct known *known, struct failure *why);
int known_list(struct state *state, const char *address, known_row *row,
               void *context, struct failure *why);

/* Within a writing transaction: 1; 0 = it was not there; -1. */
int known_forget(struct state *state, const unsigned char *fingerprint,
                 struct failure *why);

/* Within a writing transaction: makes room for `more' where `most' are the
 * limit. The worst sources' oldest go, but no directory's: -1 FAILURE_LIMIT. */
int known_room(struct state *state, size_t more, size_t most,
               struct failure *why);

/* Within a writing transaction: forgets those that expired before then; how
 * many. */
int known_expire(struct state *state, long long before, size_t *count_r,
                 struct failure *why);

/* How many certificates there are. A transaction of its own. */
int known_count(struct state *state, size_t *count_r, struct failure *why);

#endif
