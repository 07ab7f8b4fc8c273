/* cms_preference: which key a signer wants to be encrypted to; see
 * cms_verify.h. */
#include "cms_verify.h"

#include "der.h"

#include <certt.h>
#include <secitem.h>

/* What the attribute names: by issuer, or by identifier (issuer NULL). */
struct named {
    struct der issuer, serial, identifier;
};

/* SMIMEEncryptionKeyPreference, a CHOICE of implicit tags. 1, 0. */
static int read_preference(const struct cms_signature *signature,
                           struct named *named_r)
{
    struct der in = {signature->preference, signature->preference_length};
    struct der_value choice, issuer, number;
    *named_r = (struct named){{NULL, 0}, {NULL, 0}, {NULL, 0}};
    if (der_next(&in, &choice) != 1)
        return 0;
    switch (choice.tag) {
    case TAG_CONTEXT | TAG_CONSTRUCTED: /* IssuerAndSerialNumber */
        if (!der_expect(&choice.content, TAG_SEQUENCE, &issuer) ||
            !der_expect(&choice.content, TAG_INTEGER, &number))
            return 0;
        named_r->issuer = issuer.whole;
        named_r->serial = number.content;
        return 1;
    case TAG_CONTEXT | TAG_CONSTRUCTED | 1: /* RecipientKeyIdentifier */
        if (!der_expect(&choice.content, TAG_OCTET_STRING, &number))
            return 0;
        named_r->identifier = number.content;
        return 1;
    case TAG_CONTEXT | 2: /* SubjectKeyIdentifier */
        named_r->identifier = choice.content;
        return 1;
    }
    return 0;
}

static int is_named(const struct named *named, CERTCertificate *certificate)
{
    SECItem id = {siBuffer, NULL, 0};
    if (named->issuer.data)
        return der_equal(&named->issuer, certificate->derIssuer.data,
                         certificate->derIssuer.len) &&
               der_equal(&named->serial, certificate->serialNumber.data,
                         certificate->serialNumber.len);
    int is = CERT_FindSubjectKeyIDExtension(certificate, &id) == SECSuccess &&
             der_equal(&named->identifier, id.data, id.len);
    SECITEM_FreeItem(&id, PR_FALSE);
    return is;
}

CERTCertificate *cms_preferred(const struct cms_signed *cms,
                               const struct cms_signature *signature)
{
    struct named named;
    if (!signature->preference || !read_preference(signature, &named))
        return NULL;
    for (size_t i = 0; i < cms->certificate_count; i++)
        if (is_named(&named, cms->certificates[i]))
            return cms->certificates[i];
    return NULL;
}
