/* cms_decrypt: see cms_decrypt.h. */
#include "cms_decrypt.h"

#include "ber.h"
#include "buffer.h"
#include "cms_cipher.h"
#include "cms_oids.h"
#include "der.h"
#include "failure.h"

#include <keyhi.h>
#include <pk11pub.h>
#include <secerr.h>
#include <secport.h>
#include <stdlib.h>
#include <string.h>

#define INFO_MOST 65536    /* bytes of one RecipientInfo */
#define INFOS_MOST 10000

struct envelope {
    struct ber ber;
    const struct cms_keys *keys;
    SECKEYPrivateKey *key; /* NULL = none of the recipients is us */
    struct buffer wrapped; /* the content key, encrypted to `key' */
    const struct cms_algorithm *algorithm;
    unsigned char iv[16];
    enum cms_opened opened;
};

static int answer(struct envelope *envelope, enum cms_opened opened,
                  struct failure *why, const char *words)
{
    envelope->opened = opened;
    return failure(why, FAILURE_MALFORMED, "%s", words);
}

static int malformed(struct failure *why)
{
    return failure(why, FAILURE_MALFORMED, "EnvelopedData is malformed");
}

/* RecipientIdentifier, then whether it is one of ours. 1, 0 or -1. */
static int find_key(struct envelope *envelope, struct der_value *id,
                    struct failure *why)
{
    struct der_value issuer, serial;
    const struct cms_keys *keys = envelope->keys;
    if (id->tag == (TAG_CONTEXT | 0))
        return keys->find(keys->context, NULL, NULL, &id->content,
                          &envelope->key, why);
    if (id->tag != TAG_SEQUENCE ||
        !der_expect(&id->content, TAG_SEQUENCE, &issuer) ||
        !der_expect(&id->content, TAG_INTEGER, &serial) ||
        id->content.length != 0)
        return malformed(why);
    return keys->find(keys->context, &issuer.whole, &serial.content, NULL,
                      &envelope->key, why);
}

/* KeyTransRecipientInfo (RFC 5652, 6.2.1) */
static int read_transport(struct envelope *envelope, struct der info,
                          struct failure *why)
{
    struct der_value whole, version, id, algorithm, oid, wrapped;
    if (!der_expect(&info, TAG_SEQUENCE, &whole) ||
        !der_expect(&whole.content, TAG_INTEGER, &version) ||
        der_next(&whole.content, &id) != 1 ||
        !der_expect(&whole.content, TAG_SEQUENCE, &algorithm) ||
        !der_expect(&algorithm.content, TAG_OID, &oid) ||
        !der_expect(&whole.content, TAG_OCTET_STRING, &wrapped))
        return malformed(why);
    if (!der_equal(&oid.content, OID(RSA)))
        return 0; /* another recipient info may be for us too */
    int rc = find_key(envelope, &id, why);
    if (rc > 0 && buffer_append(&envelope->wrapped, wrapped.content.data,
                                wrapped.content.length) < 0)
        return failure_memory(why);
    return rc < 0 ? -1 : 0;
}

static int read_recipients(struct envelope *envelope, struct failure *why)
{
    struct ber *ber = &envelope->ber;
    struct ber_value set, info;
    unsigned count = 0;
    int rc;
    rc = ber_next(ber, &set, why);
    if (rc == 1 && set.tag == (TAG_CONTEXT | TAG_CONSTRUCTED)) {
        if (ber_skip(ber, &set, why) < 0) /* originatorInfo */
            return -1;
        rc = ber_next(ber, &set, why);
    }
    if (rc != 1 || set.tag != TAG_SET)
        return rc < 0 ? -1 : malformed(why);
    if (ber_enter(ber, &set, why) < 0)
        return -1;
    while ((rc = ber_next(ber, &info, why)) > 0) {
        struct buffer der = {0};
        if (++count > INFOS_MOST)
            return failure(why, FAILURE_MALFORMED, "too many recipients");
        if (envelope->key || info.tag != TAG_SEQUENCE) {
            rc = ber_skip(ber, &info, why);
        } else if ((rc = ber_capture(ber, &info, INFO_MOST, &der, why)) == 0) {
            struct der slice = {(unsigned char *)der.data, der.length};
            rc = read_transport(envelope, slice, why);
        }
        buffer_free(&der);
        if (rc < 0)
            return -1;
    }
    return rc < 0 ? -1 : ber_leave(ber, why);
}

static int read_algorithm(struct envelope *envelope, struct failure *why)
{
    struct ber_value value;
    struct der_value whole, oid, iv;
    struct buffer der = {0};
    if (ber_expect(&envelope->ber, TAG_SEQUENCE, &value, why) < 0 ||
        ber_capture(&envelope->ber, &value, 1000, &der, why) < 0) {
        buffer_free(&der);
        return -1;
    }
    struct der in = {(unsigned char *)der.data, der.length};
    int rc = 0;
    if (!der_expect(&in, TAG_SEQUENCE, &whole) ||
        !der_expect(&whole.content, TAG_OID, &oid))
        rc = malformed(why);
    else if (!(envelope->algorithm = cms_algorithm_of(&oid.content)))
        rc = answer(envelope, CMS_UNSUPPORTED, why,
                    "content is encrypted by an algorithm we do not know");
    else if (envelope->keys->permits &&
             !envelope->keys->permits(envelope->keys->context,
                                      envelope->algorithm->name))
        rc = answer(envelope, CMS_UNSUPPORTED, why,
                    "content is encrypted by an algorithm that the policy "
                    "does not accept");
    else if (!der_expect(&whole.content, TAG_OCTET_STRING, &iv) ||
             iv.content.length != envelope->algorithm->block)
        rc = malformed(why);
    else
        memcpy(envelope->iv, iv.content.data, iv.content.length);
    buffer_free(&der);
    return rc;
}

/*
 * The content key. With the true key size given NSS answers a broken block
 * with a key made up from it, so that nobody learns which blocks are broken.
 */
static PK11SymKey *unwrap(struct envelope *envelope)
{
    SECItem wrapped = {siBuffer, (unsigned char *)envelope->wrapped.data,
                       (unsigned)envelope->wrapped.length};
    return PK11_PubUnwrapSymKey(envelope->key, &wrapped,
                                envelope->algorithm->mechanism, CKA_DECRYPT,
                                (int)envelope->algorithm->key);
}

/* It is the token's fault, not the message's: it is away, or locked. */
static int token_failed(void)
{
    switch (PORT_GetError()) {
    case SEC_ERROR_NO_TOKEN:
    case SEC_ERROR_TOKEN_NOT_LOGGED_IN:
    case SEC_ERROR_BAD_PASSWORD:
    case SEC_ERROR_PKCS11_DEVICE_ERROR:
    case SEC_ERROR_NO_MEMORY:
        return 1;
    default:
        return 0;
    }
}

static int read_content(struct envelope *envelope, struct sink *out,
                        struct failure *why)
{
    struct ber_value content;
    struct cms_cipher cipher;
    if (ber_next(&envelope->ber, &content, why) != 1 ||
        (content.tag & ~TAG_CONSTRUCTED) != TAG_CONTEXT)
        return malformed(why);
    PORT_SetError(0);
    PK11SymKey *key = unwrap(envelope);
    if (!key && token_failed())
        return failure(why, FAILURE_KEYSTORE, "the token with our key: NSS "
                       "error %d", PORT_GetError());
    if (!key)
        return answer(envelope, CMS_UNDECRYPTABLE, why,
                      "the content key cannot be decrypted");
    int rc = cms_cipher_init(&cipher, key, envelope->algorithm, envelope->iv,
                             1, out, why);
    PK11_FreeSymKey(key);
    if (rc == 0)
        rc = ber_pour(&envelope->ber, &content, &cipher.sink, why);
    if (rc == 0)
        rc = cms_cipher_finish(&cipher, why);
    if (rc == 0)
        rc = answer(envelope, CMS_UNDECRYPTABLE, why,
                    "the content's padding is wrong");
    cms_cipher_free(&cipher);
    return rc < 0 ? -1 : 0;
}

static int expect_oid(struct envelope *envelope, const char *oid,
                      size_t length, enum cms_opened otherwise,
                      struct failure *why)
{
    struct ber_value value;
    struct buffer der = {0};
    int rc = ber_expect(&envelope->ber, TAG_OID, &value, why);
    if (rc == 0)
        rc = ber_capture(&envelope->ber, &value, 100, &der, why);
    struct der in = {(unsigned char *)der.data, der.length};
    struct der_value found;
    if (rc == 0 && (!der_expect(&in, TAG_OID, &found) ||
                    !der_equal(&found.content, oid, length)))
        rc = answer(envelope, otherwise, why,
                    "another content type than expected");
    buffer_free(&der);
    return rc;
}

static int enter(struct envelope *envelope, int tag, struct failure *why)
{
    struct ber_value value;
    if (ber_expect(&envelope->ber, tag, &value, why) < 0)
        return -1;
    return ber_enter(&envelope->ber, &value, why);
}

/* which nobody needs */
static int read_version(struct envelope *envelope, struct failure *why)
{
    struct ber_value value;
    if (ber_expect(&envelope->ber, TAG_INTEGER, &value, why) < 0)
        return -1;
    return ber_skip(&envelope->ber, &value, why);
}

static int read_envelope(struct envelope *envelope, struct sink *out,
                         struct failure *why)
{
    struct ber *ber = &envelope->ber;
    struct ber_value rest;
    int rc;
    if (enter(envelope, TAG_SEQUENCE, why) < 0 ||
        expect_oid(envelope, OID(ENVELOPED_DATA), CMS_NO_ENVELOPE, why) < 0 ||
        enter(envelope, TAG_CONTEXT | TAG_CONSTRUCTED, why) < 0 ||
        enter(envelope, TAG_SEQUENCE, why) < 0 ||
        read_version(envelope, why) < 0 ||
        read_recipients(envelope, why) < 0)
        return -1;
    if (!envelope->key)
        return answer(envelope, CMS_NOT_FOR_US, why,
                      "no key of ours is among the recipients'");
    if (enter(envelope, TAG_SEQUENCE, why) < 0 ||
        expect_oid(envelope, OID(DATA), CMS_UNSUPPORTED, why) < 0 ||
        read_algorithm(envelope, why) < 0 ||
        read_content(envelope, out, why) < 0 || ber_leave(ber, why) < 0)
        return -1;
    while ((rc = ber_next(ber, &rest, why)) > 0) /* unprotectedAttrs */
        if (ber_skip(ber, &rest, why) < 0)
            return -1;
    if (rc < 0 || ber_leave(ber, why) < 0 || ber_leave(ber, why) < 0 ||
        ber_leave(ber, why) < 0)
        return -1;
    return ber_finish(ber, why);
}

int cms_decrypt(struct source *in, const struct cms_keys *keys,
                struct sink *out, enum cms_opened *opened_r,
                struct failure *why)
{
    struct failure own = {0};
    struct envelope *envelope = calloc(1, sizeof *envelope);
    if (!envelope)
        return failure_memory(why);
    ber_init(&envelope->ber, in);
    envelope->keys = keys;
    envelope->opened = CMS_MALFORMED;
    int rc = read_envelope(envelope, out, &own);
    *opened_r = rc < 0 ? envelope->opened : CMS_OPENED;
    if (rc < 0 && why)
        *why = own;
    /* What the message is at fault for is an answer, not a failure. */
    if (own.kind == FAILURE_MALFORMED || own.kind == FAILURE_LIMIT)
        rc = 0;
    if (envelope->key)
        SECKEY_DestroyPrivateKey(envelope->key);
    buffer_free(&envelope->wrapped);
    free(envelope);
    return rc;
}
