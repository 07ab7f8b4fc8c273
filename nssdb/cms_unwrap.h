#ifndef SEEMAIL_CMS_UNWRAP_H
#define SEEMAIL_CMS_UNWRAP_H

/*
 * cms_unwrap: the content key, from the first RecipientInfo that is for a
 * key of ours and of a kind that is known: key transport by RSA, PKCS#1 v1.5
 * or OAEP (RFC 5652, 6.2.1; RFC 3560), or key agreement by ECDH (RFC 5652,
 * 6.2.2; RFC 5753).
 */

#include "buffer.h"
#include "cms_agreement.h"
#include "cms_cipher.h"
#include "cms_decrypt.h"
#include "der.h"

struct cms_unwrap {
    SECKEYPrivateKey *key; /* NULL = none was for us */
    const char *refused;   /* one was, but of no kind that we take: words */
    struct buffer info;    /* the RecipientInfo; slices point into it */
    struct der wrapped;
    /* OAEP */
    int oaep;
    CK_RSA_PKCS_OAEP_PARAMS parameters;
    /* ECDH */
    const struct cms_kdf *kdf; /* NULL = key transport */
    const struct cms_key_wrap *wrap;
    struct der identifier, ukm, point; /* ukm.data NULL = none */
};

/* Reads one, whole, tag and all, which it takes over if it is the one. 0, or
 * -1: FAILURE_MALFORMED, or what the key store says. */
int cms_unwrap_read(struct cms_unwrap *unwrap, const struct cms_keys *keys,
                    struct buffer *info, struct failure *why);

/* NULL = it cannot be decrypted. With the true key size given NSS answers a
 * broken block of PKCS#1 v1.5 with a key made up from it, so that nobody
 * learns which blocks are broken. */
PK11SymKey *cms_unwrap_key(const struct cms_unwrap *unwrap,
                           const struct cms_algorithm *algorithm);

void cms_unwrap_free(struct cms_unwrap *unwrap);

#endif
