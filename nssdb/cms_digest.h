#ifndef SEEMAIL_CMS_DIGEST_H
#define SEEMAIL_CMS_DIGEST_H

/*
 * cms_digest: message digests (RFC 5754) as a sink. NSS must be initialised.
 */

#include "stream.h"

#include <pk11pub.h>

struct buffer;
struct der;

#define CMS_DIGEST_MOST 64

struct cms_hash {
    const char *name; /* as in the algorithms table: "sha256" */
    const char *oid;
    size_t oid_length;
    SECOidTag tag;
    unsigned length; /* bytes */
    CK_MECHANISM_TYPE mechanism;
    CK_RSA_PKCS_MGF_TYPE mask; /* of PSS and OAEP (RFC 8017) */
};

/* NULL = not one of ours. */
const struct cms_hash *cms_hash_named(const char *name);
const struct cms_hash *cms_hash_of(const struct der *oid);

/* AlgorithmIdentifier, without parameters (RFC 5754, 2). */
void cms_hash_put(const struct cms_hash *hash, struct buffer *der);

struct cms_digest {
    struct sink sink; /* push the content here */
    const struct cms_hash *hash;
    PK11Context *context;
};

int cms_digest_init(struct cms_digest *digest, const struct cms_hash *hash,
                    struct failure *why);
int cms_digest_finish(struct cms_digest *digest,
                      unsigned char value_r[CMS_DIGEST_MOST],
                      struct failure *why);
void cms_digest_free(struct cms_digest *digest);

#endif
