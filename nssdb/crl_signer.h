#ifndef SEEMAIL_CRL_SIGNER_H
#define SEEMAIL_CRL_SIGNER_H

/*
 * crl_signer: may this certificate sign CRLs: has it a valid path to a root
 * that the key store trusts, and, where it says what its key is for, is that
 * signing CRLs (RFC 5280, 6.3.3 (f))? Its own revocation is not asked here.
 * NSS validates paths to CAs alone: of other signers, and of a CA's
 * certificate for itself with another key, the first steps are ours.
 */

#include <cert.h>
#include <time.h>

/* 1 and, when root_r is not NULL, the root of its path, which the caller
 * destroys; 0 and *reason_r says why not. */
int crl_signer_trusted(CERTCertificate *signer, time_t now,
                       CERTCertificate **root_r, const char **reason_r);

/* The root that a CA's certificate leads to, which the caller destroys: 1, 0. */
int crl_signer_root(CERTCertificate *authority, time_t now,
                    CERTCertificate **root_r);

/* Do two certificates hold the same public key? */
int crl_signer_same_key(const CERTCertificate *one,
                        const CERTCertificate *two);

#endif
