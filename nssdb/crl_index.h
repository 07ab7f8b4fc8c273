#ifndef SEEMAIL_CRL_INDEX_H
#define SEEMAIL_CRL_INDEX_H

/*
 * crl_index: verified CRLs in the state, so that one serial is found without
 * a parse and without the memory of a list: a record a CRL, and one a revoked
 * certificate. A CRL takes the place of an older one of the same issuer, key
 * and scope, as a whole and in one transaction: readers see the old one or
 * the new one, and are never kept waiting. Who puts a CRL in has verified it
 * (crl_import.h).
 */

#include "der.h"
#include "name.h"

#include <stdint.h>

struct failure;
struct pool;
struct state;

#define CRL_KEY 33        /* bytes: what makes two CRLs versions of one */
#define CRL_SERIAL_MOST 64 /* bytes of a serial number; RFC 5280 has 20 */

/* What is kept of a CRL. Slices are borrowed from whoever filled it in. */
struct crl_record {
    unsigned char key[CRL_KEY]; /* crl_index_key() */
    uint64_t generation;        /* given by the index */
    int64_t this_update, next_update; /* Unix time */
    int64_t fetched;                  /* when it was taken in */
    uint64_t entries;
    int delta, indirect;
    struct der issuer;   /* Name */
    struct der number;   /* content of the INTEGER cRLNumber; none = NULL */
    struct der base;     /* BaseCRLNumber of a delta */
    struct der scope;    /* extension issuingDistributionPoint */
    struct der freshest; /* extension freshestCRL */
    struct der signer;   /* the certificate whose key verified it */
    struct der where;    /* text: the URL or file that it came from */
    struct der digest;   /* of the whole CRL: two are the same one */
};

/* One revoked certificate. */
struct crl_revoked {
    struct der serial; /* content of the INTEGER */
    const unsigned char *issuer; /* NAME_HASH bytes; of an indirect CRL */
    int64_t date;
    int reason; /* CRLReason, or REVOCATION_NO_REASON */
};

/* Fills record->key from issuer, the signer's key, scope and delta. 1, 0 =
 * the issuer is no Name or the signer no certificate. */
int crl_index_key(struct crl_record *record);

/* Were both signed with the same key? */
int crl_index_same_key(const struct crl_record *one,
                       const struct crl_record *two);

/* Which of two cRLNumbers (not negative; NULL = none) is greater: below 0, 0,
 * above 0. */
int crl_number_compare(const struct der *one, const struct der *two);

/*
 * Replaces: `next' gives the entries in order of crl_index_compare(), each
 * once: 1; 0 = no more; -1. In a transaction of its own. 1; 0 = there is one
 * already, which stays: a newer one by number or date (*old_r is 1), or just
 * this one; -1 = nothing was changed.
 */
typedef int crl_index_next(void *context, struct crl_revoked *revoked_r,
                           struct failure *why);
int crl_index_replace(struct state *state, struct crl_record *record,
                      crl_index_next *next, void *context, int *old_r,
                      struct failure *why);

/* Forgets one of crl_index_find() with its entries. Within a writing
 * transaction. 0, -1. */
int crl_index_forget(struct state *state, const struct crl_record *record,
                     struct failure *why);

/* The order: by issuer, then serial. */
int crl_index_compare(const struct crl_revoked *one,
                      const struct crl_revoked *two);

/*
 * The CRLs of an issuer by the hash of its name, or, with NULL, all; copies
 * in the pool. Within a transaction. 0 or -1.
 */
#define CRLS_MOST 10000 /* further ones are not looked at */
int crl_index_find(struct state *state, struct pool *pool,
                   const unsigned char *issuer, struct crl_record **records_r,
                   size_t *count_r, struct failure *why);

/* Is a certificate in this CRL? `issuer' counts for an indirect one alone.
 * Within a transaction. 1 and *revoked_r (date and reason); 0; -1. */
int crl_index_look(struct state *state, const struct crl_record *record,
                   const unsigned char issuer[NAME_HASH],
                   const struct der *serial, struct crl_revoked *revoked_r,
                   struct failure *why);

#endif
