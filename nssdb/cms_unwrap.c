/* cms_unwrap: see cms_unwrap.h. */
#include "cms_unwrap.h"

#include "cms_digest.h"
#include "cms_oids.h"
#include "failure.h"

#include <keyhi.h>

static int malformed(struct failure *why)
{
    return failure(why, FAILURE_MALFORMED, "RecipientInfo is malformed");
}

/* RecipientIdentifier, then whether it is one of ours. 1, 0 or -1. */
static int find_key(const struct cms_keys *keys, struct der_value id,
                    SECKEYPrivateKey **key_r, struct failure *why)
{
    struct der_value issuer, serial;
    if (id.tag == (TAG_CONTEXT | 0))
        return keys->find(keys->context, NULL, NULL, &id.content, key_r, why);
    if (id.tag != TAG_SEQUENCE ||
        !der_expect(&id.content, TAG_SEQUENCE, &issuer) ||
        !der_expect(&id.content, TAG_INTEGER, &serial) ||
        id.content.length != 0)
        return malformed(why);
    return keys->find(keys->context, &issuer.whole, &serial.content, NULL,
                      key_r, why);
}

static int permitted(const struct cms_keys *keys, const char *name)
{
    return !keys->permits || keys->permits(keys->context, name);
}

/* The digest of an AlgorithmIdentifier, or NULL. */
static const struct cms_hash *read_hash(struct der in)
{
    struct der_value identifier, oid;
    if (!der_expect(&in, TAG_SEQUENCE, &identifier) ||
        !der_expect(&identifier.content, TAG_OID, &oid))
        return NULL;
    return cms_hash_of(&oid.content);
}

static int read_mask(struct der in, CK_RSA_PKCS_OAEP_PARAMS *parameters)
{
    struct der_value identifier, oid;
    if (!der_expect(&in, TAG_SEQUENCE, &identifier) ||
        !der_expect(&identifier.content, TAG_OID, &oid) ||
        !der_equal(&oid.content, OID(MGF1)))
        return 0;
    const struct cms_hash *hash = read_hash(identifier.content);
    if (hash)
        parameters->mgf = hash->mask;
    return hash != NULL;
}

static int read_label(struct der in, CK_RSA_PKCS_OAEP_PARAMS *parameters)
{
    struct der_value identifier, oid, label;
    if (!der_expect(&in, TAG_SEQUENCE, &identifier) ||
        !der_expect(&identifier.content, TAG_OID, &oid) ||
        !der_equal(&oid.content, OID(P_SPECIFIED)) ||
        !der_expect(&identifier.content, TAG_OCTET_STRING, &label))
        return 0;
    parameters->pSourceData = (void *)(size_t)label.content.data;
    parameters->ulSourceDataLen = label.content.length;
    return 1;
}

/* RSAES-OAEP-params (RFC 4055, 4.1), behind the OID. 0 = not ours. */
static int read_oaep(struct der in, CK_RSA_PKCS_OAEP_PARAMS *parameters)
{
    struct der_value sequence, part;
    const struct cms_hash *hash;
    int rc;
    *parameters = (CK_RSA_PKCS_OAEP_PARAMS){
        CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0};
    if (in.length == 0)
        return 1;
    if (!der_expect(&in, TAG_SEQUENCE, &sequence))
        return 0;
    while ((rc = der_next(&sequence.content, &part)) > 0) {
        int well = 0;
        switch (part.tag) {
        case TAG_CONTEXT | TAG_CONSTRUCTED | 0:
            hash = read_hash(part.content);
            well = hash != NULL;
            if (hash)
                parameters->hashAlg = hash->mechanism;
            break;
        case TAG_CONTEXT | TAG_CONSTRUCTED | 1:
            well = read_mask(part.content, parameters);
            break;
        case TAG_CONTEXT | TAG_CONSTRUCTED | 2:
            well = read_label(part.content, parameters);
        }
        if (!well)
            return 0;
    }
    return rc == 0;
}

/* Which of the policy's names a key transport has, or NULL. */
static const char *transport_name(struct cms_unwrap *unwrap,
                                  struct der algorithm, SECKEYPrivateKey *key)
{
    struct der_value oid;
    if (!der_expect(&algorithm, TAG_OID, &oid) ||
        SECKEY_GetPrivateKeyType(key) != rsaKey)
        return NULL;
    unwrap->oaep = der_equal(&oid.content, OID(RSA_OAEP));
    if (unwrap->oaep && !read_oaep(algorithm, &unwrap->parameters))
        return NULL;
    if (!unwrap->oaep && !der_equal(&oid.content, OID(RSA)))
        return NULL;
    return unwrap->oaep ? "rsa-oaep" : "rsa";
}

/* The key is ours: is it of a kind that we take? 1; 0 and why not. */
static int take(struct cms_unwrap *unwrap, const struct cms_keys *keys,
                SECKEYPrivateKey *key, const char *name)
{
    if (name && permitted(keys, name)) {
        unwrap->key = key;
        return 1;
    }
    unwrap->refused =
        name ? "the content key is encrypted by an algorithm that the policy "
               "does not accept"
             : "the content key is encrypted by an algorithm we do not know";
    SECKEY_DestroyPrivateKey(key);
    return 0;
}

/* KeyTransRecipientInfo (RFC 5652, 6.2.1). 1 = it is for us. */
static int read_transport(struct cms_unwrap *unwrap,
                          const struct cms_keys *keys, struct der info,
                          struct failure *why)
{
    struct der_value version, id, algorithm, wrapped;
    SECKEYPrivateKey *key = NULL;
    if (!der_expect(&info, TAG_INTEGER, &version) ||
        der_next(&info, &id) != 1 ||
        !der_expect(&info, TAG_SEQUENCE, &algorithm) ||
        !der_expect(&info, TAG_OCTET_STRING, &wrapped))
        return malformed(why);
    int rc = find_key(keys, id, &key, why);
    if (rc <= 0)
        return rc;
    unwrap->wrapped = wrapped.content;
    return take(unwrap, keys, key,
                transport_name(unwrap, algorithm.content, key));
}

/* OriginatorPublicKey: the point. An originator whose key is in a
 * certificate is for nobody to find: 0. */
static int read_originator(struct cms_unwrap *unwrap, struct der in)
{
    struct der_value key, algorithm, oid, bits;
    if (!der_expect(&in, TAG_CONTEXT | TAG_CONSTRUCTED | 1, &key) ||
        !der_expect(&key.content, TAG_SEQUENCE, &algorithm) ||
        !der_expect(&algorithm.content, TAG_OID, &oid) ||
        !der_equal(&oid.content, OID(EC_KEY)) ||
        !der_expect(&key.content, TAG_BIT_STRING, &bits) ||
        bits.content.length < 2 || bits.content.data[0] != 0)
        return 0;
    unwrap->point = (struct der){bits.content.data + 1,
                                 bits.content.length - 1};
    return 1;
}

static int read_scheme(struct cms_unwrap *unwrap, struct der in)
{
    struct der_value oid, wrap, wrap_oid;
    unwrap->kdf = NULL;
    if (!der_expect(&in, TAG_OID, &oid) ||
        !der_expect(&in, TAG_SEQUENCE, &wrap))
        return 0;
    unwrap->identifier = wrap.whole;
    if (!der_expect(&wrap.content, TAG_OID, &wrap_oid))
        return 0;
    unwrap->kdf = cms_kdf_of(&oid.content);
    unwrap->wrap = cms_key_wrap_of(&wrap_oid.content);
    return unwrap->kdf && unwrap->wrap;
}

/* One of the RecipientEncryptedKeys. 1 = it is for us. */
static int read_encrypted_key(struct cms_unwrap *unwrap,
                              const struct cms_keys *keys, struct der in,
                              const char *name, struct failure *why)
{
    struct der_value id, wrapped, identifier;
    SECKEYPrivateKey *key = NULL;
    if (der_next(&in, &id) != 1 ||
        !der_expect(&in, TAG_OCTET_STRING, &wrapped))
        return malformed(why);
    if (id.tag == (TAG_CONTEXT | TAG_CONSTRUCTED | 0)) {
        if (!der_expect(&id.content, TAG_OCTET_STRING, &identifier))
            return malformed(why);
        id = identifier;
        id.tag = TAG_CONTEXT | 0;
    }
    int rc = find_key(keys, id, &key, why);
    if (rc <= 0)
        return rc;
    unwrap->wrapped = wrapped.content;
    return take(unwrap, keys, key,
                SECKEY_GetPrivateKeyType(key) == ecKey ? name : NULL);
}

/* KeyAgreeRecipientInfo (RFC 5652, 6.2.2). 1 = it is for us. */
static int read_agreement(struct cms_unwrap *unwrap,
                          const struct cms_keys *keys, struct der info,
                          struct failure *why)
{
    struct der_value version, originator, ukm, octets, algorithm, list, one;
    int rc = 0, more;
    if (!der_expect(&info, TAG_INTEGER, &version) ||
        !der_expect(&info, TAG_CONTEXT | TAG_CONSTRUCTED | 0, &originator) ||
        der_next(&info, &ukm) != 1)
        return malformed(why);
    unwrap->ukm = (struct der){NULL, 0};
    algorithm = ukm;
    if (ukm.tag == (TAG_CONTEXT | TAG_CONSTRUCTED | 1)) {
        if (!der_expect(&ukm.content, TAG_OCTET_STRING, &octets) ||
            der_next(&info, &algorithm) != 1)
            return malformed(why);
        unwrap->ukm = octets.content;
    }
    if (algorithm.tag != TAG_SEQUENCE ||
        !der_expect(&info, TAG_SEQUENCE, &list))
        return malformed(why);
    const char *name = read_originator(unwrap, originator.content) &&
                               read_scheme(unwrap, algorithm.content)
                           ? "ecdh"
                           : NULL;
    while (rc == 0 && (more = der_next(&list.content, &one)) != 0)
        rc = more > 0 && one.tag == TAG_SEQUENCE
                 ? read_encrypted_key(unwrap, keys, one.content, name, why)
                 : malformed(why);
    return rc;
}

int cms_unwrap_read(struct cms_unwrap *unwrap, const struct cms_keys *keys,
                    struct buffer *info, struct failure *why)
{
    struct der in = {(unsigned char *)info->data, info->length};
    struct der_value whole;
    if (der_next(&in, &whole) != 1)
        return malformed(why);
    unwrap->kdf = NULL;
    int rc = whole.tag == TAG_SEQUENCE
                 ? read_transport(unwrap, keys, whole.content, why)
             : whole.tag == (TAG_CONTEXT | TAG_CONSTRUCTED | 1)
                 ? read_agreement(unwrap, keys, whole.content, why)
                 : 0; /* a password, or a key that we do not share */
    if (rc > 0) {
        unwrap->info = *info;
        *info = (struct buffer){0};
    }
    return rc < 0 ? -1 : 0;
}

static SECItem item_of(struct der slice)
{
    return (SECItem){siBuffer, (unsigned char *)(size_t)slice.data,
                     (unsigned)slice.length};
}

/* The sender's key is on our curve, or NSS refuses it. */
static PK11SymKey *agree(const struct cms_unwrap *unwrap)
{
    SECKEYPublicKey *other = SECKEY_ConvertToPublicKey(unwrap->key);
    if (!other)
        return NULL;
    other->u.ec.publicValue = item_of(unwrap->point);
    PK11SymKey *key = cms_agree(unwrap->key, other, unwrap->kdf, unwrap->wrap,
                                &unwrap->identifier,
                                unwrap->ukm.data ? &unwrap->ukm : NULL,
                                CKA_UNWRAP);
    SECKEY_DestroyPublicKey(other); /* what it holds is its arena's */
    return key;
}

PK11SymKey *cms_unwrap_key(const struct cms_unwrap *unwrap,
                           const struct cms_algorithm *algorithm)
{
    CK_ATTRIBUTE_TYPE operation = cms_algorithm_operation(algorithm, 1);
    SECItem wrapped = item_of(unwrap->wrapped);
    SECItem parameters = {siBuffer, (unsigned char *)(size_t)&unwrap->parameters,
                          sizeof unwrap->parameters};
    if (unwrap->oaep && !unwrap->kdf)
        return PK11_PubUnwrapSymKeyWithMechanism(
            unwrap->key, CKM_RSA_PKCS_OAEP, &parameters, &wrapped,
            algorithm->mechanism, operation, (int)algorithm->key);
    if (!unwrap->kdf)
        return PK11_PubUnwrapSymKey(unwrap->key, &wrapped,
                                    algorithm->mechanism, operation,
                                    (int)algorithm->key);
    PK11SymKey *shared = agree(unwrap), *key = NULL;
    if (shared && wrapped.len == algorithm->key + 8)
        key = PK11_UnwrapSymKey(shared, CKM_NSS_AES_KEY_WRAP, NULL, &wrapped,
                                algorithm->mechanism, operation,
                                (int)algorithm->key);
    if (shared)
        PK11_FreeSymKey(shared);
    return key;
}

void cms_unwrap_free(struct cms_unwrap *unwrap)
{
    if (unwrap->key)
        SECKEY_DestroyPrivateKey(unwrap->key);
    buffer_free(&unwrap->info);
    *unwrap = (struct cms_unwrap){0};
}
