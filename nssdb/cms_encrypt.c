/* cms_encrypt: see cms_encrypt.h. */
#include "cms_encrypt.h"

#include "buffer.h"
#include "cms_oids.h"
#include "der.h"
#include "failure.h"

#include <keyhi.h>
#include <secerr.h>
#include <secport.h>
#include <stddef.h>

#define IV_MOST 16

static int nss_failure(struct failure *why, const char *what)
{
    return failure(why, FAILURE_CRYPTO, "%s: NSS error %d", what,
                   PORT_GetError());
}

/* The content key, wrapped for one recipient. */
static int put_wrapped_key(struct buffer *der, CERTCertificate *recipient,
                           PK11SymKey *key, struct failure *why)
{
    SECKEYPublicKey *public_key = CERT_ExtractPublicKey(recipient);
    unsigned char wrapped[2048]; /* RSA of up to 16384 bits */
    SECItem item = {siBuffer, wrapped, sizeof wrapped};
    SECStatus status = SECFailure;
    if (public_key && SECKEY_GetPublicKeyType(public_key) == rsaKey)
        status = PK11_PubWrapSymKey(CKM_RSA_PKCS, public_key, key, &item);
    else
        PORT_SetError(SEC_ERROR_UNSUPPORTED_KEYALG);
    if (public_key)
        SECKEY_DestroyPublicKey(public_key);
    if (status != SECSuccess)
        return nss_failure(why, "encrypting the content key");
    der_put(der, TAG_OCTET_STRING, item.data, item.len);
    return 0;
}

/* KeyTransRecipientInfo (RFC 5652, 6.2.1) */
static int put_recipient(struct buffer *der, CERTCertificate *recipient,
                         PK11SymKey *key, struct failure *why)
{
    size_t info = der_open(der, TAG_SEQUENCE);
    der_put_small(der, 0);
    size_t id = der_open(der, TAG_SEQUENCE);
    buffer_append(der, recipient->derIssuer.data, recipient->derIssuer.len);
    der_put(der, TAG_INTEGER, recipient->serialNumber.data,
            recipient->serialNumber.len);
    der_close(der, id);
    size_t algorithm = der_open(der, TAG_SEQUENCE);
    der_put_oid(der, OID(RSA));
    der_put(der, TAG_NULL, "", 0);
    der_close(der, algorithm);
    if (put_wrapped_key(der, recipient, key, why) < 0)
        return -1;
    der_close(der, info);
    return 0;
}

static void open_indefinite(struct buffer *der, int tag)
{
    buffer_byte(der, tag);
    buffer_byte(der, 0x80);
}

static int put_head(struct buffer *der, const struct cms_algorithm *algorithm,
                    const unsigned char *iv, CERTCertificate *const *recipients,
                    size_t count, PK11SymKey *key, struct failure *why)
{
    open_indefinite(der, TAG_SEQUENCE); /* ContentInfo */
    der_put_oid(der, OID(ENVELOPED_DATA));
    open_indefinite(der, TAG_CONTEXT | TAG_CONSTRUCTED);
    open_indefinite(der, TAG_SEQUENCE); /* EnvelopedData */
    der_put_small(der, 0);
    size_t infos = der_open(der, TAG_SET);
    for (size_t i = 0; i < count; i++)
        if (put_recipient(der, recipients[i], key, why) < 0)
            return -1;
    der_close(der, infos);
    open_indefinite(der, TAG_SEQUENCE); /* EncryptedContentInfo */
    der_put_oid(der, OID(DATA));
    size_t identifier = der_open(der, TAG_SEQUENCE);
    der_put_oid(der, algorithm->oid, algorithm->oid_length);
    der_put(der, TAG_OCTET_STRING, iv, algorithm->block);
    der_close(der, identifier);
    open_indefinite(der, TAG_CONTEXT | TAG_CONSTRUCTED);
    return der->failed ? failure_memory(why) : 0;
}

static int put_piece(struct sink *self, const void *data, size_t size,
                     struct failure *why)
{
    struct cms_encrypt *encrypt =
        (struct cms_encrypt *)(void *)((char *)self -
                                       offsetof(struct cms_encrypt, pieces));
    struct buffer der = {0};
    der_put(&der, TAG_OCTET_STRING, data, size);
    int rc = der.failed ? failure_memory(why)
                        : encrypt->out->write(encrypt->out, der.data,
                                              der.length, why);
    buffer_free(&der);
    return rc;
}

static int put_content(struct sink *self, const void *data, size_t size,
                       struct failure *why)
{
    struct cms_encrypt *encrypt = (struct cms_encrypt *)self;
    return encrypt->cipher.sink.write(&encrypt->cipher.sink, data, size, why);
}

static PK11SymKey *make_key(const struct cms_algorithm *algorithm,
                            unsigned char *iv)
{
    PK11SlotInfo *slot = PK11_GetInternalSlot();
    if (!slot)
        return NULL;
    PK11SymKey *key = PK11_KeyGen(slot, algorithm->mechanism, NULL,
                                  (int)algorithm->key, NULL);
    PK11_FreeSlot(slot);
    if (key && PK11_GenerateRandom(iv, (int)algorithm->block) != SECSuccess) {
        PK11_FreeSymKey(key);
        return NULL;
    }
    return key;
}

int cms_encrypt_start(struct cms_encrypt *encrypt,
                      const struct cms_algorithm *algorithm,
                      CERTCertificate *const *recipients, size_t count,
                      struct sink *out, struct failure *why)
{
    unsigned char iv[IV_MOST];
    struct buffer der = {0};
    *encrypt = (struct cms_encrypt){
        .sink = {put_content}, .out = out, .pieces = {put_piece}};
    if (count == 0)
        return failure(why, FAILURE_BUG, "an envelope without a recipient");
    PK11SymKey *key = make_key(algorithm, iv);
    if (!key)
        return nss_failure(why, "making a content key");
    int rc = put_head(&der, algorithm, iv, recipients, count, key, why);
    if (rc == 0)
        rc = cms_cipher_init(&encrypt->cipher, key, algorithm, iv, 0,
                             &encrypt->pieces, why);
    if (rc == 0)
        rc = out->write(out, der.data, der.length, why);
    PK11_FreeSymKey(key);
    buffer_free(&der);
    return rc;
}

int cms_encrypt_finish(struct cms_encrypt *encrypt, struct failure *why)
{
    static const char ends[10] = {0}; /* of the five indefinite shells */
    if (cms_cipher_finish(&encrypt->cipher, why) < 0)
        return -1;
    return encrypt->out->write(encrypt->out, ends, sizeof ends, why);
}

void cms_encrypt_free(struct cms_encrypt *encrypt)
{
    cms_cipher_free(&encrypt->cipher);
}
