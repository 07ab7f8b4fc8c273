#ifndef SEEMAIL_CMS_CIPHER_H
#define SEEMAIL_CMS_CIPHER_H

/*
 * cms_cipher: content encryption, as sinks on NSS's primitives: what is
 * written comes out encrypted or decrypted. CBC mode (RFC 5652, 6.3), whose
 * padding is made and checked in every byte, and GCM (RFC 5084), whose tag
 * is for the caller to write or compare. NSS must be initialised.
 */

#include "gcm.h"
#include "stream.h"

#include <pk11pub.h>

struct der;

struct cms_algorithm {
    const char *name; /* as in the algorithms table: "aes-256-cbc" */
    const char *oid;
    size_t oid_length;
    CK_MECHANISM_TYPE mechanism;
    unsigned key, iv; /* bytes; the iv of CBC is a block */
    int authenticated; /* GCM: for AuthEnvelopedData alone */
};

#define CMS_IV_MOST 16

/* NULL = not one of ours. */
const struct cms_algorithm *cms_algorithm_named(const char *name);
const struct cms_algorithm *cms_algorithm_of(const struct der *oid);

struct cms_cipher {
    struct sink sink;
    struct sink *out;
    const struct cms_algorithm *algorithm;
    PK11Context *context;
    int decrypts;
    unsigned char rest[16]; /* not yet a block; the last one to decrypt */
    unsigned rest_length;
    struct gcm gcm;
};

/* What a content key must be made or unwrapped for. */
CK_ATTRIBUTE_TYPE cms_algorithm_operation(const struct cms_algorithm *algorithm,
                                          int decrypts);

int cms_cipher_init(struct cms_cipher *cipher, PK11SymKey *key,
                    const struct cms_algorithm *algorithm,
                    const unsigned char *iv, int decrypts, struct sink *out,
                    struct failure *why);

/* Encrypting: writes the padding. 1. Decrypting: checks it: 1, or 0 when
 * the content is no whole number of blocks or its padding is wrong. -1. GCM
 * has none: 1. */
int cms_cipher_finish(struct cms_cipher *cipher, struct failure *why);

/* Of GCM, behind the content; `attributes' may be NULL. */
void cms_cipher_tag(struct cms_cipher *cipher, const struct der *attributes,
                    unsigned char tag_r[GCM_TAG]);

void cms_cipher_free(struct cms_cipher *cipher);

#endif
