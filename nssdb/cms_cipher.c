/* cms_cipher: see cms_cipher.h. */
#include "cms_cipher.h"

#include "cms_oids.h"
#include "der.h"
#include "failure.h"

#include <secerr.h>
#include <secport.h>
#include <string.h>

#define PIECE 16384 /* a multiple of every block size */

static const struct cms_algorithm algorithms[] = {
    {"aes-256-gcm", OID(AES256_GCM), CKM_AES_CTR, 32, GCM_NONCE, 1},
    {"aes-192-gcm", OID(AES192_GCM), CKM_AES_CTR, 24, GCM_NONCE, 1},
    {"aes-128-gcm", OID(AES128_GCM), CKM_AES_CTR, 16, GCM_NONCE, 1},
    {"aes-256-cbc", OID(AES256_CBC), CKM_AES_CBC, 32, 16, 0},
    {"aes-192-cbc", OID(AES192_CBC), CKM_AES_CBC, 24, 16, 0},
    {"aes-128-cbc", OID(AES128_CBC), CKM_AES_CBC, 16, 16, 0},
    {"des-ede3-cbc", OID(DES_EDE3_CBC), CKM_DES3_CBC, 24, 8, 0},
};
#define ALGORITHMS (sizeof algorithms / sizeof algorithms[0])

const struct cms_algorithm *cms_algorithm_named(const char *name)
{
    for (size_t i = 0; i < ALGORITHMS; i++)
        if (strcmp(algorithms[i].name, name) == 0)
            return &algorithms[i];
    return NULL;
}

const struct cms_algorithm *cms_algorithm_of(const struct der *oid)
{
    for (size_t i = 0; i < ALGORITHMS; i++)
        if (der_equal(oid, algorithms[i].oid, algorithms[i].oid_length))
            return &algorithms[i];
    return NULL;
}

CK_ATTRIBUTE_TYPE cms_algorithm_operation(const struct cms_algorithm *algorithm,
                                          int decrypts)
{
    return decrypts && !algorithm->authenticated ? CKA_DECRYPT : CKA_ENCRYPT;
}

static int crypt_piece(struct cms_cipher *cipher, const unsigned char *data,
                       size_t size, struct failure *why)
{
    unsigned char out[PIECE];
    int length = 0;
    if (size == 0)
        return 0;
    if (PK11_CipherOp(cipher->context, out, &length, sizeof out, data,
                      (int)size) != SECSuccess)
        return failure(why, FAILURE_CRYPTO, "%s: NSS error %d",
                       cipher->algorithm->name, PORT_GetError());
    return cipher->out->write(cipher->out, out, (size_t)length, why);
}

/*
 * Whole blocks go through; what is left stays in `rest'. The last block of
 * what is decrypted stays there too, since it may be the padding.
 */
static int cipher_write(struct sink *self, const void *data, size_t size,
                        struct failure *why)
{
    struct cms_cipher *cipher = (struct cms_cipher *)self;
    const unsigned char *at = data;
    unsigned char piece[PIECE];
    unsigned block = cipher->algorithm->iv;
    while (cipher->rest_length + size > block) {
        size_t used = cipher->rest_length;
        size_t more = sizeof piece - used < size ? sizeof piece - used : size;
        memcpy(piece, cipher->rest, used);
        memcpy(piece + used, at, more);
        used += more;
        at += more;
        size -= more;
        size_t keep = used % block;
        if (keep == 0 && size == 0)
            keep = block;
        memcpy(cipher->rest, piece + used - keep, keep);
        cipher->rest_length = (unsigned)keep;
        if (crypt_piece(cipher, piece, used - keep, why) < 0)
            return -1;
    }
    memcpy(cipher->rest + cipher->rest_length, at, size);
    cipher->rest_length += (unsigned)size;
    return 0;
}

/* GCM: piece by piece. */
static int counter_write(struct sink *self, const void *data, size_t size,
                         struct failure *why)
{
    struct cms_cipher *cipher = (struct cms_cipher *)self;
    const unsigned char *at = data;
    unsigned char out[PIECE];
    while (size > 0) {
        size_t part = size < sizeof out ? size : sizeof out;
        if (gcm_crypt(&cipher->gcm, at, out, part, why) < 0 ||
            cipher->out->write(cipher->out, out, part, why) < 0)
            return -1;
        at += part;
        size -= part;
    }
    return 0;
}

int cms_cipher_init(struct cms_cipher *cipher, PK11SymKey *key,
                    const struct cms_algorithm *algorithm,
                    const unsigned char *iv, int decrypts, struct sink *out,
                    struct failure *why)
{
    unsigned char copy[CMS_IV_MOST];
    memcpy(copy, iv, algorithm->iv);
    SECItem parameter = {siBuffer, copy, algorithm->iv};
    *cipher = (struct cms_cipher){.sink = {cipher_write}, .out = out,
                                  .algorithm = algorithm,
                                  .decrypts = decrypts};
    if (algorithm->authenticated) {
        cipher->sink.write = counter_write;
        return gcm_init(&cipher->gcm, key, iv, decrypts, why);
    }
    cipher->context = PK11_CreateContextBySymKey(
        algorithm->mechanism, cms_algorithm_operation(algorithm, decrypts),
        key, &parameter);
    if (!cipher->context)
        return failure(why, FAILURE_CRYPTO, "%s: NSS error %d",
                       algorithm->name, PORT_GetError());
    return 0;
}

static int pad(struct cms_cipher *cipher, struct failure *why)
{
    unsigned char last[32];
    unsigned block = cipher->algorithm->iv, used = cipher->rest_length;
    unsigned padding = block - used % block;
    memcpy(last, cipher->rest, used);
    memset(last + used, (int)padding, padding);
    return crypt_piece(cipher, last, used + padding, why) < 0 ? -1 : 1;
}

static int unpad(struct cms_cipher *cipher, struct failure *why)
{
    unsigned char last[16];
    unsigned block = cipher->algorithm->iv;
    int length = 0;
    if (cipher->rest_length != block)
        return 0;
    if (PK11_CipherOp(cipher->context, last, &length, sizeof last,
                      cipher->rest, (int)block) != SECSuccess)
        return failure(why, FAILURE_CRYPTO, "%s: NSS error %d",
                       cipher->algorithm->name, PORT_GetError());
    unsigned padding = last[block - 1];
    if (padding == 0 || padding > block)
        return 0;
    for (unsigned i = block - padding; i < block; i++)
        if (last[i] != padding)
            return 0;
    if (block == padding)
        return 1;
    return cipher->out->write(cipher->out, last, block - padding, why) < 0
               ? -1
               : 1;
}

int cms_cipher_finish(struct cms_cipher *cipher, struct failure *why)
{
    if (cipher->algorithm->authenticated)
        return 1;
    return cipher->decrypts ? unpad(cipher, why) : pad(cipher, why);
}

void cms_cipher_tag(struct cms_cipher *cipher, const struct der *attributes,
                    unsigned char tag_r[GCM_TAG])
{
    gcm_tag(&cipher->gcm, attributes, tag_r);
}

void cms_cipher_free(struct cms_cipher *cipher)
{
    gcm_free(&cipher->gcm);
    if (cipher->context)
        PK11_DestroyContext(cipher->context, PR_TRUE);
    cipher->context = NULL;
}
