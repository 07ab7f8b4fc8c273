/* cms_wrap: see cms_wrap.h. */
#include "cms_wrap.h"

#include "buffer.h"
#include "cms_agreement.h"
#include "cms_oids.h"
#include "der.h"
#include "failure.h"

#include <keyhi.h>
#include <secerr.h>
#include <secport.h>

#define WRAPPED_MOST 2048 /* RSA of up to 16384 bits */

static int nss_failure(struct failure *why)
{
    return failure(why, FAILURE_CRYPTO,
                   "encrypting the content key: NSS error %d",
                   PORT_GetError());
}

static void put_identifier(struct buffer *der,
                           const CERTCertificate *certificate)
{
    size_t id = der_open(der, TAG_SEQUENCE);
    buffer_append(der, certificate->derIssuer.data,
                  certificate->derIssuer.len);
    der_put(der, TAG_INTEGER, certificate->serialNumber.data,
            certificate->serialNumber.len);
    der_close(der, id);
}

static void put_sha256(struct buffer *der)
{
    size_t hash = der_open(der, TAG_SEQUENCE);
    der_put_oid(der, OID(SHA256));
    der_put(der, TAG_NULL, "", 0);
    der_close(der, hash);
}

void cms_wrap_oaep(struct buffer *der)
{
    size_t all = der_open(der, TAG_SEQUENCE);
    size_t part = der_open(der, TAG_CONTEXT | TAG_CONSTRUCTED | 0);
    put_sha256(der);
    der_close(der, part);
    part = der_open(der, TAG_CONTEXT | TAG_CONSTRUCTED | 1);
    size_t mask = der_open(der, TAG_SEQUENCE);
    der_put_oid(der, OID(MGF1));
    put_sha256(der);
    der_close(der, mask);
    der_close(der, part);
    der_close(der, all);
}

/* KeyTransRecipientInfo (RFC 5652, 6.2.1) */
static int wrap_rsa(const struct cms_recipient *recipient,
                    SECKEYPublicKey *public_key, PK11SymKey *key,
                    struct buffer *der, struct failure *why)
{
    CK_RSA_PKCS_OAEP_PARAMS parameters = {CKM_SHA256, CKG_MGF1_SHA256,
                                          CKZ_DATA_SPECIFIED, NULL, 0};
    SECItem item = {siBuffer, (unsigned char *)&parameters, sizeof parameters};
    unsigned char data[WRAPPED_MOST];
    SECItem wrapped = {siBuffer, data, sizeof data};
    int oaep = recipient->transport == CMS_RSA_OAEP;
    size_t info = der_open(der, TAG_SEQUENCE);
    der_put_small(der, 0);
    put_identifier(der, recipient->certificate);
    size_t algorithm = der_open(der, TAG_SEQUENCE);
    if (oaep) {
        der_put_oid(der, OID(RSA_OAEP));
        cms_wrap_oaep(der);
    } else {
        der_put_oid(der, OID(RSA));
        der_put(der, TAG_NULL, "", 0);
    }
    der_close(der, algorithm);
    SECStatus status =
        oaep ? PK11_PubWrapSymKeyWithMechanism(public_key, CKM_RSA_PKCS_OAEP,
                                               &item, key, &wrapped)
             : PK11_PubWrapSymKey(CKM_RSA_PKCS, public_key, key, &wrapped);
    if (status != SECSuccess)
        return nss_failure(why);
    der_put(der, TAG_OCTET_STRING, wrapped.data, wrapped.len);
    der_close(der, info);
    return 0;
}

/* OriginatorPublicKey: the ephemeral one; its curve is the recipient's. */
static void put_originator(struct buffer *der, SECKEYPublicKey *ephemeral)
{
    size_t outer = der_open(der, TAG_CONTEXT | TAG_CONSTRUCTED | 0);
    size_t inner = der_open(der, TAG_CONTEXT | TAG_CONSTRUCTED | 1);
    size_t algorithm = der_open(der, TAG_SEQUENCE);
    der_put_oid(der, OID(EC_KEY));
    der_close(der, algorithm);
    size_t bits = der_open(der, TAG_BIT_STRING);
    buffer_byte(der, 0);
    buffer_append(der, ephemeral->u.ec.publicValue.data,
                  ephemeral->u.ec.publicValue.len);
    der_close(der, bits);
    der_close(der, inner);
    der_close(der, outer);
}

/* The content key under the shared one. */
static SECStatus wrap_agreed(SECKEYPrivateKey *own, SECKEYPublicKey *other,
                             const struct cms_kdf *kdf,
                             const struct cms_key_wrap *wrap,
                             const struct buffer *identifier, PK11SymKey *key,
                             SECItem *wrapped)
{
    struct der whole = {(unsigned char *)identifier->data,
                        identifier->length};
    PK11SymKey *shared =
        cms_agree(own, other, kdf, wrap, &whole, NULL, CKA_WRAP);
    if (!shared)
        return SECFailure;
    SECStatus status = PK11_WrapSymKey(CKM_NSS_AES_KEY_WRAP, NULL, shared,
                                       key, wrapped);
    PK11_FreeSymKey(shared);
    return status;
}

static int put_agreed(SECKEYPrivateKey *own, SECKEYPublicKey *other,
                      const struct cms_recipient *recipient, PK11SymKey *key,
                      unsigned length, struct buffer *der)
{
    unsigned char data[64];
    SECItem wrapped = {siBuffer, data, sizeof data};
    struct buffer identifier = {0}; /* without parameters (RFC 3565, 2.3.2) */
    const struct cms_key_wrap *wrap = cms_key_wrap_for(length);
    const struct cms_kdf *kdf =
        cms_kdf_for(SECKEY_PublicKeyStrengthInBits(other));
    size_t open = der_open(&identifier, TAG_SEQUENCE);
    der_put_oid(&identifier, wrap->oid, wrap->oid_length);
    der_close(&identifier, open);
    SECStatus status = identifier.failed
                           ? SECFailure
                           : wrap_agreed(own, other, kdf, wrap, &identifier,
                                         key, &wrapped);
    open = der_open(der, TAG_SEQUENCE);
    der_put_oid(der, kdf->oid, kdf->oid_length);
    buffer_append(der, buffer_string(&identifier), identifier.length);
    der_close(der, open);
    buffer_free(&identifier);
    open = der_open(der, TAG_SEQUENCE);
    size_t one = der_open(der, TAG_SEQUENCE);
    put_identifier(der, recipient->certificate);
    der_put(der, TAG_OCTET_STRING, wrapped.data, wrapped.len);
    der_close(der, one);
    der_close(der, open);
    return status == SECSuccess;
}

/* KeyAgreeRecipientInfo (RFC 5652, 6.2.2) */
static int wrap_ecdh(const struct cms_recipient *recipient,
                     SECKEYPublicKey *public_key, PK11SymKey *key,
                     unsigned length, struct buffer *der, struct failure *why)
{
    SECKEYPublicKey *ephemeral = NULL;
    SECKEYPrivateKey *own = SECKEY_CreateECPrivateKey(
        &public_key->u.ec.DEREncodedParams, &ephemeral, NULL);
    if (!own)
        return nss_failure(why);
    size_t info = der_open(der, TAG_CONTEXT | TAG_CONSTRUCTED | 1);
    der_put_small(der, 3);
    put_originator(der, ephemeral);
    int rc = put_agreed(own, public_key, recipient, key, length, der)
                 ? 0
                 : nss_failure(why);
    der_close(der, info);
    SECKEY_DestroyPrivateKey(own);
    SECKEY_DestroyPublicKey(ephemeral);
    return rc;
}

int cms_wrap(const struct cms_recipient *recipient, PK11SymKey *key,
             unsigned length, struct buffer *der, struct failure *why)
{
    SECKEYPublicKey *public_key =
        CERT_ExtractPublicKey(recipient->certificate);
    int rc;
    if (!public_key)
        return nss_failure(why);
    KeyType type = SECKEY_GetPublicKeyType(public_key);
    if (type != (recipient->transport == CMS_ECDH ? ecKey : rsaKey)) {
        PORT_SetError(SEC_ERROR_UNSUPPORTED_KEYALG);
        rc = nss_failure(why);
    } else if (type == ecKey) {
        rc = wrap_ecdh(recipient, public_key, key, length, der, why);
    } else {
        rc = wrap_rsa(recipient, public_key, key, der, why);
    }
    SECKEY_DestroyPublicKey(public_key);
    return rc;
}
