/* gcm: see gcm.h. */
#include "gcm.h"

#include "der.h"
#include "failure.h"

#include <secport.h>
#include <string.h>

#define CONTENT_MOST ((1ULL << 36) - 32)
#define PIECE (1U << 30)

static int nss_failure(struct failure *why)
{
    return failure(why, FAILURE_CRYPTO, "AES-GCM: NSS error %d",
                   PORT_GetError());
}

/* The key of the hash, and what the tag is masked with. */
static int encrypt_blocks(PK11SymKey *key, const unsigned char *first,
                          struct gcm *gcm)
{
    static const unsigned char zero[GHASH_BLOCK];
    SECItem none = {siBuffer, NULL, 0};
    int length;
    PK11Context *blocks =
        PK11_CreateContextBySymKey(CKM_AES_ECB, CKA_ENCRYPT, key, &none);
    int well = blocks &&
               PK11_CipherOp(blocks, gcm->key, &length, sizeof gcm->key, zero,
                             sizeof zero) == SECSuccess &&
               PK11_CipherOp(blocks, gcm->mask, &length, sizeof gcm->mask,
                             first, GHASH_BLOCK) == SECSuccess;
    if (blocks)
        PK11_DestroyContext(blocks, PR_TRUE);
    return well;
}

int gcm_init(struct gcm *gcm, PK11SymKey *key,
             const unsigned char nonce[GCM_NONCE], int decrypts,
             struct failure *why)
{
    CK_AES_CTR_PARAMS counter = {.ulCounterBits = 32};
    SECItem parameter = {siBuffer, (unsigned char *)&counter, sizeof counter};
    memset(gcm, 0, sizeof *gcm);
    gcm->decrypts = decrypts;
    memcpy(counter.cb, nonce, GCM_NONCE);
    counter.cb[GHASH_BLOCK - 1] = 1;
    if (!encrypt_blocks(key, counter.cb, gcm))
        return nss_failure(why);
    ghash_init(&gcm->hash, gcm->key);
    counter.cb[GHASH_BLOCK - 1] = 2;
    gcm->counter = PK11_CreateContextBySymKey(CKM_AES_CTR, CKA_ENCRYPT, key,
                                              &parameter);
    return gcm->counter ? 0 : nss_failure(why);
}

int gcm_crypt(struct gcm *gcm, const unsigned char *in, unsigned char *out,
              size_t size, struct failure *why)
{
    if (size > CONTENT_MOST - gcm->length)
        return failure(why, FAILURE_LIMIT, "AES-GCM: content over 64 GB");
    gcm->length += size;
    while (size > 0) {
        size_t part = size > PIECE ? PIECE : size;
        int length = 0;
        if (gcm->decrypts)
            ghash_add(&gcm->hash, in, part);
        if (PK11_CipherOp(gcm->counter, out, &length, (int)part, in,
                          (int)part) != SECSuccess ||
            (size_t)length != part)
            return nss_failure(why);
        if (!gcm->decrypts)
            ghash_add(&gcm->hash, out, part);
        in += part;
        out += part;
        size -= part;
    }
    return 0;
}

static void put_bits(unsigned char *at, unsigned long long bytes)
{
    bytes *= 8;
    for (int i = 8; i-- > 0; bytes >>= 8)
        at[i] = (unsigned char)bytes;
}

void gcm_tag(struct gcm *gcm, const struct der *attributes,
             unsigned char tag_r[GCM_TAG])
{
    unsigned char lengths[GHASH_BLOCK] = {0};
    struct ghash before;
    ghash_pad(&gcm->hash);
    if (attributes) {
        ghash_init(&before, gcm->key);
        ghash_add(&before, attributes->data, attributes->length);
        ghash_pad(&before);
        ghash_join(&gcm->hash, &before);
        put_bits(lengths, attributes->length);
    }
    put_bits(lengths + 8, gcm->length);
    ghash_add(&gcm->hash, lengths, sizeof lengths);
    ghash_value(&gcm->hash, tag_r);
    for (int i = 0; i < GCM_TAG; i++)
        tag_r[i] ^= gcm->mask[i];
}

void gcm_free(struct gcm *gcm)
{
    if (gcm->counter)
        PK11_DestroyContext(gcm->counter, PR_TRUE);
    memset(gcm, 0, sizeof *gcm);
}
