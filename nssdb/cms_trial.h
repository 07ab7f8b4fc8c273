#ifndef SEEMAIL_CMS_TRIAL_H
#define SEEMAIL_CMS_TRIAL_H

/*
 * cms_trial: what a token does with a key of ours. It may know OAEP with
 * SHA-1 alone, which the list of its mechanisms does not tell: only a trial
 * does. It costs an operation with the private key.
 */

#include <cert.h>
#include <keythi.h>

struct failure;

/* Does the key (the certificate's, RSA) open what partners encrypt to it by
 * CMS_RSA_OAEP? 1, 0, or -1: FAILURE_CRYPTO, FAILURE_MEMORY. */
int cms_trial_oaep(CERTCertificate *certificate, SECKEYPrivateKey *key,
                   struct failure *why);

/* The same, but no trial where NSS itself has the key: it does. */
int cms_opens_oaep(CERTCertificate *certificate, SECKEYPrivateKey *key,
                   struct failure *why);

#endif
