#ifndef SEEMAIL_CMS_TRIAL_H
#define SEEMAIL_CMS_TRIAL_H

/*
 * cms_trial: what a token does with a key of ours. It may know OAEP with
 * SHA-1 alone, or ECDH without the KDF of RFC 5753, which the list of its
 * mechanisms does not tell: only a trial does. It costs an operation with the
 * private key.
 */

#include "cms_wrap.h"

#include <cert.h>
#include <keythi.h>

struct failure;

/* Does the key (the certificate's, of the kind that the transport is for) open
 * what partners encrypt to it so? 1, 0, or -1: FAILURE_CRYPTO,
 * FAILURE_MEMORY. */
int cms_trial(CERTCertificate *certificate, SECKEYPrivateKey *key,
              enum cms_transport transport, struct failure *why);

/* The same, but no trial where NSS itself has the key: it does. */
int cms_opens(CERTCertificate *certificate, SECKEYPrivateKey *key,
              enum cms_transport transport, struct failure *why);

#endif
