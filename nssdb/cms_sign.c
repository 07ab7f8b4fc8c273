/* cms_sign: see cms_sign.h. */
#include "cms_sign.h"

#include "buffer.h"
#include "cms_oids.h"
#include "der.h"
#include "failure.h"

#include <cryptohi.h>
#include <keyhi.h>
#include <secitem.h>
#include <secport.h>
#include <stdlib.h>
#include <string.h>

#define ATTRIBUTES 8 /* the last one is optional */
#define CERTIFICATE_HASH 32 /* SHA-256, which the RFC has as the default */

static void put_issuer_serial(struct buffer *der, int tag,
                              const CERTCertificate *certificate)
{
    size_t id = der_open(der, tag);
    buffer_append(der, certificate->derIssuer.data,
                  certificate->derIssuer.len);
    der_put(der, TAG_INTEGER, certificate->serialNumber.data,
            certificate->serialNumber.len);
    der_close(der, id);
}

/* An attribute with one value, which the caller writes between the two. */
struct attribute {
    size_t whole, values;
};

static struct attribute open_attribute(struct buffer *der, const char *oid,
                                       size_t length)
{
    struct attribute attribute;
    attribute.whole = der_open(der, TAG_SEQUENCE);
    der_put_oid(der, oid, length);
    attribute.values = der_open(der, TAG_SET);
    return attribute;
}

static void close_attribute(struct buffer *der, struct attribute attribute)
{
    der_close(der, attribute.values);
    der_close(der, attribute.whole);
}

/* UTCTime up to 2049, then GeneralizedTime (RFC 5652, 11.3) */
static void put_time(struct buffer *der, time_t when)
{
    struct tm tm;
    char text[32];
    gmtime_r(&when, &tm);
    int utc = tm.tm_year >= 50 && tm.tm_year < 150;
    size_t length = strftime(text, sizeof text, "%Y%m%d%H%M%SZ", &tm);
    if (utc) /* without the century */
        der_put(der, TAG_UTC_TIME, text + 2, length - 2);
    else
        der_put(der, TAG_GENERALIZED_TIME, text, length);
}

/* SigningCertificateV2 with one ESSCertIDv2 (RFC 5035, 4). */
static void put_signing_certificate(struct buffer *der,
                                    const CERTCertificate *certificate)
{
    unsigned char hash[CERTIFICATE_HASH];
    if (PK11_HashBuf(SEC_OID_SHA256, hash, certificate->derCert.data,
                     (int)certificate->derCert.len) != SECSuccess)
        der->failed = 1;
    size_t all = der_open(der, TAG_SEQUENCE);
    size_t list = der_open(der, TAG_SEQUENCE);
    size_t id = der_open(der, TAG_SEQUENCE);
    der_put(der, TAG_OCTET_STRING, hash, sizeof hash);
    size_t serial = der_open(der, TAG_SEQUENCE); /* IssuerSerial */
    size_t names = der_open(der, TAG_SEQUENCE);
    size_t name = der_open(der, TAG_CONTEXT | TAG_CONSTRUCTED | 4);
    buffer_append(der, certificate->derIssuer.data,
                  certificate->derIssuer.len);
    der_close(der, name);
    der_close(der, names);
    der_put(der, TAG_INTEGER, certificate->serialNumber.data,
            certificate->serialNumber.len);
    der_close(der, serial);
    der_close(der, id);
    der_close(der, list);
    der_close(der, all);
}

static void put_attribute(struct buffer *der, unsigned which,
                          const struct cms_signer *signer,
                          const struct cms_hash *hash,
                          const unsigned char *digest)
{
    static const struct {
        const char *oid;
        size_t length;
    } oids[ATTRIBUTES] = {{OID(CONTENT_TYPE)},       {OID(MESSAGE_DIGEST)},
                          {OID(SIGNING_TIME)},       {OID(SMIME_CAPABILITIES)},
                          {OID(KEY_PREFERENCE)},     {OID(SIGNATURE_TYPE)},
                          {OID(SIGNING_CERTIFICATE_V2)},
                          {OID(SECURITY_LABEL)}};
    struct attribute attribute =
        open_attribute(der, oids[which].oid, oids[which].length);
    size_t types;
    switch (which) {
    case 0:
        der_put_oid(der, OID(DATA));
        break;
    case 1:
        der_put(der, TAG_OCTET_STRING, digest, hash->length);
        break;
    case 2:
        put_time(der, signer->now);
        break;
    case 3:
        buffer_append(der, signer->capabilities.data,
                      signer->capabilities.length);
        break;
    case 4:
        put_issuer_serial(der, TAG_CONTEXT | TAG_CONSTRUCTED | 0,
                          signer->encryption ? signer->encryption
                                             : signer->certificate);
        break;
    case 6:
        put_signing_certificate(der, signer->certificate);
        break;
    case 7:
        buffer_append(der, signer->label.data, signer->label.length);
        break;
    default:
        types = der_open(der, TAG_SEQUENCE);
        der_put_oid(der, OID(DOMAIN_SIG));
        der_close(der, types);
    }
    close_attribute(der, attribute);
}

static int compare(const void *a, const void *b)
{
    const struct buffer *one = a, *two = b;
    size_t less = one->length < two->length ? one->length : two->length;
    int rc = memcmp(buffer_string(one), buffer_string(two), less);
    return rc ? rc : (one->length > two->length) - (one->length < two->length);
}

/* The attributes in the order of a DER SET OF, without its tag. */
static int put_attributes(struct buffer *der, const struct cms_signer *signer,
                          const struct cms_hash *hash,
                          const unsigned char *digest, struct failure *why)
{
    struct buffer attributes[ATTRIBUTES] = {{0}};
    unsigned count = signer->label.data ? ATTRIBUTES : ATTRIBUTES - 1;
    for (unsigned i = 0; i < count; i++) {
        put_attribute(&attributes[i], i, signer, hash, digest);
        der->failed |= attributes[i].failed;
    }
    qsort(attributes, count, sizeof attributes[0], compare);
    for (unsigned i = 0; i < count; i++) {
        buffer_append(der, buffer_string(&attributes[i]),
                      attributes[i].length);
        buffer_free(&attributes[i]);
    }
    return der->failed ? failure_memory(why) : 0;
}

static void put_signature_algorithm(struct buffer *der, KeyType type,
                                    const struct cms_hash *hash)
{
    size_t algorithm = der_open(der, TAG_SEQUENCE);
    if (type == ecKey && hash->length == 64) {
        der_put_oid(der, OID(ECDSA_SHA512));
    } else if (type == ecKey && hash->length == 48) {
        der_put_oid(der, OID(ECDSA_SHA384));
    } else if (type == ecKey) {
        der_put_oid(der, OID(ECDSA_SHA256));
    } else {
        der_put_oid(der, OID(RSA));
        der_put(der, TAG_NULL, "", 0);
    }
    der_close(der, algorithm);
}

/* The signature is over the attributes as a SET (RFC 5652, 5.4). */
static int put_signature(struct buffer *der, const struct cms_signer *signer,
                         const struct cms_hash *hash,
                         const struct buffer *attributes, struct failure *why)
{
    struct buffer set = {0};
    SECItem signature = {siBuffer, NULL, 0};
    der_put(&set, TAG_SET, attributes->data, attributes->length);
    if (set.failed) {
        buffer_free(&set);
        return failure_memory(why);
    }
    SECOidTag algorithm = SEC_GetSignatureAlgorithmOidTag(
        SECKEY_GetPrivateKeyType(signer->key), hash->tag);
    SECStatus status = SEC_SignData(&signature, (unsigned char *)set.data,
                                    (int)set.length, signer->key, algorithm);
    buffer_free(&set);
    if (status != SECSuccess)
        return failure(why, FAILURE_CRYPTO, "signing: NSS error %d",
                       PORT_GetError());
    der_put(der, TAG_OCTET_STRING, signature.data, signature.len);
    SECITEM_FreeItem(&signature, PR_FALSE);
    return 0;
}

/* SignerInfo (RFC 5652, 5.3) */
static int put_signer(struct buffer *der, const struct cms_signer *signer,
                      const struct cms_hash *hash,
                      const unsigned char *digest, struct failure *why)
{
    struct buffer attributes = {0};
    int rc = put_attributes(&attributes, signer, hash, digest, why);
    size_t info = der_open(der, TAG_SEQUENCE);
    der_put_small(der, 1);
    put_issuer_serial(der, TAG_SEQUENCE, signer->certificate);
    cms_hash_put(hash, der);
    der_put(der, TAG_CONTEXT | TAG_CONSTRUCTED | 0,
            buffer_string(&attributes), attributes.length);
    put_signature_algorithm(der, SECKEY_GetPrivateKeyType(signer->key),
                            hash);
    if (rc == 0)
        rc = put_signature(der, signer, hash, &attributes, why);
    der_close(der, info);
    buffer_free(&attributes);
    return rc;
}

static void put_certificates(struct buffer *der,
                             const struct cms_signer *signer)
{
    size_t set = der_open(der, TAG_CONTEXT | TAG_CONSTRUCTED | 0);
    const CERTCertificate *own = signer->certificate, *other;
    buffer_append(der, own->derCert.data, own->derCert.len);
    other = signer->encryption;
    if (other && other != own)
        buffer_append(der, other->derCert.data, other->derCert.len);
    for (size_t i = 0; i < signer->chain_count; i++)
        buffer_append(der, signer->chain[i]->derCert.data,
                      signer->chain[i]->derCert.len);
    der_close(der, set);
}

int cms_sign(const struct cms_signer *signer, const struct cms_hash *hash,
             const unsigned char *digest, struct buffer *out,
             struct failure *why)
{
    size_t info = der_open(out, TAG_SEQUENCE);
    der_put_oid(out, OID(SIGNED_DATA));
    size_t explicit = der_open(out, TAG_CONTEXT | TAG_CONSTRUCTED | 0);
    size_t signed_data = der_open(out, TAG_SEQUENCE);
    der_put_small(out, 1);
    size_t hashes = der_open(out, TAG_SET);
    cms_hash_put(hash, out);
    der_close(out, hashes);
    size_t content = der_open(out, TAG_SEQUENCE);
    der_put_oid(out, OID(DATA));
    der_close(out, content);
    put_certificates(out, signer);
    size_t signers = der_open(out, TAG_SET);
    if (put_signer(out, signer, hash, digest, why) < 0)
        return -1;
    der_close(out, signers);
    der_close(out, signed_data);
    der_close(out, explicit);
    der_close(out, info);
    return out->failed ? failure_memory(why) : 0;
}
