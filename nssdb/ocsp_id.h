#ifndef SEEMAIL_OCSP_ID_H
#define SEEMAIL_OCSP_ID_H

/* ocsp_id: how a certificate is named in OCSP: CertID of RFC 6960, 4.1.1.
 * For ocsp*.c. */

#include <cert.h>

struct buffer;
struct der;
struct failure;

#define OCSP_HASH_MOST 32

/* Appends the CertID with SHA-1, which every responder knows. */
int ocsp_id_put(struct buffer *out, CERTCertificate *certificate,
                CERTCertificate *issuer, struct failure *why);

/* Is this CertID (the content of its SEQUENCE; SHA-1 or SHA-256) that of the
 * certificate? 1, 0, -1. */
int ocsp_id_fits(const struct der *id, CERTCertificate *certificate,
                 CERTCertificate *issuer, struct failure *why);

/* The digest of the public key as its bits stand in the certificate. */
int ocsp_key_hash(CERTCertificate *certificate, SECOidTag hash,
                  unsigned char *digest_r, struct failure *why);

#endif
