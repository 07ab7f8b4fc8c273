#ifndef SEEMAIL_CMS_SIGNER_H
#define SEEMAIL_CMS_SIGNER_H

/* cms_signer: one SignerInfo (RFC 5652, 5.3). For cms_verify.c. */

#include "cms_digest.h"
#include "cms_verify.h"
#include "der.h"

/* Read, but not yet checked. Slices point into the message's pool. */
struct cms_signer_info {
    struct der issuer, serial, identifier; /* issuer NULL = by identifier */
    const struct cms_hash *hash;           /* NULL = not one of ours */
    struct der attributes;                 /* whole, with tag [0]; NULL = none */
    struct der algorithm;                  /* of the signature, whole */
    struct der signature;
};

/* 1, or 0 = malformed. */
int cms_signer_read(struct der info, struct cms_signer_info *info_r);

/* Is this certificate the signer's? */
int cms_signer_is(const struct cms_signer_info *info,
                  CERTCertificate *certificate);

/* Fills status, reason and what the attributes say; `digest' is the
 * content's, NULL = it was not made. The certificate must be set. */
void cms_signer_check(const struct cms_signer_info *info,
                      const struct cms_verifier *verifier,
                      const unsigned char *digest,
                      struct cms_signature *signature);

#endif
