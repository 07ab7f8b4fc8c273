/* certificate: see certificate.h. */
#include "certificate.h"

#include "der.h"
#include "pool.h"

#include <secport.h>
#include <string.h>
#include <strings.h>

CERTCertificate *cert_decode(const struct der *der)
{
    SECItem item = {siBuffer, (unsigned char *)(size_t)der->data,
                    (unsigned)der->length};
    return CERT_NewTempCertificate(CERT_GetDefaultCertDB(), &item, NULL,
                                   PR_FALSE, PR_TRUE);
}

int cert_has_address(CERTCertificate *certificate, const char *address)
{
    for (const char *at = CERT_GetFirstEmailAddress(certificate); at;
         at = CERT_GetNextEmailAddress(certificate, at))
        if (strcasecmp(at, address) == 0)
            return 1;
    return 0;
}

int cert_address_count(CERTCertificate *certificate)
{
    int count = 0;
    for (const char *at = CERT_GetFirstEmailAddress(certificate); at;
         at = CERT_GetNextEmailAddress(certificate, at))
        count++;
    return count;
}

int cert_addresses(struct pool *pool, CERTCertificate *certificate,
                   const char *const **addresses_r, size_t *count_r)
{
    size_t count = 0, most = (size_t)cert_address_count(certificate);
    if (most > CERT_ADDRESSES_MOST)
        most = CERT_ADDRESSES_MOST;
    const char **addresses = pool_array(pool, most + 1, sizeof *addresses);
    if (!addresses)
        return -1;
    for (const char *at = CERT_GetFirstEmailAddress(certificate);
         at && count < most; at = CERT_GetNextEmailAddress(certificate, at)) {
        char *address = pool_string(pool, at);
        if (!address)
            return -1;
        for (char *c = address; *c; c++)
            if (*c >= 'A' && *c <= 'Z')
                *c |= 0x20;
        addresses[count++] = address;
    }
    *addresses_r = addresses;
    *count_r = count;
    return 0;
}

/* The domain of a DCA's or DSA's address, or NULL. */
static const char *authority_domain(const char *address)
{
    const char *at = strrchr(address, '@');
    size_t length = at ? (size_t)(at - address) : 0;
    if ((length == strlen(CERT_DCA) &&
         strncasecmp(address, CERT_DCA, length) == 0) ||
        (length == strlen(CERT_DSA) &&
         strncasecmp(address, CERT_DSA, length) == 0))
        return at + 1;
    return NULL;
}

int cert_is_domain(CERTCertificate *certificate)
{
    for (const char *at = CERT_GetFirstEmailAddress(certificate); at;
         at = CERT_GetNextEmailAddress(certificate, at))
        if (authority_domain(at))
            return 1;
    char *name = CERT_GetCommonName(&certificate->subject);
    int is = name && (strcasecmp(name, CERT_DCA) == 0 ||
                      strcasecmp(name, CERT_DSA) == 0);
    PORT_Free(name);
    return is;
}

/* Both without regard to case; `domain' has no trailing dot. */
static int within(const char *domain, const char *above)
{
    size_t length = strlen(domain), top = strlen(above);
    if (top == 0 || length < top ||
        strcasecmp(domain + length - top, above) != 0)
        return 0;
    return length == top || domain[length - top - 1] == '.';
}

int cert_speaks_for(CERTCertificate *certificate, const char *domain)
{
    for (const char *at = CERT_GetFirstEmailAddress(certificate); at;
         at = CERT_GetNextEmailAddress(certificate, at)) {
        const char *above = authority_domain(at);
        if (above && within(domain, above))
            return 1;
    }
    return 0;
}

const char *cert_title(struct pool *pool, CERTCertificate *certificate)
{
    const char *title = CERT_GetFirstEmailAddress(certificate);
    if (!title)
        title = certificate->subjectName;
    char *text = pool_format(pool, "%.200s", title ? title : "?");
    for (char *c = text; c && *c; c++)
        if (*c <= ' ' || *c > '~') /* its owner wrote it: no line ends */
            *c = '?';
    return text;
}
