#ifndef SEEMAIL_CMS_ENCRYPT_H
#define SEEMAIL_CMS_ENCRYPT_H

/*
 * cms_encrypt: writes EnvelopedData (RFC 5652, 6) in constant memory: key
 * transport by RSA (PKCS#1 v1.5), recipients by issuer and serial number.
 * Content is pushed into `sink'; the shells have indefinite lengths, since
 * nobody knows yet how long it will be.
 */

#include "cms_cipher.h"

#include <cert.h>

struct cms_encrypt {
    struct sink sink; /* push the content here */
    struct sink *out;
    struct cms_cipher cipher;
    struct sink pieces; /* between cipher and out */
};

/* Writes everything before the content. The recipients must have been
 * judged: nothing is checked here but that they hold RSA keys. */
int cms_encrypt_start(struct cms_encrypt *encrypt,
                      const struct cms_algorithm *algorithm,
                      CERTCertificate *const *recipients, size_t count,
                      struct sink *out, struct failure *why);

/* Writes everything behind the content. 0 or -1. */
int cms_encrypt_finish(struct cms_encrypt *encrypt, struct failure *why);

void cms_encrypt_free(struct cms_encrypt *encrypt);

#endif
