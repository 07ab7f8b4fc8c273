/* request: see request.h. */
#include "request.h"

#include "buffer.h"
#include "cms_oids.h"
#include "der.h"
#include "failure.h"
#include "pem.h"

#include <certt.h>
#include <cryptohi.h>
#include <keyhi.h>
#include <secitem.h>
#include <secport.h>
#include <string.h>

/* An extension's value is DER in an OCTET STRING. */
static void put_extension(struct buffer *out, const char *oid, size_t length,
                          const struct buffer *value)
{
    size_t extension = der_open(out, TAG_SEQUENCE);
    der_put_oid(out, oid, length);
    der_put(out, TAG_OCTET_STRING, buffer_string(value), value->length);
    der_close(out, extension);
    out->failed |= value->failed;
}

static void put_usage(const struct request *request, struct buffer *out)
{
    int ec = SECKEY_GetPrivateKeyType(request->key) == ecKey;
    unsigned char bits[2] = {ec ? 3 : 5, /* unused bits */
                             KU_DIGITAL_SIGNATURE |
                                 (ec ? KU_KEY_AGREEMENT
                                     : KU_KEY_ENCIPHERMENT)};
    struct buffer value = {0};
    der_put(&value, TAG_BIT_STRING, bits, sizeof bits);
    put_extension(out, OID(KEY_USAGE), &value);
    buffer_free(&value);
}

static void put_names(const struct request *request, struct buffer *out)
{
    struct buffer value = {0};
    size_t names = der_open(&value, TAG_SEQUENCE);
    for (size_t i = 0; i < request->address_count; i++)
        der_put(&value, TAG_CONTEXT | 1, request->addresses[i],
                strlen(request->addresses[i]));
    der_close(&value, names);
    if (request->address_count)
        put_extension(out, OID(SUBJECT_ALT_NAME), &value);
    buffer_free(&value);
}

/* CertificationRequestInfo (RFC 2986, 4.1) */
static void put_info(const struct request *request, struct buffer *out)
{
    size_t info = der_open(out, TAG_SEQUENCE);
    der_put_small(out, 0);
    buffer_append(out, request->subject->data, request->subject->len);
    buffer_append(out, request->public->data, request->public->len);
    size_t attributes = der_open(out, TAG_CONTEXT | TAG_CONSTRUCTED | 0);
    size_t attribute = der_open(out, TAG_SEQUENCE);
    der_put_oid(out, OID(EXTENSION_REQUEST));
    size_t values = der_open(out, TAG_SET);
    size_t extensions = der_open(out, TAG_SEQUENCE);
    put_usage(request, out);
    put_names(request, out);
    der_close(out, extensions);
    der_close(out, values);
    der_close(out, attribute);
    der_close(out, attributes);
    der_close(out, info);
}

int request_put(const struct request *request, struct buffer *out,
                struct failure *why)
{
    struct buffer info = {0};
    SECItem whole = {siBuffer, NULL, 0};
    put_info(request, &info);
    if (info.failed) {
        buffer_free(&info);
        return failure_memory(why);
    }
    PLArenaPool *arena = PORT_NewArena(DER_DEFAULT_CHUNKSIZE);
    SECOidTag algorithm = SEC_GetSignatureAlgorithmOidTag(
        SECKEY_GetPrivateKeyType(request->key), SEC_OID_SHA256);
    int rc = 0;
    if (!arena || SEC_DerSignData(arena, &whole, (unsigned char *)info.data,
                                  (int)info.length, request->key,
                                  algorithm) != SECSuccess)
        rc = failure(why, FAILURE_CRYPTO, "the certificate request cannot be "
                     "signed: NSS error %d", PORT_GetError());
    else
        pem_put(out, "CERTIFICATE REQUEST", whole.data, whole.len);
    if (arena)
        PORT_FreeArena(arena, PR_FALSE);
    buffer_free(&info);
    if (rc == 0 && out->failed)
        rc = failure_memory(why);
    return rc;
}
