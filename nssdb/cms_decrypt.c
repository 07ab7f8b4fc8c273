/* cms_decrypt: see cms_decrypt.h. */
#include "cms_decrypt.h"

#include "ber.h"
#include "buffer.h"
#include "cms_cipher.h"
#include "cms_oids.h"
#include "cms_unwrap.h"
#include "failure.h"

#include <secerr.h>
#include <secport.h>
#include <stdlib.h>
#include <string.h>

#define INFO_MOST 65536 /* bytes of one RecipientInfo */
#define INFOS_MOST 10000
#define ATTRIBUTES_MOST 1048576 /* bytes of authenticated attributes */
#define TAG_LEAST 12            /* RFC 5084, 3.2 */

struct envelope {
    struct ber ber;
    const struct cms_keys *keys;
    struct cms_unwrap unwrap;
    const struct cms_algorithm *algorithm;
    unsigned char iv[CMS_IV_MOST];
    size_t tag_length;  /* of GCM, as announced */
    int authenticated;  /* it is AuthEnvelopedData */
    struct cms_cipher cipher;
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

/* Key transport or key agreement. */
static int of_known_kind(const struct ber_value *info)
{
    return info->tag == TAG_SEQUENCE ||
           info->tag == (TAG_CONTEXT | TAG_CONSTRUCTED | 1);
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
        if (envelope->unwrap.key || !of_known_kind(&info))
            rc = ber_skip(ber, &info, why);
        else if ((rc = ber_capture(ber, &info, INFO_MOST, &der, why)) == 0)
            rc = cms_unwrap_read(&envelope->unwrap, envelope->keys, &der, why);
        buffer_free(&der);
        if (rc < 0)
            return -1;
    }
    return rc < 0 ? -1 : ber_leave(ber, why);
}

/* Is the algorithm one that we take, in the shell that it is for? */
static int check_algorithm(struct envelope *envelope, const struct der *oid,
                           struct failure *why)
{
    const struct cms_keys *keys = envelope->keys;
    const struct cms_algorithm *algorithm = cms_algorithm_of(oid);
    envelope->algorithm = algorithm;
    if (!algorithm)
        return answer(envelope, CMS_UNSUPPORTED, why,
                      "content is encrypted by an algorithm we do not know");
    if (keys->permits && !keys->permits(keys->context, algorithm->name))
        return answer(envelope, CMS_UNSUPPORTED, why,
                      "content is encrypted by an algorithm that the policy "
                      "does not accept");
    if (algorithm->authenticated != envelope->authenticated)
        return malformed(why);
    return 0;
}

/* GCMParameters (RFC 5084, 3.2) */
static int read_gcm(struct envelope *envelope, struct der in,
                    struct failure *why)
{
    struct der_value parameters, nonce, length;
    if (!der_expect(&in, TAG_SEQUENCE, &parameters) ||
        !der_expect(&parameters.content, TAG_OCTET_STRING, &nonce))
        return malformed(why);
    envelope->tag_length = TAG_LEAST;
    if (parameters.content.length > 0) {
        if (!der_expect(&parameters.content, TAG_INTEGER, &length) ||
            length.content.length != 1)
            return malformed(why);
        envelope->tag_length = length.content.data[0];
    }
    if (nonce.content.length != GCM_NONCE ||
        envelope->tag_length < TAG_LEAST || envelope->tag_length > GCM_TAG)
        return answer(envelope, CMS_UNSUPPORTED, why,
                      "AES-GCM with a nonce or tag of unusual length");
    memcpy(envelope->iv, nonce.content.data, GCM_NONCE);
    return 0;
}

static int read_iv(struct envelope *envelope, struct der in,
                   struct failure *why)
{
    struct der_value iv;
    if (envelope->authenticated)
        return read_gcm(envelope, in, why);
    if (!der_expect(&in, TAG_OCTET_STRING, &iv) ||
        iv.content.length != envelope->algorithm->iv)
        return malformed(why);
    memcpy(envelope->iv, iv.content.data, iv.content.length);
    return 0;
}

static int read_algorithm(struct envelope *envelope, struct failure *why)
{
    struct ber_value value;
    struct der_value whole, oid;
    struct buffer der = {0};
    int rc = ber_expect(&envelope->ber, TAG_SEQUENCE, &value, why);
    if (rc == 0)
        rc = ber_capture(&envelope->ber, &value, 1000, &der, why);
    struct der in = {(unsigned char *)der.data, der.length};
    if (rc == 0 && (!der_expect(&in, TAG_SEQUENCE, &whole) ||
                    !der_expect(&whole.content, TAG_OID, &oid)))
        rc = malformed(why);
    if (rc == 0)
        rc = check_algorithm(envelope, &oid.content, why);
    if (rc == 0)
        rc = read_iv(envelope, whole.content, why);
    buffer_free(&der);
    return rc;
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
    struct cms_cipher *cipher = &envelope->cipher;
    if (ber_next(&envelope->ber, &content, why) != 1 ||
        (content.tag & ~TAG_CONSTRUCTED) != TAG_CONTEXT)
        return malformed(why);
    PORT_SetError(0);
    PK11SymKey *key = cms_unwrap_key(&envelope->unwrap, envelope->algorithm);
    if (!key && token_failed())
        return failure(why, FAILURE_KEYSTORE, "the token with our key: NSS "
                       "error %d", PORT_GetError());
    if (!key)
        return answer(envelope, CMS_UNDECRYPTABLE, why,
                      "the content key cannot be decrypted");
    int rc = cms_cipher_init(cipher, key, envelope->algorithm, envelope->iv,
                             1, out, why);
    PK11_FreeSymKey(key);
    if (rc == 0)
        rc = ber_pour(&envelope->ber, &content, &cipher->sink, why);
    if (rc == 0)
        rc = cms_cipher_finish(cipher, why);
    if (rc == 0)
        rc = answer(envelope, CMS_UNDECRYPTABLE, why,
                    "the content's padding is wrong");
    return rc < 0 ? -1 : 0;
}

/* All octets are looked at, whatever the first one is. */
static int tag_is(struct envelope *envelope, const struct der *attributes,
                  const struct der *mac)
{
    unsigned char tag[GCM_TAG], differs = 0;
    cms_cipher_tag(&envelope->cipher, attributes, tag);
    if (mac->length != envelope->tag_length)
        return 0;
    for (size_t i = 0; i < mac->length; i++)
        differs |= (unsigned char)(tag[i] ^ mac->data[i]);
    return differs == 0;
}

/* authAttrs and mac (RFC 5083, 2.1): the attributes are authenticated as a
 * SET, as signed ones are (2.2). */
static int check_tag(struct envelope *envelope, struct failure *why)
{
    struct ber *ber = &envelope->ber;
    struct ber_value value;
    struct buffer attributes = {0}, der = {0};
    struct der_value mac;
    int rc = ber_next(ber, &value, why);
    if (rc > 0 && value.tag == (TAG_CONTEXT | TAG_CONSTRUCTED | 1)) {
        rc = ber_capture(ber, &value, ATTRIBUTES_MOST, &attributes, why);
        if (rc == 0)
            rc = ber_next(ber, &value, why);
    }
    if (rc > 0)
        rc = ber_capture(ber, &value, 1000, &der, why);
    else if (rc == 0)
        rc = malformed(why);
    struct der in = {(unsigned char *)der.data, der.length};
    if (rc == 0 && !der_expect(&in, TAG_OCTET_STRING, &mac))
        rc = malformed(why);
    if (rc == 0) {
        struct der set = {(unsigned char *)attributes.data, attributes.length};
        if (set.length)
            attributes.data[0] = TAG_SET;
        if (!tag_is(envelope, set.length ? &set : NULL, &mac.content))
            rc = answer(envelope, CMS_UNDECRYPTABLE, why,
                        "the content's authentication tag is wrong");
    }
    buffer_free(&attributes);
    buffer_free(&der);
    return rc;
}

/* One of two OIDs (the second may be NULL): its number, or -1. */
static int expect_type(struct envelope *envelope, const struct der types[2],
                       enum cms_opened otherwise, struct failure *why)
{
    struct ber_value value;
    struct der_value found;
    struct buffer der = {0};
    int rc = ber_expect(&envelope->ber, TAG_OID, &value, why);
    if (rc == 0)
        rc = ber_capture(&envelope->ber, &value, 100, &der, why);
    struct der in = {(unsigned char *)der.data, der.length};
    if (rc == 0 && !der_expect(&in, TAG_OID, &found))
        rc = malformed(why);
    for (int i = 0; rc == 0 && i < 2; i++)
        if (types[i].data &&
            der_equal(&found.content, types[i].data, types[i].length))
            rc = i + 1;
    buffer_free(&der);
    if (rc == 0)
        return answer(envelope, otherwise, why,
                      "another content type than expected");
    return rc < 0 ? -1 : rc - 1;
}

/* which nobody needs */
static int read_version(struct envelope *envelope, struct failure *why)
{
    struct ber_value value;
    if (ber_expect(&envelope->ber, TAG_INTEGER, &value, why) < 0)
        return -1;
    return ber_skip(&envelope->ber, &value, why);
}

#define TYPE(name) {(const unsigned char *)OID_##name, sizeof(OID_##name) - 1}
static const struct der shells[2] = {TYPE(ENVELOPED_DATA),
                                     TYPE(AUTH_ENVELOPED_DATA)};
static const struct der contents[2] = {TYPE(DATA)};

/* From the version to the recipients. */
static int read_head(struct envelope *envelope, struct failure *why)
{
    struct ber *ber = &envelope->ber;
    if (ber_descend(ber, TAG_SEQUENCE, why) < 0)
        return -1;
    int type = expect_type(envelope, shells, CMS_NO_ENVELOPE, why);
    if (type < 0 ||
        ber_descend(ber, TAG_CONTEXT | TAG_CONSTRUCTED, why) < 0 ||
        ber_descend(ber, TAG_SEQUENCE, why) < 0 ||
        read_version(envelope, why) < 0 || read_recipients(envelope, why) < 0)
        return -1;
    envelope->authenticated = type;
    if (envelope->unwrap.key)
        return 0;
    if (envelope->unwrap.refused)
        return answer(envelope, CMS_UNSUPPORTED, why,
                      envelope->unwrap.refused);
    return answer(envelope, CMS_NOT_FOR_US, why,
                  "no key of ours is among the recipients'");
}

static int read_envelope(struct envelope *envelope, struct sink *out,
                         struct failure *why)
{
    struct ber *ber = &envelope->ber;
    struct ber_value rest;
    int rc;
    if (read_head(envelope, why) < 0 ||
        ber_descend(ber, TAG_SEQUENCE, why) < 0 ||
        expect_type(envelope, contents, CMS_UNSUPPORTED, why) < 0 ||
        read_algorithm(envelope, why) < 0 ||
        read_content(envelope, out, why) < 0 || ber_leave(ber, why) < 0)
        return -1;
    if (envelope->authenticated && check_tag(envelope, why) < 0)
        return -1;
    while ((rc = ber_next(ber, &rest, why)) > 0) /* unprotected attributes */
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
    cms_cipher_free(&envelope->cipher);
    cms_unwrap_free(&envelope->unwrap);
    free(envelope);
    return rc;
}
