#ifndef SEEMAIL_CMS_CIPHER_H
#define SEEMAIL_CMS_CIPHER_H

/*
 * cms_cipher: content encryption in CBC mode (RFC 5652, 6.3), as sinks on
 * NSS's primitives: what is written comes out encrypted or decrypted. NSS
 * must be initialised. Padding is made and checked in every byte.
 */

#include "stream.h"

#include <pk11pub.h>

struct der;

struct cms_algorithm {
    const char *name; /* as in the algorithms table: "aes-256-cbc" */
    const char *oid;
    size_t oid_length;
    CK_MECHANISM_TYPE mechanism;
    unsigned key, block; /* bytes */
};

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
};

int cms_cipher_init(struct cms_cipher *cipher, PK11SymKey *key,
                    const struct cms_algorithm *algorithm,
                    const unsigned char *iv, int decrypts, struct sink *out,
                    struct failure *why);

/* Encrypting: writes the padding. 1. Decrypting: checks it: 1, or 0 when
 * the content is no whole number of blocks or its padding is wrong. -1. */
int cms_cipher_finish(struct cms_cipher *cipher, struct failure *why);

void cms_cipher_free(struct cms_cipher *cipher);

#endif
