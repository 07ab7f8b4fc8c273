/* cms_content: see cms_content.h. */
#include "cms_content.h"

#include "ber.h"
#include "buffer.h"
#include "cms_oids.h"
#include "der.h"
#include "failure.h"

#include <stdlib.h>

#define OID_MOST 100

static int skip(struct ber *ber, int tag, struct failure *why)
{
    struct ber_value value;
    if (ber_expect(ber, tag, &value, why) < 0)
        return -1;
    return ber_skip(ber, &value, why);
}

static int read_type(struct ber *ber, enum cms_content *content_r,
                     struct failure *why)
{
    struct ber_value value;
    struct buffer der = {0};
    struct der_value oid;
    int rc = ber_expect(ber, TAG_OID, &value, why);
    if (rc == 0)
        rc = ber_capture(ber, &value, OID_MOST, &der, why);
    struct der in = {(unsigned char *)der.data, der.length};
    if (rc == 0 && der_expect(&in, TAG_OID, &oid)) {
        *content_r = CMS_CONTENT_OTHER;
        if (der_equal(&oid.content, OID(SIGNED_DATA)))
            *content_r = CMS_CONTENT_CLEAR;
        else if (der_equal(&oid.content, OID(ENVELOPED_DATA)) ||
                 der_equal(&oid.content, OID(AUTH_ENVELOPED_DATA)))
            *content_r = CMS_CONTENT_CLOSED;
    }
    buffer_free(&der);
    return rc;
}

/* SignedData up to its content, whose type does not matter here. */
static int read_signed(struct ber *ber, struct sink *out, struct failure *why)
{
    struct ber_value explicit, octets;
    if (ber_descend(ber, TAG_CONTEXT | TAG_CONSTRUCTED, why) < 0 ||
        ber_descend(ber, TAG_SEQUENCE, why) < 0 ||
        skip(ber, TAG_INTEGER, why) < 0 || skip(ber, TAG_SET, why) < 0 ||
        ber_descend(ber, TAG_SEQUENCE, why) < 0 || skip(ber, TAG_OID, why) < 0)
        return -1;
    int rc = ber_next(ber, &explicit, why);
    if (rc <= 0)
        return rc; /* detached */
    if (ber_enter(ber, &explicit, why) < 0)
        return -1;
    rc = ber_next(ber, &octets, why);
    return rc <= 0 ? rc : ber_pour(ber, &octets, out, why);
}

int cms_content(struct source *in, struct sink *out,
                enum cms_content *content_r, struct failure *why)
{
    struct failure own = {0};
    struct ber *ber = malloc(sizeof *ber);
    if (!ber)
        return failure_memory(why);
    *content_r = CMS_CONTENT_BROKEN;
    ber_init(ber, in);
    int rc = ber_descend(ber, TAG_SEQUENCE, &own);
    if (rc == 0)
        rc = read_type(ber, content_r, &own);
    if (rc == 0 && *content_r == CMS_CONTENT_CLEAR)
        rc = read_signed(ber, out, &own);
    free(ber);
    if (rc == 0)
        return 0;
    *content_r = CMS_CONTENT_BROKEN;
    if (own.kind == FAILURE_MALFORMED || own.kind == FAILURE_LIMIT)
        return 0;
    if (why)
        *why = own;
    return -1;
}
