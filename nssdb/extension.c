/* extension: see extension.h. */
#include "extension.h"

int extension_next(struct der *list, struct extension *one_r)
{
    struct der_value whole, oid, value;
    int rc = der_next(list, &whole);
    if (rc <= 0)
        return rc;
    if (whole.tag != TAG_SEQUENCE ||
        !der_expect(&whole.content, TAG_OID, &oid) ||
        der_next(&whole.content, &value) != 1)
        return -1;
    one_r->oid = oid.content;
    one_r->critical = 0;
    if (value.tag == TAG_BOOLEAN) {
        /* A FALSE, which is the default, does not stand in DER, but it does
         * in certificates. */
        if (value.content.length != 1)
            return -1;
        one_r->critical = value.content.data[0] != 0;
        if (der_next(&whole.content, &value) != 1)
            return -1;
    }
    if (value.tag != TAG_OCTET_STRING || whole.content.length != 0)
        return -1;
    one_r->value = value.content;
    return 1;
}

int extension_list(const struct der *certificate, struct der *list_r)
{
    struct der in = *certificate;
    struct der_value whole, tbs, value, list;
    int rc;
    if (!der_expect(&in, TAG_SEQUENCE, &whole) ||
        !der_expect(&whole.content, TAG_SEQUENCE, &tbs))
        return -1;
    while ((rc = der_next(&tbs.content, &value)) > 0)
        if (value.tag == (TAG_CONTEXT | TAG_CONSTRUCTED | 3)) {
            if (!der_expect(&value.content, TAG_SEQUENCE, &list))
                return -1;
            *list_r = list.content;
            return 1;
        }
    return rc;
}

int extension_of(const struct der *certificate, const char *oid, size_t length,
                 struct extension *one_r)
{
    struct der list;
    int rc = extension_list(certificate, &list);
    while (rc > 0 && (rc = extension_next(&list, one_r)) > 0)
        if (der_equal(&one_r->oid, oid, length))
            return 1;
    return rc;
}

struct der extension_certificate(const CERTCertificate *certificate)
{
    return (struct der){certificate->derCert.data, certificate->derCert.len};
}
