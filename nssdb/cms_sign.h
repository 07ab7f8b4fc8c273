#ifndef SEEMAIL_CMS_SIGN_H
#define SEEMAIL_CMS_SIGN_H

/*
 * cms_sign: writes a detached domain signature: SignedData (RFC 5652, 5)
 * with one signer and the signed attributes contentType, messageDigest,
 * signingTime, SMIMECapabilities and the encryption key preference (RFC
 * 8551, 2.5), the signature type id-sti-domainSig (RFC 3183, 3.1), the
 * signing certificate (RFC 5035) and the security label (RFC 2634, 3).
 */

#include "cms_digest.h"
#include "der.h"

#include <cert.h>
#include <keythi.h>
#include <time.h>

struct buffer;

struct cms_signer {
    CERTCertificate *certificate;
    SECKEYPrivateKey *key; /* RSA or EC */
    CERTCertificate *encryption; /* the one to encrypt to; NULL = the same */
    CERTCertificate *const *chain; /* sent too; without the root */
    size_t chain_count;
    struct der capabilities; /* SMIMECapabilities, whole */
    struct der label; /* ESSSecurityLabel, whole; data NULL = none */
    time_t now; /* the signing time that is stated */
};

/* Appends the DER of the ContentInfo. `digest' is the content's. 0 or -1. */
int cms_sign(const struct cms_signer *signer, const struct cms_hash *hash,
             const unsigned char *digest, struct buffer *out,
             struct failure *why);

#endif
