/* cms_agreement: see cms_agreement.h. */
#include "cms_agreement.h"

#include "buffer.h"
#include "cms_oids.h"
#include "der.h"

#include <secerr.h>
#include <secport.h>

static const struct cms_kdf kdfs[] = {
    {OID(ECDH_SHA256), CKD_SHA256_KDF},     {OID(ECDH_SHA384), CKD_SHA384_KDF},
    {OID(ECDH_SHA512), CKD_SHA512_KDF},     {OID(ECDH_SHA224), CKD_SHA224_KDF},
    {OID(ECDH_SHA1), CKD_SHA1_KDF},         {OID(COFACTOR_SHA1), CKD_SHA1_KDF},
    {OID(COFACTOR_SHA224), CKD_SHA224_KDF}, {OID(COFACTOR_SHA256), CKD_SHA256_KDF},
    {OID(COFACTOR_SHA384), CKD_SHA384_KDF}, {OID(COFACTOR_SHA512), CKD_SHA512_KDF},
};

static const struct cms_key_wrap wraps[] = {
    {OID(AES128_WRAP), 16}, {OID(AES192_WRAP), 24}, {OID(AES256_WRAP), 32}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct cms_kdf *cms_kdf_of(const struct der *oid)
{
    for (size_t i = 0; i < COUNT(kdfs); i++)
        if (der_equal(oid, kdfs[i].oid, kdfs[i].oid_length))
            return &kdfs[i];
    return NULL;
}

const struct cms_key_wrap *cms_key_wrap_of(const struct der *oid)
{
    for (size_t i = 0; i < COUNT(wraps); i++)
        if (der_equal(oid, wraps[i].oid, wraps[i].oid_length))
            return &wraps[i];
    return NULL;
}

const struct cms_kdf *cms_kdf_for(unsigned bits)
{
    return &kdfs[bits <= 256 ? 0 : bits <= 384 ? 1 : 2];
}

const struct cms_key_wrap *cms_key_wrap_for(unsigned key)
{
    for (size_t i = 0; i < COUNT(wraps); i++)
        if (wraps[i].key >= key)
            return &wraps[i];
    return &wraps[COUNT(wraps) - 1];
}

/* ECC-CMS-SharedInfo (RFC 5753, 7.2) */
static void put_shared_info(struct buffer *der,
                            const struct cms_key_wrap *wrap,
                            const struct der *identifier,
                            const struct der *ukm)
{
    unsigned bits = wrap->key * 8;
    unsigned char number[4] = {0, 0, (unsigned char)(bits >> 8),
                               (unsigned char)bits};
    size_t info = der_open(der, TAG_SEQUENCE), part;
    buffer_append(der, identifier->data, identifier->length);
    if (ukm) {
        part = der_open(der, TAG_CONTEXT | TAG_CONSTRUCTED | 0);
        der_put(der, TAG_OCTET_STRING, ukm->data, ukm->length);
        der_close(der, part);
    }
    part = der_open(der, TAG_CONTEXT | TAG_CONSTRUCTED | 2);
    der_put(der, TAG_OCTET_STRING, number, sizeof number);
    der_close(der, part);
    der_close(der, info);
}

PK11SymKey *cms_agree(SECKEYPrivateKey *own, SECKEYPublicKey *other,
                      const struct cms_kdf *kdf,
                      const struct cms_key_wrap *wrap,
                      const struct der *identifier, const struct der *ukm,
                      CK_ATTRIBUTE_TYPE operation)
{
    struct buffer info = {0};
    PK11SymKey *key = NULL;
    put_shared_info(&info, wrap, identifier, ukm);
    SECItem shared = {siBuffer, (unsigned char *)info.data,
                      (unsigned)info.length};
    if (info.failed)
        PORT_SetError(SEC_ERROR_NO_MEMORY);
    else
        key = PK11_PubDeriveWithKDF(own, other, PR_FALSE, NULL, NULL,
                                    CKM_ECDH1_DERIVE, CKM_NSS_AES_KEY_WRAP,
                                    operation, (int)wrap->key, kdf->type,
                                    &shared, NULL);
    buffer_free(&info);
    return key;
}
