/* ocsp_id: see ocsp_id.h. */
#include "ocsp_id.h"

#include "cms_digest.h"
#include "cms_oids.h"
#include "der.h"
#include "failure.h"

#include <pk11pub.h>

static int hash_item(SECOidTag hash, const unsigned char *data, size_t length,
                     unsigned char *digest_r, struct failure *why)
{
    if (PK11_HashBuf(hash, digest_r, data, (PRInt32)length) == SECSuccess)
        return 0;
    return failure(why, FAILURE_CRYPTO, "OCSP: hashing failed");
}

int ocsp_key_hash(CERTCertificate *certificate, SECOidTag hash,
                  unsigned char *digest_r, struct failure *why)
{
    const SECItem *bits = &certificate->subjectPublicKeyInfo.subjectPublicKey;
    return hash_item(hash, bits->data, (bits->len + 7) / 8, digest_r, why);
}

static int hash_name(CERTCertificate *certificate, SECOidTag hash,
                     unsigned char *digest_r, struct failure *why)
{
    return hash_item(hash, certificate->derIssuer.data,
                     certificate->derIssuer.len, digest_r, why);
}

int ocsp_id_put(struct buffer *out, CERTCertificate *certificate,
                CERTCertificate *issuer, struct failure *why)
{
    const struct cms_hash *sha1 = cms_hash_named("sha1");
    unsigned char name[OCSP_HASH_MOST], key[OCSP_HASH_MOST];
    if (hash_name(certificate, sha1->tag, name, why) < 0 ||
        ocsp_key_hash(issuer, sha1->tag, key, why) < 0)
        return -1;
    size_t id = der_open(out, TAG_SEQUENCE);
    size_t algorithm = der_open(out, TAG_SEQUENCE);
    der_put_oid(out, OID(SHA1));
    der_put(out, TAG_NULL, "", 0);
    der_close(out, algorithm);
    der_put(out, TAG_OCTET_STRING, name, sha1->length);
    der_put(out, TAG_OCTET_STRING, key, sha1->length);
    der_put(out, TAG_INTEGER, certificate->serialNumber.data,
            certificate->serialNumber.len);
    der_close(out, id);
    return 0;
}

int ocsp_id_fits(const struct der *id, CERTCertificate *certificate,
                 CERTCertificate *issuer, struct failure *why)
{
    struct der in = *id;
    struct der_value algorithm, oid, name, key, serial;
    unsigned char digest[OCSP_HASH_MOST];
    if (!der_expect(&in, TAG_SEQUENCE, &algorithm) ||
        !der_expect(&algorithm.content, TAG_OID, &oid) ||
        !der_expect(&in, TAG_OCTET_STRING, &name) ||
        !der_expect(&in, TAG_OCTET_STRING, &key) ||
        !der_expect(&in, TAG_INTEGER, &serial) || in.length)
        return failure(why, FAILURE_MALFORMED, "OCSP: CertID malformed");
    const struct cms_hash *hash = cms_hash_of(&oid.content);
    if (!hash || hash->length > sizeof digest ||
        !der_equal(&serial.content, certificate->serialNumber.data,
                   certificate->serialNumber.len))
        return 0;
    if (hash_name(certificate, hash->tag, digest, why) < 0)
        return -1;
    if (!der_equal(&name.content, digest, hash->length))
        return 0;
    if (ocsp_key_hash(issuer, hash->tag, digest, why) < 0)
        return -1;
    return der_equal(&key.content, digest, hash->length);
}
