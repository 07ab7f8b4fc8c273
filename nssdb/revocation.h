#ifndef SEEMAIL_REVOCATION_H
#define SEEMAIL_REVOCATION_H

/*
 * revocation: is a certificate revoked, by the CRLs that the state has (RFC
 * 5280, 6.3)? Never "good" because nothing is known: each way in which it
 * cannot be known has a status of its own, and names the URLs that would
 * have to be fetched (seemail-certs crl fetch) to know.
 *
 * Only CRLs that were verified when they were taken in are in the index
 * (crl_import.h); here their scope, dates and entries are looked at. No
 * network, no parsing of CRLs: one look-up in LMDB a CRL that applies.
 */

#include <cert.h>
#include <stddef.h>
#include <time.h>

struct failure;
struct pool;
struct state;

enum revocation_status {
    REVOCATION_GOOD,      /* by CRLs in force, for all reasons */
    REVOCATION_REVOKED,   /* also by a CRL that has expired since */
    REVOCATION_SUSPENDED, /* revoked for now: certificateHold */
    REVOCATION_NO_POINTER,    /* it names no CRL, and none is known */
    REVOCATION_NOT_CHECKABLE, /* the CRLs that it names were not got */
    REVOCATION_CRL_INVALID,   /* what was got cannot be relied on */
    REVOCATION_CRL_EXPIRED    /* past nextUpdate and the grace period */
};

#define REVOCATION_NO_REASON (-1)

struct revocation {
    enum revocation_status status;
    int reason;   /* CRLReason (RFC 5280, 5.3.1), or REVOCATION_NO_REASON */
    time_t since; /* when it was revoked; 0 = it was not */
    /* Of the CRL that decided; "" and 0 = there is none. */
    const char *crl_number; /* hexadecimal */
    time_t this_update, next_update;
    int within_grace; /* good, but by a CRL past its nextUpdate */
    /* What is to be fetched to know (more): http, https and ldap URIs of
     * the distribution points. None when it is known without. */
    const char *const *urls;
    size_t url_count;
    char text[300]; /* words for the log, printable */
};

/*
 * Asks. `issuer' is the certificate of the one who issued it, from its path,
 * which was validated already. `grace' = seconds after nextUpdate for which
 * a CRL counts still. state NULL = nothing is known. A reading transaction
 * of its own. Texts are in the pool. 0, or -1 for what is no fault of
 * certificate or CRL.
 */
int revocation_check(struct state *state, struct pool *pool,
                     CERTCertificate *certificate, CERTCertificate *issuer,
                     time_t now, long grace, struct revocation *result_r,
                     struct failure *why);

/* "keyCompromise", ...; "" for none. */
const char *revocation_reason_word(int reason);

#endif
