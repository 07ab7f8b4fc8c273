/* crl_points: see crl_points.h. */
#include "crl_points.h"

#include "buffer.h"
#include "name.h"
#include "pool.h"

#include <string.h>
#include <strings.h>

/* Tags of GeneralName, and of the two forms of DistributionPointName. */
enum {
    NAME_URI = TAG_CONTEXT | 6,
    NAME_DIRECTORY = TAG_CONTEXT | TAG_CONSTRUCTED | 4,
    POINT_FULL = TAG_CONTEXT | TAG_CONSTRUCTED | 0,
    POINT_RELATIVE = TAG_CONTEXT | TAG_CONSTRUCTED | 1
};
#define NAMES_MOST 64 /* of one point that are compared */
#define URLS_MOST 64

/* ReasonFlags by the content of its BIT STRING: 1, 0. */
static int read_reasons(const struct der *bits, unsigned *reasons_r)
{
    unsigned reasons = 0;
    if (bits->length < 1 || bits->length > 3 || bits->data[0] > 7)
        return 0;
    for (unsigned n = 0; n < 9 && 1 + n / 8 < bits->length; n++)
        if (bits->data[1 + n / 8] & (0x80 >> n % 8))
            reasons |= 1u << n;
    *reasons_r = reasons & CRL_REASONS_ALL;
    return 1;
}

static int read_point(struct der in, struct crl_point *point)
{
    struct der_value value;
    int rc;
    *point = (struct crl_point){.reasons = CRL_REASONS_ALL};
    while ((rc = der_next(&in, &value)) > 0)
        switch (value.tag) {
        case TAG_CONTEXT | TAG_CONSTRUCTED | 0:
            point->name = value.content;
            break;
        case TAG_CONTEXT | 1:
            if (!read_reasons(&value.content, &point->reasons))
                return 0;
            break;
        case TAG_CONTEXT | TAG_CONSTRUCTED | 2:
            point->issuer = value.content;
            break;
        default:
            return 0;
        }
    return rc == 0;
}

int crl_points_read(struct pool *pool, const struct der *extension,
                    struct crl_point **points_r, size_t *count_r)
{
    struct der in = *extension;
    struct der_value list, one;
    int rc;
    *count_r = 0;
    *points_r = pool_array(pool, CRL_POINTS_MOST, sizeof **points_r);
    if (!*points_r)
        return -1;
    if (!der_expect(&in, TAG_SEQUENCE, &list) || in.length != 0)
        return 0;
    while ((rc = der_next(&list.content, &one)) > 0) {
        if (one.tag != TAG_SEQUENCE)
            return 0;
        if (*count_r == CRL_POINTS_MOST)
            continue;
        if (!read_point(one.content, &(*points_r)[(*count_r)++]))
            return 0;
    }
    return rc == 0;
}

/* A BOOLEAN that says true. */
static int is_true(const struct der_value *value)
{
    return value->content.length == 1 && value->content.data[0] != 0;
}

static int read_scope_field(const struct der_value *value,
                            struct crl_scope *scope)
{
    switch (value->tag) {
    case TAG_CONTEXT | TAG_CONSTRUCTED | 0:
        scope->name = value->content;
        return 1;
    case TAG_CONTEXT | 1:
        scope->users = is_true(value);
        return 1;
    case TAG_CONTEXT | 2:
        scope->authorities = is_true(value);
        return 1;
    case TAG_CONTEXT | 3:
        return read_reasons(&value->content, &scope->reasons);
    case TAG_CONTEXT | 4:
        scope->indirect = is_true(value);
        return 1;
    case TAG_CONTEXT | 5:
        scope->attributes = is_true(value);
        return 1;
    default:
        return 0;
    }
}

int crl_scope_read(const struct der *extension, struct crl_scope *scope_r)
{
    struct der in = *extension;
    struct der_value fields, value;
    int rc;
    *scope_r = (struct crl_scope){.reasons = CRL_REASONS_ALL};
    if (extension->length == 0)
        return 1;
    if (!der_expect(&in, TAG_SEQUENCE, &fields) || in.length != 0)
        return 0;
    while ((rc = der_next(&fields.content, &value)) > 0)
        if (!read_scope_field(&value, scope_r))
            return 0;
    /* only one of the three may be said */
    return rc == 0 &&
           scope_r->users + scope_r->authorities + scope_r->attributes <= 1;
}

/* The names of a point in a form that equal names share. */
struct names {
    struct buffer forms[NAMES_MOST];
    size_t count;
};

static void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        buffer_free(&names->forms[i]);
}

/* One that is no Name is left out, and so fits nothing. */
static int add_name(struct names *names, const struct der_value *value)
{
    if (names->count == NAMES_MOST)
        return 0;
    struct buffer *form = &names->forms[names->count++];
    buffer_byte(form, value->tag);
    if (value->tag != NAME_DIRECTORY)
        buffer_append(form, value->content.data, value->content.length);
    else if (!name_canonical(&value->content, form) && !form->failed)
        buffer_clear(form);
    return form->failed ? -1 : 0;
}

static int add_names(struct names *names, struct der general)
{
    struct der_value value;
    while (der_next(&general, &value) > 0)
        if (add_name(names, &value) < 0)
            return -1;
    return 0;
}

/* nameRelativeToCRLIssuer: the issuer's name and one part more. */
static int add_relative(struct names *names, const struct der *issuer,
                        const struct der *set)
{
    struct buffer *form = &names->forms[names->count++];
    buffer_byte(form, NAME_DIRECTORY);
    if ((!name_canonical(issuer, form) || !name_canonical_rdn(set, form)) &&
        !form->failed)
        buffer_clear(form);
    return form->failed ? -1 : 0;
}

/* Of a DistributionPointName. */
static int expand(struct names *names, struct der name,
                  const struct der *issuer)
{
    struct der_value value;
    if (der_next(&name, &value) != 1)
        return 0;
    if (value.tag == POINT_FULL)
        return add_names(names, value.content);
    if (value.tag == POINT_RELATIVE)
        return add_relative(names, issuer, &value.content);
    return 0;
}

static int meet(const struct names *one, const struct names *two)
{
    for (size_t i = 0; i < one->count; i++)
        for (size_t k = 0; k < two->count; k++)
            if (one->forms[i].length > 0 &&
                one->forms[i].length == two->forms[k].length &&
                memcmp(one->forms[i].data, two->forms[k].data,
                       one->forms[i].length) == 0)
                return 1;
    return 0;
}

int crl_points_match(const struct crl_point *point,
                     const struct der *point_issuer,
                     const struct crl_scope *scope,
                     const struct der *crl_issuer)
{
    struct names asked = {.count = 0}, said = {.count = 0};
    struct der_value itself = {NAME_DIRECTORY, *point_issuer, *point_issuer};
    if (!scope->name.data)
        return 1;
    int rc = point->name.data     ? expand(&asked, point->name, point_issuer)
             : point->issuer.data ? add_names(&asked, point->issuer)
                                  : add_name(&asked, &itself);
    if (rc == 0)
        rc = expand(&said, scope->name, crl_issuer);
    if (rc == 0)
        rc = meet(&asked, &said);
    names_free(&asked);
    names_free(&said);
    return rc;
}

int crl_point_names(const struct crl_point *point, const struct der *issuer)
{
    struct names asked = {.count = 0}, said = {.count = 0};
    struct der_value name = {NAME_DIRECTORY, *issuer, *issuer};
    int rc = add_names(&asked, point->issuer);
    if (rc == 0)
        rc = add_name(&said, &name);
    if (rc == 0)
        rc = meet(&asked, &said);
    names_free(&asked);
    names_free(&said);
    return rc;
}

int crl_point_issuer(const struct crl_point *point, struct der *name_r)
{
    struct der in = point->issuer;
    struct der_value value;
    while (der_next(&in, &value) > 0)
        if (value.tag == NAME_DIRECTORY) {
            *name_r = value.content;
            return 1;
        }
    return 0;
}

static int is_url(const struct der *text)
{
    static const char *const schemes[] = {"http://", "https://", "ldap://",
                                          "ldaps://"};
    const char *start = (const char *)text->data;
    if (text->length > CRL_URL_MOST)
        return 0;
    for (size_t i = 0; i < text->length; i++)
        if (text->data[i] <= ' ' || text->data[i] > '~')
            return 0;
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (text->length > strlen(schemes[i]) &&
            strncasecmp(start, schemes[i], strlen(schemes[i])) == 0)
            return 1;
    return 0;
}

static int add_url(struct pool *pool, const struct der *text,
                   const char *const **urls_r, size_t *count_r)
{
    for (size_t i = 0; i < *count_r; i++)
        if (der_equal(text, (*urls_r)[i], strlen((*urls_r)[i])))
            return 0;
    const char **grown = pool_array(pool, *count_r + 1, sizeof *grown);
    char *url =
        pool_substring(pool, (const char *)text->data, text->length);
    if (!grown || !url)
        return -1;
    for (size_t i = 0; i < *count_r; i++)
        grown[i] = (*urls_r)[i];
    grown[(*count_r)++] = url;
    *urls_r = grown;
    return 0;
}

int crl_point_urls(struct pool *pool, const struct crl_point *point,
                   const char *const **urls_r, size_t *count_r)
{
    struct der in = point->name;
    struct der_value full, value;
    if (der_next(&in, &full) != 1 || full.tag != POINT_FULL)
        return 0;
    while (*count_r < URLS_MOST && der_next(&full.content, &value) > 0)
        if (value.tag == NAME_URI && is_url(&value.content) &&
            add_url(pool, &value.content, urls_r, count_r) < 0)
            return -1;
    return 0;
}
