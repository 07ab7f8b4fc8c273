#ifndef SEEMAIL_OCSP_H
#define SEEMAIL_OCSP_H

/*
 * ocsp: asks and reads the Online Certificate Status Protocol (RFC 6960, in
 * the lightweight profile of RFC 5019): requests without a nonce, for one
 * certificate, so that they fit into the URL of a GET and answers can be
 * cached. An answer counts only when it is signed by the certificate's issuer
 * or by a responder whose certificate that issuer gave for it and has not
 * revoked, is about this certificate, and is of this time. Talks to nobody
 * itself.
 */

#include "der.h"
#include "signature.h"

#include <cert.h>
#include <time.h>

struct buffer;
struct failure;
struct pool;
struct state;

#define OCSP_BYTES_MOST 65536 /* of a response */

enum ocsp_status { OCSP_GOOD, OCSP_REVOKED, OCSP_NOT_KNOWN };

struct ocsp_answer {
    enum ocsp_status status;
    int reason;        /* CRLReason (RFC 5280, 5.3.1), 0 = none given */
    time_t revoked_at; /* when revoked */
    time_t this_update, next_update; /* next_update 0 = none given */
    /* The certificate of who signed it, when that is not the issuer: empty,
     * or in the pool. */
    struct der responder;
};

/* The responder's URL that the certificate names (authorityInfoAccess, http
 * and https alone), in the pool. 1; 0 = none; -1 = memory. */
int ocsp_url(struct pool *pool, CERTCertificate *certificate,
             const char **url_r, struct failure *why);

/* The URL of a GET for the certificate (RFC 6960, A.1), in the pool. */
int ocsp_request(struct pool *pool, const char *url,
                 CERTCertificate *certificate, CERTCertificate *issuer,
                 const char **request_r, struct failure *why);

struct ocsp_reader {
    struct state *state; /* with the CRLs, for the responder's own certificate
                            (RFC 6960, 4.2.2.2.1); NULL = none is known */
    struct pool *pool;
    time_t now;
    struct signature_rules rules;
};

/*
 * Reads and verifies a response. 0; or -1: FAILURE_MALFORMED, FAILURE_CRYPTO
 * (not signed by whom it should be) or FAILURE_NETWORK (the responder says
 * that it cannot answer), with words.
 */
int ocsp_read(const struct ocsp_reader *reader, const struct der *response,
              CERTCertificate *certificate, CERTCertificate *issuer,
              struct ocsp_answer *answer_r, struct failure *why);

/* Was the certificate of the answer's responder revoked since? 1, 0, -1. */
int ocsp_disowned(const struct ocsp_reader *reader,
                  const struct ocsp_answer *answer, CERTCertificate *issuer,
                  struct failure *why);

/* Is the answer still to be used, or already: by its times, with `grace'
 * seconds after it has expired? */
int ocsp_current(const struct ocsp_answer *answer, time_t now, long grace);

/* The answers that are kept in the state. Keeping has transactions of its own
 * and never replaces a newer one, unless that is of a time to come (our clock
 * was wrong then) or was disowned. Finding needs an open transaction: 1, 0,
 * -1; what it finds is in the pool. */
int ocsp_keep(const struct ocsp_reader *reader, CERTCertificate *certificate,
              CERTCertificate *issuer, const struct ocsp_answer *answer,
              struct failure *why);
int ocsp_find(struct state *state, struct pool *pool,
              CERTCertificate *certificate, CERTCertificate *issuer,
              struct ocsp_answer *answer_r, struct failure *why);

#endif
