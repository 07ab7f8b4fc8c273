/* cms_choice: see cms_choice.h. */
#include "cms_choice.h"

#include "buffer.h"
#include "cms_agreement.h"
#include "cms_oids.h"
#include "der.h"
#include "failure.h"
#include "policy.h"

#include <keyhi.h>
#include <string.h>

enum cms_key cms_key_of(CERTCertificate *certificate)
{
    SECKEYPublicKey *key = CERT_ExtractPublicKey(certificate);
    enum cms_key kind = CMS_KEY_OTHER;
    if (!key)
        return kind;
    if (SECKEY_GetPublicKeyType(key) == ecKey)
        kind = CMS_KEY_EC;
    else if (SECKEY_GetPublicKeyType(key) == rsaKey)
        kind = CMS_KEY_RSA;
    SECKEY_DestroyPublicKey(key);
    return kind;
}

/* The next SMIMECapability: 1; 0 = the end; -1 = no such list. */
static int next_capability(struct der *list, struct der *oid_r,
                           struct der *parameters_r)
{
    struct der_value one, oid;
    int rc = der_next(list, &one);
    if (rc <= 0)
        return rc;
    if (one.tag != TAG_SEQUENCE || !der_expect(&one.content, TAG_OID, &oid))
        return -1;
    *oid_r = oid.content;
    *parameters_r = one.content;
    return 1;
}

/* Goes into the list; 0 = it is none. */
static int enter_list(const struct der *capabilities, struct der *list_r)
{
    struct der in = *capabilities;
    struct der_value list;
    if (!der_expect(&in, TAG_SEQUENCE, &list) || in.length != 0)
        return 0;
    *list_r = list.content;
    return 1;
}

int cms_capabilities_valid(const struct der *capabilities)
{
    struct der list, oid, parameters;
    int rc = enter_list(capabilities, &list) ? 1 : -1;
    while (rc > 0)
        rc = next_capability(&list, &oid, &parameters);
    return rc == 0;
}

/* By the arc: signatures, digests, key transports and preferences say
 * nothing of ciphers. */
static int is_no_cipher(const struct der *oid)
{
#define ARC(bytes) {bytes, sizeof(bytes) - 1}
    static const struct {
        const char *bytes;
        size_t length;
    } arcs[] = {ARC(PKCS "\x01"),           ARC(PKCS "\x09\x10\x0b"),
                ARC(PKCS "\x09\x10\x03"),   ARC(NIST "\x02"),
                ARC(NIST "\x03"),           ARC(OID_AES128_WRAP),
                ARC(OID_AES192_WRAP),       ARC(OID_AES256_WRAP),
                ARC(OID_SHA1),              ARC("\x2a\x86\x48\xce\x3d"),
                ARC(SECG),                  ARC("\x2b\x81\x05\x10"),
                ARC("\x2b\x65")};
    for (size_t i = 0; i < sizeof arcs / sizeof arcs[0]; i++)
        if (oid->length >= arcs[i].length &&
            memcmp(oid->data, arcs[i].bytes, arcs[i].length) == 0)
            return 1;
    return 0;
}

/* What the list says of ciphers: is this one in it (NULL = any)? */
static int announces(const struct der *capabilities,
                     const struct cms_algorithm *cipher)
{
    struct der list = {NULL, 0}, oid, parameters;
    int found = 0;
    if (!capabilities || !enter_list(capabilities, &list))
        return 0;
    while (!found && next_capability(&list, &oid, &parameters) > 0)
        found = cipher ? der_equal(&oid, cipher->oid, cipher->oid_length)
                       : !is_no_cipher(&oid);
    return found;
}

static int announces_transport(const struct der *capabilities,
                               enum cms_transport transport)
{
    struct der list = {NULL, 0}, oid, parameters;
    struct buffer oaep = {0};
    int found = 0;
    if (!capabilities || !enter_list(capabilities, &list))
        return 0;
    cms_wrap_oaep(&oaep);
    while (!found && next_capability(&list, &oid, &parameters) > 0)
        found = transport == CMS_ECDH ? cms_kdf_of(&oid) != NULL
                                      : der_equal(&oid, OID(RSA_OAEP)) &&
                                            der_equal(&parameters,
                                                      buffer_string(&oaep),
                                                      oaep.length);
    buffer_free(&oaep);
    return found;
}

/* May the row's algorithm be sent to who announced it, or did not? */
static int sendable(const struct algorithm *row, int announced)
{
    return row->permit == PERMIT_BOTH || row->permit == PERMIT_SEND ||
           (row->permit == PERMIT_ANNOUNCED && announced);
}

static int choose_cipher(const struct policy *policy,
                         const struct der *capabilities,
                         struct cms_choice *choice, struct failure *why)
{
    int told = announces(capabilities, NULL);
    for (size_t i = 0; i < policy->algorithm_count; i++) {
        const struct algorithm *row = &policy->algorithms[i];
        const struct cms_algorithm *cipher =
            row->use == ALGORITHM_ENCRYPT ? cms_algorithm_named(row->name)
                                          : NULL;
        int announced = cipher && announces(capabilities, cipher);
        if (!cipher || !sendable(row, announced) || (told && !announced))
            continue;
        choice->cipher = cipher;
        return 0;
    }
    return told ? failure(why, FAILURE_CERT, "the partner announced no "
                          "encryption algorithm that we may send")
                : failure(why, FAILURE_POLICY, "algorithms: no encryption "
                          "that may be sent");
}

static int fits(const char *name, enum cms_key key, enum cms_transport *way_r)
{
    static const struct {
        const char *name;
        enum cms_key key;
        enum cms_transport transport;
    } table[] = {{"rsa", CMS_KEY_RSA, CMS_RSA},
                 {"rsa-oaep", CMS_KEY_RSA, CMS_RSA_OAEP},
                 {"ecdh", CMS_KEY_EC, CMS_ECDH}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].key == key && strcmp(table[i].name, name) == 0) {
            *way_r = table[i].transport;
            return 1;
        }
    return 0;
}

static int choose_transport(const struct policy *policy,
                            const struct der *capabilities, enum cms_key key,
                            struct cms_choice *choice, struct failure *why)
{
    static const char *const words[] = {
        [CMS_KEY_RSA] = "an RSA key",
        [CMS_KEY_EC] = "an EC key",
        [CMS_KEY_OTHER] = "a key of a kind that is not known"};
    for (size_t i = 0; i < policy->algorithm_count; i++) {
        const struct algorithm *row = &policy->algorithms[i];
        if (row->use == ALGORITHM_KEYTRANSPORT &&
            fits(row->name, key, &choice->transport) &&
            sendable(row, announces_transport(capabilities,
                                              choice->transport))) {
            choice->transport_name = row->name;
            return 0;
        }
    }
    return failure(why, FAILURE_CERT, "the partner has %s, to which we may "
                   "not send", words[key]);
}

int cms_choose(const struct policy *policy, const struct der *capabilities,
               enum cms_key key, struct cms_choice *choice_r,
               struct failure *why)
{
    if (choose_cipher(policy, capabilities, choice_r, why) < 0)
        return -1;
    return choose_transport(policy, capabilities, key, choice_r, why);
}

static void put_capability(struct buffer *der, const char *oid, size_t length,
                           const struct buffer *parameters)
{
    size_t one = der_open(der, TAG_SEQUENCE);
    der_put_oid(der, oid, length);
    if (parameters)
        buffer_append(der, buffer_string(parameters), parameters->length);
    der_close(der, one);
}

/* One for each key wrap (RFC 5753, 7). */
static void put_agreements(struct buffer *der)
{
    for (unsigned bytes = 32; bytes >= 16; bytes -= 16) {
        const struct cms_key_wrap *wrap = cms_key_wrap_for(bytes);
        struct buffer identifier = {0};
        put_capability(&identifier, wrap->oid, wrap->oid_length, NULL);
        put_capability(der, OID(ECDH_SHA256), &identifier);
        buffer_free(&identifier);
    }
}

static void put_transport(struct buffer *der, const char *name,
                          enum cms_key key, int oaep)
{
    struct buffer parameters = {0};
    enum cms_transport transport;
    if (!fits(name, key, &transport) || transport == CMS_RSA)
        return; /* which everybody takes for granted */
    if (transport == CMS_ECDH) {
        put_agreements(der);
        return;
    }
    if (!oaep)
        return;
    cms_wrap_oaep(&parameters);
    put_capability(der, OID(RSA_OAEP), &parameters);
    buffer_free(&parameters);
}

void cms_capabilities_put(const struct policy *policy, enum cms_key key,
                          int oaep, struct buffer *der)
{
    size_t list = der_open(der, TAG_SEQUENCE);
    for (size_t i = 0; i < policy->algorithm_count; i++) {
        const struct algorithm *row = &policy->algorithms[i];
        const struct cms_algorithm *cipher = cms_algorithm_named(row->name);
        if (row->permit == PERMIT_SEND)
            continue;
        if (row->use == ALGORITHM_ENCRYPT && cipher)
            put_capability(der, cipher->oid, cipher->oid_length, NULL);
        else if (row->use == ALGORITHM_KEYTRANSPORT)
            put_transport(der, row->name, key, oaep);
    }
    der_close(der, list);
}
