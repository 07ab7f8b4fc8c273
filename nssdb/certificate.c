/* certificate: see certificate.h. */
#include "certificate.h"

#include "der.h"
#include "pool.h"

#include <certdb.h>
#include <secitem.h>
#include <secoidt.h>
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

#define ADDRESS_BYTES 320 /* RFC 3696: 64 + 1 + 255 */
#define TAG_RFC822_NAME (TAG_CONTEXT | 1)

static const unsigned char email_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                          0x0d, 0x01, 0x09, 0x01};

/* Returns 1 to stop. The address is in lower case. */
typedef int visit_address(void *context, const char *address);

/*
 * NSS's own calls end an address at a NUL byte that its owner put into it
 * and make another address of what follows: so it is read here. What is not
 * of printable ASCII around an @ is no address at all, and fits none.
 */
static int give(const struct der *value, visit_address *visit, void *context)
{
    char address[ADDRESS_BYTES + 1];
    const unsigned char *at = memchr(value->data, '@', value->length);
    if (value->length > ADDRESS_BYTES || !at || at == value->data ||
        at == value->data + value->length - 1)
        return 0;
    for (size_t i = 0; i < value->length; i++) {
        unsigned char c = value->data[i];
        if (c <= ' ' || c > '~')
            return 0;
        address[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    address[value->length] = '\0';
    return visit(context, address);
}

static int each_alternative(CERTCertificate *certificate,
                            visit_address *visit, void *context)
{
    SECItem item = {siBuffer, NULL, 0};
    struct der_value value;
    int rc = 0;
    if (CERT_FindCertExtension(certificate, SEC_OID_X509_SUBJECT_ALT_NAME,
                               &item) != SECSuccess)
        return 0;
    struct der in = {item.data, item.len};
    if (der_expect(&in, TAG_SEQUENCE, &value)) {
        in = value.content;
        while (rc == 0 && der_next(&in, &value) > 0)
            if (value.tag == TAG_RFC822_NAME)
                rc = give(&value.content, visit, context);
    }
    SECITEM_FreeItem(&item, PR_FALSE);
    return rc;
}

/* One relative name: a SET of types with their values. */
static int each_of_name(struct der set, visit_address *visit, void *context)
{
    struct der_value pair, type, value;
    int rc = 0;
    while (rc == 0 && der_expect(&set, TAG_SEQUENCE, &pair)) {
        struct der in = pair.content;
        if (der_expect(&in, TAG_OID, &type) &&
            der_equal(&type.content, email_oid, sizeof email_oid) &&
            der_next(&in, &value) > 0)
            rc = give(&value.content, visit, context);
    }
    return rc;
}

static int each_in_subject(CERTCertificate *certificate,
                           visit_address *visit, void *context)
{
    struct der in = {certificate->derSubject.data,
                     certificate->derSubject.len};
    struct der_value names, set;
    int rc = 0;
    if (!der_expect(&in, TAG_SEQUENCE, &names))
        return 0;
    while (rc == 0 && der_expect(&names.content, TAG_SET, &set))
        rc = each_of_name(set.content, visit, context);
    return rc;
}

static int each_address(CERTCertificate *certificate, visit_address *visit,
                        void *context)
{
    int rc = each_alternative(certificate, visit, context);
    return rc ? rc : each_in_subject(certificate, visit, context);
}

static int is_address(void *context, const char *address)
{
    const char *wanted = context;
    return strcasecmp(address, wanted) == 0;
}

int cert_has_address(CERTCertificate *certificate, const char *address)
{
    return each_address(certificate, is_address, (void *)(size_t)address);
}

static int count_one(void *context, const char *address)
{
    int *count = context;
    (void)address;
    ++*count;
    return 0;
}

int cert_address_count(CERTCertificate *certificate)
{
    int count = 0;
    each_address(certificate, count_one, &count);
    return count;
}

struct collecting {
    struct pool *pool;
    const char **addresses;
    size_t count, most;
    int failed;
};

static int collect(void *context, const char *address)
{
    struct collecting *c = context;
    if (c->count == c->most)
        return 1;
    c->failed = !(c->addresses[c->count] = pool_string(c->pool, address));
    c->count += !c->failed;
    return c->failed;
}

int cert_addresses(struct pool *pool, CERTCertificate *certificate,
                   const char *const **addresses_r, size_t *count_r)
{
    struct collecting c = {.pool = pool,
                           .most = (size_t)cert_address_count(certificate)};
    if (c.most > CERT_ADDRESSES_MOST)
        c.most = CERT_ADDRESSES_MOST;
    c.addresses = pool_array(pool, c.most + 1, sizeof *c.addresses);
    if (!c.addresses)
        return -1;
    each_address(certificate, collect, &c);
    *addresses_r = c.addresses;
    *count_r = c.count;
    return c.failed ? -1 : 0;
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

static int is_authority(void *context, const char *address)
{
    (void)context;
    return authority_domain(address) != NULL;
}

int cert_is_domain(CERTCertificate *certificate)
{
    if (each_address(certificate, is_authority, NULL))
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

static int speaks(void *context, const char *address)
{
    const char *domain = context, *above = authority_domain(address);
    return above && within(domain, above);
}

int cert_speaks_for(CERTCertificate *certificate, const char *domain)
{
    return each_address(certificate, speaks, (void *)(size_t)domain);
}

struct closest {
    const char *domain;
    struct pool *pool;
    const char *above; /* NULL = none yet */
    int failed;
};

static int take_closest(void *context, const char *address)
{
    struct closest *c = context;
    const char *above = authority_domain(address);
    if (!above || !within(c->domain, above) ||
        (c->above && strlen(c->above) >= strlen(above)))
        return 0;
    c->above = pool_string(c->pool, above);
    c->failed = !c->above;
    return c->failed;
}

int cert_authority(struct pool *pool, CERTCertificate *certificate,
                   const char *domain, const char **authority_r)
{
    struct closest c = {.domain = domain, .pool = pool};
    each_address(certificate, take_closest, &c);
    *authority_r = c.above;
    return c.failed ? -1 : c.above != NULL;
}

static int take_title(void *context, const char *address)
{
    char *title = context;
    strncat(title, address, CERT_TITLE_MOST);
    return 1;
}

const char *cert_title(struct pool *pool, CERTCertificate *certificate)
{
    char title[CERT_TITLE_MOST + 1] = "";
    if (!each_address(certificate, take_title, title))
        strncat(title, certificate->subjectName ? certificate->subjectName
                                                : "?", CERT_TITLE_MOST);
    char *text = pool_string(pool, title);
    for (char *c = text; c && *c; c++)
        if (*c <= ' ' || *c > '~') /* its owner wrote it: no line ends */
            *c = '?';
    return text;
}

static size_t count_values(struct der in)
{
    struct der_value value;
    size_t count = 0;
    while (der_next(&in, &value) > 0)
        count++;
    return count;
}

/* The values in an extension that is a SEQUENCE, `levels' below it. */
static size_t count_extension(CERTCertificate *certificate, SECOidTag tag,
                              int levels)
{
    SECItem item = {siBuffer, NULL, 0};
    struct der_value whole, part;
    size_t count = 0;
    if (CERT_FindCertExtension(certificate, tag, &item) != SECSuccess)
        return 0;
    struct der in = {item.data, item.len};
    if (der_expect(&in, TAG_SEQUENCE, &whole)) {
        struct der parts = whole.content;
        if (levels == 1)
            count = count_values(parts);
        while (levels == 2 && der_next(&parts, &part) > 0)
            count += count_values(part.content);
    }
    SECITEM_FreeItem(&item, PR_FALSE);
    return count;
}

size_t cert_name_count(CERTCertificate *certificate)
{
    return count_extension(certificate, SEC_OID_X509_SUBJECT_ALT_NAME, 1) +
           count_extension(certificate, SEC_OID_X509_NAME_CONSTRAINTS, 2);
}

int cert_has_crl_pointer(CERTCertificate *certificate)
{
    SECItem value = {siBuffer, NULL, 0};
    int has = CERT_FindCertExtension(certificate,
                                     SEC_OID_X509_CRL_DIST_POINTS,
                                     &value) == SECSuccess;
    SECITEM_FreeItem(&value, PR_FALSE);
    return has;
}

int cert_times(CERTCertificate *certificate, time_t *from_r, time_t *to_r)
{
    PRTime from, to;
    if (CERT_GetCertTimes(certificate, &from, &to) != SECSuccess)
        return 0;
    *from_r = (time_t)(from / PR_USEC_PER_SEC);
    *to_r = (time_t)(to / PR_USEC_PER_SEC);
    return 1;
}

time_t cert_months_after(time_t when, int months)
{
    struct tm tm;
    if (!gmtime_r(&when, &tm))
        return when;
    tm.tm_mon += months;
    return timegm(&tm);
}
