#ifndef SEEMAIL_CMS_DECRYPT_H
#define SEEMAIL_CMS_DECRYPT_H

/*
 * cms_decrypt: reads EnvelopedData (RFC 5652, 6) and AuthEnvelopedData (RFC
 * 5083), BER or DER, in constant memory. Recipients of kinds it does not
 * know are passed over. The content goes to a sink while it is decrypted:
 * nothing of it counts before the answer is CMS_OPENED (design rule 2).
 */

#include "stream.h"

#include <keythi.h>

struct der;
struct failure;

enum cms_opened {
    CMS_OPENED,
    CMS_NOT_FOR_US,   /* none of our keys is among the recipients' */
    CMS_UNSUPPORTED,  /* an algorithm that is not in our table */
    CMS_UNDECRYPTABLE,/* the key is ours, the content is not what it opens */
    CMS_NO_ENVELOPE,  /* well-formed, but another content type */
    CMS_MALFORMED
};

/*
 * Finds the private key of a recipient: by issuer (a whole Name) and serial
 * number (content octets), or, when issuer is NULL, by subject key
 * identifier. 1 and *key_r, which the caller destroys; 0 = not ours; -1.
 */
struct cms_keys {
    int (*find)(void *context, const struct der *issuer,
                const struct der *serial, const struct der *identifier,
                SECKEYPrivateKey **key_r, struct failure *why);
    /* May what is encrypted by this algorithm (its name in the algorithms
     * table: of content or of its key) be opened? NULL = by all that we
     * know. */
    int (*permits)(void *context, const char *name);
    void *context;
};

/* 0 and *opened_r; -1 = it could not be tried: disk, memory, key store. For
 * all but CMS_OPENED *why has words for the log. */
int cms_decrypt(struct source *in, const struct cms_keys *keys,
                struct sink *out, enum cms_opened *opened_r,
                struct failure *why);

#endif
