#ifndef SEEMAIL_CRL_SOURCE_H
#define SEEMAIL_CRL_SOURCE_H

/*
 * crl_source: what is known of a place that CRLs come from, in the state: a
 * URL, or the path of a file. It outlives the CRLs, so that a fetch can ask
 * for what is new alone, and so that "there was one, but it cannot be relied
 * on" is not mistaken for "there was none".
 */

#include <stddef.h>
#include <stdint.h>

struct failure;
struct pool;
struct state;

enum crl_source_outcome {
    CRL_SOURCE_NEVER,   /* it was not asked yet */
    CRL_SOURCE_TAKEN,   /* its CRL is in the index */
    CRL_SOURCE_INVALID, /* its CRL was refused: text says why */
    CRL_SOURCE_FAILED   /* no answer, or no CRL in it */
};

struct crl_source {
    const char *where; /* URL, or path */
    const char *tag;   /* ETag; "" = none */
    const char *text;  /* of the outcome */
    enum crl_source_outcome outcome;
    int64_t modified;  /* Last-Modified; 0 = none */
    int64_t asked;     /* when it was fetched last */
    int64_t good;      /* when that went well last; 0 = never */
    int64_t wanted;    /* when a judgement last needed it */
    int64_t since, next; /* thisUpdate and nextUpdate of what it gave; 0 =
                          * nothing */
};

const char *crl_source_word(enum crl_source_outcome outcome);

/* Within a transaction; in the pool. 1; 0 = it is not known; -1. */
int crl_source_get(struct state *state, struct pool *pool, const char *where,
                   struct crl_source *source_r, struct failure *why);

/* Within a writing transaction. 0, -1. */
int crl_source_put(struct state *state, const struct crl_source *source,
                   struct failure *why);

/* Within a writing transaction: 1, 0 = it was not known, -1. */
int crl_source_forget(struct state *state, const char *where,
                      struct failure *why);

/* All; copies in the pool. Within a transaction. 0, -1. */
#define CRL_SOURCES_MOST 100000 /* further ones are not looked at */
int crl_source_list(struct state *state, struct pool *pool,
                    struct crl_source **sources_r, size_t *count_r,
                    struct failure *why);

#endif
