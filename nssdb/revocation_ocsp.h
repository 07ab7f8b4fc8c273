#ifndef SEEMAIL_REVOCATION_OCSP_H
#define SEEMAIL_REVOCATION_OCSP_H

/*
 * revocation_ocsp: where CRLs do not tell whether a certificate is revoked,
 * the OCSP answers that are kept may (RFC 6960), if the policy has them asked
 * for (setting ocsp). What a CRL says for certain stands.
 */

#include "revocation.h"

/*
 * For a result of revocation_check() that is not known: makes it good,
 * revoked or suspended by an answer in force. Otherwise *url_r is the
 * responder that is to be asked (seemail-certs ocsp), or NULL: none is named.
 * A reading transaction of its own; state NULL = nothing is kept. In the
 * pool. 0, -1.
 */
int revocation_ask_ocsp(struct state *state, struct pool *pool,
                        CERTCertificate *certificate, CERTCertificate *issuer,
                        time_t now, long grace, struct revocation *result,
                        const char **url_r, struct failure *why);

#endif
