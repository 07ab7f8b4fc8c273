#ifndef SEEMAIL_CRL_H
#define SEEMAIL_CRL_H

/*
 * crl: reads a CertificateList (RFC 5280, 5) in strict DER, in one pass and
 * without copying: all slices point into what was given. What a CRL says
 * that we do not understand and that it calls critical makes it unusable.
 * Nothing is verified here: see crl_verify.h.
 */

#include "crl_points.h"
#include "der.h"
#include "name.h"

#include <stdint.h>

struct failure;

#define CRL_ENTRIES_MOST 10000000
#define CRL_ISSUERS_MOST 60000     /* whose certificates one CRL lists */
#define CRL_EXTENSIONS_MOST 65536  /* bytes of all, of the CRL or an entry */
#define CRL_NUMBER_MOST 20         /* bytes; RFC 5280, 5.2.3 */

struct crl {
    struct der tbs;       /* what is signed, whole */
    struct der algorithm; /* AlgorithmIdentifier, whole */
    struct der signature; /* octets of the BIT STRING */
    struct der issuer;    /* Name, whole */
    int64_t this_update, next_update; /* Unix time; 0 = it says none */
    struct der entries;   /* content of revokedCertificates */
    /* Extensions; without data when they are not there. */
    struct der number, base; /* content of an INTEGER */
    struct der scope;     /* issuingDistributionPoint */
    struct der freshest;  /* freshestCRL */
    struct der key_id;    /* of the authorityKeyIdentifier */
    int delta, indirect;
};

/* 0; -1 = FAILURE_MALFORMED or FAILURE_LIMIT. */
int crl_read(const struct der *whole, struct crl *crl_r, struct failure *why);

/* The entries, one after another. */
struct crl_walk {
    struct der rest;
    int indirect, delta;
    struct der issuer; /* GeneralNames of the last certificateIssuer */
    size_t count;
};

struct crl_entry {
    struct der serial; /* content of the INTEGER */
    struct der issuer; /* GeneralNames; NULL = the CRL's issuer */
    int64_t date;
    int reason; /* CRLReason, or REVOCATION_NO_REASON */
};

void crl_walk(const struct crl *crl, struct crl_walk *walk_r);
/* 1; 0 = that was all; -1. */
int crl_walk_next(struct crl_walk *walk, struct crl_entry *entry_r,
                  struct failure *why);

#endif
