/* cms_signer: see cms_signer.h. */
#include "cms_signer.h"

#include "cms_oids.h"

#include <cryptohi.h>
#include <keyhi.h>
#include <secasn1.h>
#include <secder.h>
#include <secoid.h>
#include <string.h>

int cms_signer_read(struct der in, struct cms_signer_info *info_r)
{
    struct der_value info, value, hash, id, rest;
    memset(info_r, 0, sizeof *info_r);
    if (!der_expect(&in, TAG_SEQUENCE, &info) ||
        !der_expect(&info.content, TAG_INTEGER, &value) ||
        der_next(&info.content, &id) != 1)
        return 0;
    if (id.tag == (TAG_CONTEXT | 0)) {
        info_r->identifier = id.content;
    } else {
        struct der_value issuer, serial;
        if (id.tag != TAG_SEQUENCE ||
            !der_expect(&id.content, TAG_SEQUENCE, &issuer) ||
            !der_expect(&id.content, TAG_INTEGER, &serial) ||
            id.content.length != 0)
            return 0;
        info_r->issuer = issuer.whole;
        info_r->serial = serial.content;
    }
    if (!der_expect(&info.content, TAG_SEQUENCE, &hash) ||
        !der_expect(&hash.content, TAG_OID, &value) ||
        der_next(&info.content, &rest) != 1)
        return 0;
    info_r->hash = cms_hash_of(&value.content);
    if (rest.tag == (TAG_CONTEXT | TAG_CONSTRUCTED | 0)) {
        info_r->attributes = rest.whole;
        if (der_next(&info.content, &rest) != 1)
            return 0;
    }
    if (rest.tag != TAG_SEQUENCE ||
        !der_expect(&info.content, TAG_OCTET_STRING, &value))
        return 0;
    info_r->algorithm = rest.whole;
    info_r->signature = value.content;
    /* unsigned attributes may follow; nothing else */
    if (info.content.length != 0 &&
        !der_expect(&info.content, TAG_CONTEXT | TAG_CONSTRUCTED | 1, &rest))
        return 0;
    return info.content.length == 0;
}

int cms_signer_is(const struct cms_signer_info *info,
                  CERTCertificate *certificate)
{
    if (info->issuer.data)
        return der_equal(&info->issuer, certificate->derIssuer.data,
                         certificate->derIssuer.len) &&
               der_equal(&info->serial, certificate->serialNumber.data,
                         certificate->serialNumber.len);
    SECItem id = {siBuffer, NULL, 0};
    int is = CERT_FindSubjectKeyIDExtension(certificate, &id) == SECSuccess &&
             der_equal(&info->identifier, id.data, id.len);
    SECITEM_FreeItem(&id, PR_FALSE);
    return is;
}

static void say(struct cms_signature *signature, enum cms_status status,
                const char *reason)
{
    signature->status = status;
    signature->reason = reason;
}

/* What the signed attributes hold; an attribute that counts is there once. */
struct attributes {
    struct der content_type, digest;
    struct der certificates; /* ESSCertIDs of the signing certificate */
    const struct cms_hash *certificate_hash; /* the default of them */
};

static void read_time(struct der value, struct cms_signature *signature)
{
    struct der_value time;
    PRTime when;
    if (der_next(&value, &time) != 1)
        return;
    SECItem item = {time.tag == TAG_UTC_TIME ? siUTCTime : siGeneralizedTime,
                    (unsigned char *)(size_t)time.content.data,
                    (unsigned)time.content.length};
    if (DER_DecodeTimeChoice(&when, &item) == SECSuccess)
        signature->signed_at = (time_t)(when / PR_USEC_PER_SEC);
}

/* SignatureType (RFC 3183, 3.1): a SEQUENCE of OIDs. */
static int is_domain(struct der value)
{
    struct der_value list, oid;
    if (!der_expect(&value, TAG_SEQUENCE, &list))
        return 0;
    while (der_next(&list.content, &oid) == 1)
        if (der_equal(&oid.content, OID(DOMAIN_SIG)))
            return 1;
    return 0;
}

/* SigningCertificate or SigningCertificateV2 (RFC 5035, 3 and 5). The second
 * counts where both are. 0 = malformed. */
static int read_signing_certificate(struct der values, const char *hash,
                                    struct attributes *found)
{
    struct der_value all, list;
    if (!der_expect(&values, TAG_SEQUENCE, &all) ||
        !der_expect(&all.content, TAG_SEQUENCE, &list) ||
        list.content.length == 0)
        return 0;
    found->certificates = list.content;
    found->certificate_hash = cms_hash_named(hash);
    return 1;
}

/* One attribute. 0 = malformed. */
static int read_attribute(struct der attribute, struct attributes *found,
                          struct cms_signature *signature)
{
    struct der_value oid, values, value;
    if (!der_expect(&attribute, TAG_OID, &oid) ||
        !der_expect(&attribute, TAG_SET, &values))
        return 0;
    if (der_equal(&oid.content, OID(CONTENT_TYPE))) {
        if (found->content_type.data ||
            !der_expect(&values.content, TAG_OID, &value))
            return 0;
        found->content_type = value.content;
        return values.content.length == 0;
    }
    if (der_equal(&oid.content, OID(MESSAGE_DIGEST))) {
        if (found->digest.data ||
            !der_expect(&values.content, TAG_OCTET_STRING, &value))
            return 0;
        found->digest = value.content;
        return values.content.length == 0;
    }
    if (der_equal(&oid.content, OID(SIGNING_TIME)))
        read_time(values.content, signature);
    else if (der_equal(&oid.content, OID(SIGNING_CERTIFICATE_V2)))
        return read_signing_certificate(values.content, "sha256", found);
    else if (der_equal(&oid.content, OID(SIGNING_CERTIFICATE)))
        return found->certificates.data ||
               read_signing_certificate(values.content, "sha1", found);
    else if (der_equal(&oid.content, OID(SECURITY_LABEL)) &&
             der_next(&values.content, &value) == 1)
        signature->label = value.whole;
    else if (der_equal(&oid.content, OID(SIGNATURE_TYPE)))
        signature->domain = is_domain(values.content);
    else if (der_equal(&oid.content, OID(SMIME_CAPABILITIES)) &&
             der_next(&values.content, &value) == 1) {
        signature->capabilities = value.whole.data;
        signature->capabilities_length = value.whole.length;
    } else if (der_equal(&oid.content, OID(KEY_PREFERENCE)) &&
               der_next(&values.content, &value) == 1) {
        signature->preference = value.whole.data;
        signature->preference_length = value.whole.length;
    }
    return 1;
}

/* Is the first of the ESSCertIDs that of the certificate? */
static int is_signing_certificate(const struct attributes *found,
                                  CERTCertificate *certificate)
{
    unsigned char value[CMS_DIGEST_MOST];
    const struct cms_hash *hash = found->certificate_hash;
    struct der list = found->certificates;
    struct der_value id, part, oid;
    if (!der_expect(&list, TAG_SEQUENCE, &id) ||
        der_next(&id.content, &part) != 1)
        return 0;
    if (part.tag == TAG_SEQUENCE) { /* its own digest algorithm */
        if (!der_expect(&part.content, TAG_OID, &oid) ||
            !(hash = cms_hash_of(&oid.content)) ||
            der_next(&id.content, &part) != 1)
            return 0;
    }
    return part.tag == TAG_OCTET_STRING &&
           PK11_HashBuf(hash->tag, value, certificate->derCert.data,
                        (int)certificate->derCert.len) == SECSuccess &&
           der_equal(&part.content, value, hash->length);
}

/* 1 = the attributes speak of this content; else said. */
static int check_attributes(const struct cms_signer_info *info,
                            const unsigned char *digest,
                            struct cms_signature *signature)
{
    struct attributes found = {0};
    struct der in = info->attributes;
    struct der_value set, attribute;
    int rc = 0, well = der_next(&in, &set) == 1;
    while (well && (rc = der_next(&set.content, &attribute)) > 0)
        well = attribute.tag == TAG_SEQUENCE &&
               read_attribute(attribute.content, &found, signature);
    if (!well || rc < 0 || !found.digest.data || !found.content_type.data)
        return say(signature, CMS_BROKEN, "signed attributes malformed"), 0;
    if (!der_equal(&found.content_type, OID(DATA)))
        return say(signature, CMS_ALTERED, "signed as another type"), 0;
    if (!der_equal(&found.digest, digest, info->hash->length))
        return say(signature, CMS_ALTERED, "the digest differs"), 0;
    if (found.certificates.data && signature->certificate &&
        !is_signing_certificate(&found, signature->certificate))
        return say(signature, CMS_ALTERED, "signed for another certificate"),
               0;
    return 1;
}

/* The signature's algorithm by its name, "" = not ours. *plain_r = the OID
 * says nothing of the digest. */
static const char *algorithm_name(const struct der *oid, int *plain_r)
{
    static const struct {
        const char *oid;
        size_t length;
        const char *name;
    } table[] = {
        {OID(RSA), "rsa"},           {OID(RSA_SHA256), "rsa"},
        {OID(RSA_SHA384), "rsa"},    {OID(RSA_SHA512), "rsa"},
        {OID(RSA_SHA1), "rsa"},      {OID(RSA_PSS), "rsa-pss"},
        {OID(ECDSA_SHA1), "ecdsa"},  {OID(ECDSA_SHA256), "ecdsa"},
        {OID(ECDSA_SHA384), "ecdsa"}, {OID(ECDSA_SHA512), "ecdsa"},
        {OID(EC_KEY), "ecdsa"},
    };
    *plain_r = der_equal(oid, OID(RSA)) || der_equal(oid, OID(EC_KEY));
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (der_equal(oid, table[i].oid, table[i].length))
            return table[i].name;
    return "";
}

/* The length of the salt in RSASSA-PSS-params (RFC 4055, 3.1), or -1. */
static long salt_length(const struct cms_signer_info *info)
{
    struct der in = info->algorithm;
    struct der_value algorithm, oid, parameters, part, number;
    long length = 20;
    if (!der_expect(&in, TAG_SEQUENCE, &algorithm) ||
        !der_expect(&algorithm.content, TAG_OID, &oid) ||
        !der_expect(&algorithm.content, TAG_SEQUENCE, &parameters))
        return -1;
    while (der_next(&parameters.content, &part) == 1) {
        if (part.tag != (TAG_CONTEXT | TAG_CONSTRUCTED | 2))
            continue; /* digests: another one than ours fails to verify */
        if (!der_expect(&part.content, TAG_INTEGER, &number) ||
            number.content.length < 1 || number.content.length > 2)
            return -1;
        length = 0;
        for (size_t i = 0; i < number.content.length; i++)
            length = length << 8 | number.content.data[i];
    }
    return length;
}

/* NSS's VFY calls do not do PSS with a digest that is already made. */
static SECStatus verify_pss(const struct cms_signer_info *info,
                            SECKEYPublicKey *key, const SECItem *signature,
                            const SECItem *digest)
{
    const struct cms_hash *hash = info->hash;
    long salt = salt_length(info);
    CK_RSA_PKCS_PSS_PARAMS parameters = {hash->mechanism, hash->mask,
                                         (CK_ULONG)salt};
    SECItem item = {siBuffer, (unsigned char *)&parameters, sizeof parameters};
    if (salt >= 0)
        return PK11_VerifyWithMechanism(key, CKM_RSA_PKCS_PSS, &item,
                                        signature, digest, NULL);
    return SECFailure;
}

static SECStatus verify_digest(const struct cms_signer_info *info,
                               const char *name, int plain,
                               SECKEYPublicKey *key, SECItem *digest)
{
    SECItem signature = {siBuffer,
                         (unsigned char *)(size_t)info->signature.data,
                         (unsigned)info->signature.length};
    SECItem item = {siBuffer, (unsigned char *)(size_t)info->algorithm.data,
                    (unsigned)info->algorithm.length};
    KeyType type = SECKEY_GetPublicKeyType(key);
    if (strcmp(name, "rsa-pss") == 0)
        return verify_pss(info, key, &signature, digest);
    if (plain)
        return VFY_VerifyDigestDirect(digest, key, &signature,
                                      type == ecKey
                                          ? SEC_OID_ANSIX962_EC_PUBLIC_KEY
                                          : SEC_OID_PKCS1_RSA_ENCRYPTION,
                                      info->hash->tag, NULL);
    PLArenaPool *arena = PORT_NewArena(1024);
    SECAlgorithmID algorithm = {{siBuffer, NULL, 0}, {siBuffer, NULL, 0}};
    SECStatus status = SECFailure;
    if (arena &&
        SEC_QuickDERDecodeItem(arena, &algorithm,
                               SEC_ASN1_GET(SECOID_AlgorithmIDTemplate),
                               &item) == SECSuccess)
        status = VFY_VerifyDigestWithAlgorithmID(digest, key, &signature,
                                                 &algorithm, info->hash->tag,
                                                 NULL);
    if (arena)
        PORT_FreeArena(arena, PR_FALSE);
    return status;
}

/* The digest that was signed: of the attributes as a SET (RFC 5652, 5.4), or
 * the content's own where there are none. 0 = it could not be made. */
static int signed_digest(const struct cms_signer_info *info,
                         const unsigned char *digest, unsigned char *value_r)
{
    static const unsigned char set = TAG_SET;
    const struct der *attributes = &info->attributes;
    struct cms_digest own;
    if (!attributes->data) {
        memcpy(value_r, digest, info->hash->length);
        return 1;
    }
    int rc = cms_digest_init(&own, info->hash, NULL);
    if (rc == 0)
        rc = own.sink.write(&own.sink, &set, 1, NULL);
    if (rc == 0)
        rc = own.sink.write(&own.sink, attributes->data + 1,
                            attributes->length - 1, NULL);
    if (rc == 0)
        rc = cms_digest_finish(&own, value_r, NULL);
    cms_digest_free(&own);
    return rc == 0;
}

static void check_signature(const struct cms_signer_info *info,
                            const struct cms_verifier *verifier,
                            const unsigned char *digest,
                            struct cms_signature *signature)
{
    unsigned char value[CMS_DIGEST_MOST];
    struct der in = info->algorithm;
    struct der_value algorithm, oid;
    int plain;
    if (!der_expect(&in, TAG_SEQUENCE, &algorithm) ||
        !der_expect(&algorithm.content, TAG_OID, &oid)) {
        say(signature, CMS_BROKEN, "signature algorithm malformed");
        return;
    }
    const char *name = algorithm_name(&oid.content, &plain);
    if (!*name ||
        (verifier->permits && !verifier->permits(verifier->context, name))) {
        say(signature, CMS_BAD_ALGORITHM, "signature algorithm not accepted");
        return;
    }
    SECKEYPublicKey *key = CERT_ExtractPublicKey(signature->certificate);
    SECItem item = {siBuffer, value, info->hash->length};
    if (!key)
        say(signature, CMS_BAD_ALGORITHM, "the kind of key is not accepted");
    else if (!signed_digest(info, digest, value) ||
             verify_digest(info, name, plain, key, &item) != SECSuccess)
        say(signature, CMS_ALTERED, "the signature is wrong");
    if (key)
        SECKEY_DestroyPublicKey(key);
}

void cms_signer_check(const struct cms_signer_info *info,
                      const struct cms_verifier *verifier,
                      const unsigned char *digest,
                      struct cms_signature *signature)
{
    say(signature, CMS_GOOD, "");
    if (!info->hash ||
        (verifier->permits &&
         !verifier->permits(verifier->context, info->hash->name)))
        say(signature, CMS_BAD_ALGORITHM, "digest algorithm not accepted");
    else if (!digest)
        say(signature, CMS_ALTERED, "its digest algorithm was not announced");
    else if (info->attributes.data &&
             !check_attributes(info, digest, signature))
        return;
    else if (!signature->certificate)
        say(signature, CMS_NO_CERTIFICATE,
            "the signer's certificate was not found");
    else
        check_signature(info, verifier, digest, signature);
}
