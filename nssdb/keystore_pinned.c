/* keystore_pinned: partners' certificates; see keystore.h. */
#include "keystore_inside.h"

#include "certificate.h"
#include "der.h"
#include "failure.h"
#include "pool.h"

#include <pk11pub.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int keep(struct keystore *keystore, PK11GenericObject *object,
                struct failure *why)
{
    SECItem der = {siBuffer, NULL, 0};
    if (PK11_ReadRawAttribute(PK11_TypeGeneric, object, CKA_VALUE, &der) !=
        SECSuccess)
        return 0;
    SECItem *grown = realloc(keystore->certificates,
                             (keystore->count + 1) * sizeof *grown);
    if (!grown) {
        SECITEM_FreeItem(&der, PR_FALSE);
        return failure_memory(why);
    }
    keystore->certificates = grown;
    grown[keystore->count++] = der;
    return 0;
}

/* NSS finds a certificate by one of its addresses alone. */
static int read_certificates(struct keystore *keystore, struct failure *why)
{
    PK11SlotList *slots =
        PK11_GetAllTokens(CKM_INVALID_MECHANISM, PR_FALSE, PR_FALSE, NULL);
    int rc = 0;
    if (!slots)
        return keystore_fail(keystore, why, "no token");
    for (PK11SlotListElement *at = PK11_GetFirstSafe(slots); at;
         at = PK11_GetNextSafe(slots, at, PR_FALSE)) {
        PK11GenericObject *first =
            PK11_FindGenericObjects(at->slot, CKO_CERTIFICATE);
        for (PK11GenericObject *object = first; rc == 0 && object;
             object = PK11_GetNextGenericObject(object))
            rc = keep(keystore, object, why);
        if (first)
            PK11_DestroyGenericObjects(first);
    }
    PK11_FreeSlotList(slots);
    keystore->was_read = rc == 0;
    return rc;
}

static int has_text(const SECItem *item, const char *text)
{
    size_t length = strlen(text);
    for (size_t at = 0; at + length <= item->len; at++)
        if (strncasecmp((const char *)item->data + at, text, length) == 0)
            return 1;
    return 0;
}

static CERTCertificate *decode(const SECItem *item)
{
    struct der der = {item->data, item->len};
    return cert_decode(&der);
}

/* Most do not have the bytes, and need not be decoded. */
static int holds(const SECItem *item, const char *address)
{
    if (!has_text(item, address))
        return 0;
    CERTCertificate *certificate = decode(item);
    int has = certificate && cert_has_address(certificate, address);
    if (certificate)
        CERT_DestroyCertificate(certificate);
    return has;
}

int keystore_pinned(struct keystore *keystore, struct pool *pool,
                    const char *address, struct der **pinned_r,
                    size_t *count_r, struct failure *why)
{
    *count_r = 0;
    if (!keystore->was_read && read_certificates(keystore, why) < 0)
        return -1;
    *pinned_r = pool_array(pool, keystore->count + 1, sizeof **pinned_r);
    if (!*pinned_r)
        return failure_memory(why);
    for (size_t i = 0; i < keystore->count; i++) {
        const SECItem *item = &keystore->certificates[i];
        if (!holds(item, address))
            continue;
        const void *copy = pool_copy(pool, item->data, item->len);
        if (!copy)
            return failure_memory(why);
        (*pinned_r)[(*count_r)++] = (struct der){copy, item->len};
    }
    return 0;
}

/* 1 and the certificate if its key has that identifier; 0. */
static int identified(const SECItem *item, const struct der *identifier,
                      CERTCertificate **certificate_r)
{
    SECItem id = {siBuffer, NULL, 0};
    if (!memmem(item->data, item->len, identifier->data, identifier->length))
        return 0;
    CERTCertificate *certificate = decode(item);
    if (!certificate)
        return 0;
    int is = CERT_FindSubjectKeyIDExtension(certificate, &id) == SECSuccess &&
             der_equal(identifier, id.data, id.len);
    SECITEM_FreeItem(&id, PR_FALSE);
    if (is)
        *certificate_r = certificate;
    else
        CERT_DestroyCertificate(certificate);
    return is;
}

static int by_identifier(struct keystore *keystore,
                         const struct der *identifier,
                         CERTCertificate **certificate_r, struct failure *why)
{
    if (!keystore->was_read && read_certificates(keystore, why) < 0)
        return -1;
    for (size_t i = 0; i < keystore->count; i++)
        if (identified(&keystore->certificates[i], identifier, certificate_r))
            return 1;
    return 0;
}

int keystore_find_certificate(void *context, const struct der *issuer,
                              const struct der *serial,
                              const struct der *identifier,
                              CERTCertificate **certificate_r,
                              struct failure *why)
{
    if (!issuer)
        return by_identifier(context, identifier, certificate_r, why);
    *certificate_r = keystore_by_issuer(context, issuer, serial);
    return *certificate_r != NULL;
}
