#ifndef SEEMAIL_CRL_VERIFY_H
#define SEEMAIL_CRL_VERIFY_H

/*
 * crl_verify: is a CRL what it says: signed by a certificate of its issuer
 * that may sign CRLs and leads to a trusted root, with an algorithm that the
 * policy takes (RFC 5280, 6.3.3 (f) and (g))? CRLs are never put into NSS:
 * there a bad one beside a good one turns revocation off.
 */

#include "signature.h"

#include <cert.h>
#include <time.h>

struct crl;

/* What became of a CRL; each is told apart. */
enum crl_outcome {
    CRL_TAKEN,         /* verified, and in the index now */
    CRL_SAME,          /* the index has just this one */
    CRL_OLDER,         /* rolled back: the index has a newer one */
    CRL_MALFORMED,     /* no CRL, or one with critical unknown extensions */
    CRL_UNDATED,       /* it has no nextUpdate, or one before thisUpdate */
    CRL_NOT_YET,       /* thisUpdate is to come */
    CRL_NO_SIGNER,     /* no certificate of its issuer is known */
    CRL_BAD_ALGORITHM, /* of its signature: unknown or not permitted */
    CRL_BAD_SIGNATURE, /* no known key of its issuer made it */
    CRL_UNTRUSTED      /* the key that made it must not sign CRLs */
};

const char *crl_outcome_word(enum crl_outcome outcome);

/*
 * CRL_TAKEN and the signer, whom the caller destroys; or what is wrong, and
 * *reason_r says it. Certificates are looked for where NSS has them: in the
 * key store, and among those that are held as CERTCertificate.
 */
enum crl_outcome crl_verify(const struct crl *crl,
                            const struct signature_rules *rules, time_t now,
                            CERTCertificate **signer_r,
                            const char **reason_r);

#endif
