#ifndef SEEMAIL_GCM_H
#define SEEMAIL_GCM_H

/*
 * gcm: AES-GCM (NIST SP 800-38D) in pieces: AES by NSS, the tag by ghash.h.
 * What comes out of decrypting is worth nothing until the tag was compared.
 * NSS must be initialised. The nonce has 12 bytes.
 */

#include "ghash.h"

#include <pk11pub.h>

struct der;
struct failure;

#define GCM_NONCE 12
#define GCM_TAG 16

struct gcm {
    PK11Context *counter;
    struct ghash hash;
    unsigned char key[GHASH_BLOCK], mask[GCM_TAG];
    unsigned long long length;
    int decrypts;
};

/* The key must permit CKA_ENCRYPT. 0 or -1. */
int gcm_init(struct gcm *gcm, PK11SymKey *key,
             const unsigned char nonce[GCM_NONCE], int decrypts,
             struct failure *why);

/* `out' has room for `size' bytes and may be `in'. 0; -1: FAILURE_LIMIT when
 * it is more than one key may encrypt (64 GB). */
int gcm_crypt(struct gcm *gcm, const unsigned char *in, unsigned char *out,
              size_t size, struct failure *why);

/* Once, at the end; `attributes' is what is authenticated beside the
 * content (RFC 5083 has it behind); NULL = none. */
void gcm_tag(struct gcm *gcm, const struct der *attributes,
             unsigned char tag_r[GCM_TAG]);

void gcm_free(struct gcm *gcm);

#endif
