/* cms_encrypt: see cms_encrypt.h. */
#include "cms_encrypt.h"

#include "buffer.h"
#include "cms_oids.h"
#include "der.h"
#include "failure.h"

#include <secport.h>
#include <stddef.h>

static int nss_failure(struct failure *why, const char *what)
{
    return failure(why, FAILURE_CRYPTO, "%s: NSS error %d", what,
                   PORT_GetError());
}

static void open_indefinite(struct buffer *der, int tag)
{
    buffer_byte(der, tag);
    buffer_byte(der, 0x80);
}

/* ContentEncryptionAlgorithmIdentifier (RFC 3565, 4; RFC 5084, 3.2) */
static void put_algorithm(struct buffer *der,
                          const struct cms_algorithm *algorithm,
                          const unsigned char *iv)
{
    size_t identifier = der_open(der, TAG_SEQUENCE), parameters = 0;
    der_put_oid(der, algorithm->oid, algorithm->oid_length);
    if (algorithm->authenticated)
        parameters = der_open(der, TAG_SEQUENCE);
    der_put(der, TAG_OCTET_STRING, iv, algorithm->iv);
    if (algorithm->authenticated) {
        der_put_small(der, GCM_TAG);
        der_close(der, parameters);
    }
    der_close(der, identifier);
}

/* RFC 5652, 6.1; RFC 5083, 2.1 */
static unsigned version(const struct cms_algorithm *algorithm,
                        const struct cms_recipient *recipients, size_t count)
{
    for (size_t i = 0; i < count && !algorithm->authenticated; i++)
        if (recipients[i].transport == CMS_ECDH)
            return 2;
    return 0;
}

static int put_head(struct buffer *der, const struct cms_algorithm *algorithm,
                    const unsigned char *iv,
                    const struct cms_recipient *recipients, size_t count,
                    PK11SymKey *key, struct failure *why)
{
    open_indefinite(der, TAG_SEQUENCE); /* ContentInfo */
    if (algorithm->authenticated)
        der_put_oid(der, OID(AUTH_ENVELOPED_DATA));
    else
        der_put_oid(der, OID(ENVELOPED_DATA));
    open_indefinite(der, TAG_CONTEXT | TAG_CONSTRUCTED);
    open_indefinite(der, TAG_SEQUENCE);
    der_put_small(der, version(algorithm, recipients, count));
    size_t infos = der_open(der, TAG_SET);
    for (size_t i = 0; i < count; i++)
        if (cms_wrap(&recipients[i], key, algorithm->key, der, why) < 0)
            return -1;
    der_close(der, infos);
    open_indefinite(der, TAG_SEQUENCE); /* EncryptedContentInfo */
    der_put_oid(der, OID(DATA));
    put_algorithm(der, algorithm, iv);
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
    if (key && PK11_GenerateRandom(iv, (int)algorithm->iv) != SECSuccess) {
        PK11_FreeSymKey(key);
        return NULL;
    }
    return key;
}

int cms_encrypt_start(struct cms_encrypt *encrypt,
                      const struct cms_algorithm *algorithm,
                      const struct cms_recipient *recipients, size_t count,
                      struct sink *out, struct failure *why)
{
    unsigned char iv[CMS_IV_MOST];
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
    static const char ends[4]; /* of two indefinite shells */
    struct cms_cipher *cipher = &encrypt->cipher;
    unsigned char tag[GCM_TAG];
    struct buffer der = {0};
    if (cms_cipher_finish(cipher, why) < 0)
        return -1;
    buffer_append(&der, ends, sizeof ends); /* the content, and its info */
    if (cipher->algorithm->authenticated) {
        cms_cipher_tag(cipher, NULL, tag);
        der_put(&der, TAG_OCTET_STRING, tag, sizeof tag);
    }
    buffer_append(&der, ends, sizeof ends);
    buffer_append(&der, ends, 2);
    int rc = der.failed ? failure_memory(why)
                        : encrypt->out->write(encrypt->out, der.data,
                                              der.length, why);
    buffer_free(&der);
    return rc;
}

void cms_encrypt_free(struct cms_encrypt *encrypt)
{
    cms_cipher_free(&encrypt->cipher);
}
