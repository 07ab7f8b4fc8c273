/* cms_digest: see cms_digest.h. */
#include "cms_digest.h"

#include "buffer.h"
#include "cms_oids.h"
#include "der.h"
#include "failure.h"

#include <secport.h>
#include <string.h>

static const struct cms_hash hashes[] = {
    {"sha256", OID(SHA256), SEC_OID_SHA256, 32, CKM_SHA256, CKG_MGF1_SHA256},
    {"sha384", OID(SHA384), SEC_OID_SHA384, 48, CKM_SHA384, CKG_MGF1_SHA384},
    {"sha512", OID(SHA512), SEC_OID_SHA512, 64, CKM_SHA512, CKG_MGF1_SHA512},
    {"sha224", OID(SHA224), SEC_OID_SHA224, 28, CKM_SHA224, CKG_MGF1_SHA224},
    {"sha1", OID(SHA1), SEC_OID_SHA1, 20, CKM_SHA_1, CKG_MGF1_SHA1},
};
#define HASHES (sizeof hashes / sizeof hashes[0])

const struct cms_hash *cms_hash_named(const char *name)
{
    for (size_t i = 0; i < HASHES; i++)
        if (strcmp(hashes[i].name, name) == 0)
            return &hashes[i];
    return NULL;
}

const struct cms_hash *cms_hash_of(const struct der *oid)
{
    for (size_t i = 0; i < HASHES; i++)
        if (der_equal(oid, hashes[i].oid, hashes[i].oid_length))
            return &hashes[i];
    return NULL;
}

void cms_hash_put(const struct cms_hash *hash, struct buffer *der)
{
    size_t open = der_open(der, TAG_SEQUENCE);
    der_put_oid(der, hash->oid, hash->oid_length);
    der_close(der, open);
}

static int nss_failure(const struct cms_hash *hash, struct failure *why)
{
    return failure(why, FAILURE_CRYPTO, "%s: NSS error %d", hash->name,
                   PORT_GetError());
}

static int digest_write(struct sink *self, const void *data, size_t size,
                        struct failure *why)
{
    struct cms_digest *digest = (struct cms_digest *)self;
    const unsigned char *at = data;
    while (size > 0) {
        unsigned part = size > 1U << 30 ? 1U << 30 : (unsigned)size;
        if (PK11_DigestOp(digest->context, at, part) != SECSuccess)
            return nss_failure(digest->hash, why);
        at += part;
        size -= part;
    }
    return 0;
}

int cms_digest_init(struct cms_digest *digest, const struct cms_hash *hash,
                    struct failure *why)
{
    *digest = (struct cms_digest){.sink = {digest_write}, .hash = hash};
    digest->context = PK11_CreateDigestContext(hash->tag);
    if (!digest->context || PK11_DigestBegin(digest->context) != SECSuccess)
        return nss_failure(hash, why);
    return 0;
}

int cms_digest_finish(struct cms_digest *digest,
                      unsigned char value_r[CMS_DIGEST_MOST],
                      struct failure *why)
{
    unsigned length = 0;
    if (PK11_DigestFinal(digest->context, value_r, &length,
                         CMS_DIGEST_MOST) != SECSuccess ||
        length != digest->hash->length)
        return nss_failure(digest->hash, why);
    return 0;
}

void cms_digest_free(struct cms_digest *digest)
{
    if (digest->context)
        PK11_DestroyContext(digest->context, PR_TRUE);
    digest->context = NULL;
}
