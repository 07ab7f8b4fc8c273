#ifndef SEEMAIL_CMS_ENCRYPT_H
#define SEEMAIL_CMS_ENCRYPT_H

/*
 * cms_encrypt: writes EnvelopedData (RFC 5652, 6) or, for AES-GCM,
 * AuthEnvelopedData (RFC 5083) in constant memory. Content is pushed into
 * `sink'; the shells have indefinite lengths, since nobody knows yet how
 * long it will be.
 */

#include "cms_cipher.h"
#include "cms_wrap.h"

struct cms_encrypt {
    struct sink sink; /* push the content here */
    struct sink *out;
    struct cms_cipher cipher;
    struct sink pieces; /* between cipher and out */
};

/* Writes everything before the content. The recipients must have been
 * judged: nothing is checked here but that their keys fit. */
int cms_encrypt_start(struct cms_encrypt *encrypt,
                      const struct cms_algorithm *algorithm,
                      const struct cms_recipient *recipients, size_t count,
                      struct sink *out, struct failure *why);

/* Writes everything behind the content. 0 or -1. */
int cms_encrypt_finish(struct cms_encrypt *encrypt, struct failure *why);

void cms_encrypt_free(struct cms_encrypt *encrypt);

#endif
