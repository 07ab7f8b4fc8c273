/* cms_content: what can be read of a CMS object without a key. */
#include "unit.h"

#include "blob.h"
#include "buffer.h"
#include "cms_content.h"
#include "cms_oids.h"
#include "der.h"

#include <string.h>

static char found[100];

static int keep(struct sink *self, const void *data, size_t size,
                struct failure *why)
{
    (void)self, (void)why;
    strncat(found, data, size);
    return 0;
}

/* The answer for an object that is cut short by so many bytes. */
static enum cms_content read_object(const char *oid, size_t length,
                                    const char *inside, size_t cut)
{
    struct buffer der = {0};
    struct sink out = {keep};
    struct blob blob;
    struct blob_source in;
    enum cms_content answer;
    size_t whole = der_open(&der, TAG_SEQUENCE);
    der_put_oid(&der, oid, length);
    size_t explicit = der_open(&der, TAG_CONTEXT | TAG_CONSTRUCTED);
    size_t signed_data = der_open(&der, TAG_SEQUENCE);
    der_put_small(&der, 1);
    der_put(&der, TAG_SET, "", 0);
    size_t content = der_open(&der, TAG_SEQUENCE);
    der_put_oid(&der, OID(DATA));
    if (inside) {
        size_t octets = der_open(&der, TAG_CONTEXT | TAG_CONSTRUCTED);
        der_put(&der, TAG_OCTET_STRING, inside, strlen(inside));
        der_close(&der, octets);
    }
    der_close(&der, content);
    der_close(&der, signed_data);
    der_close(&der, explicit);
    der_close(&der, whole);
    found[0] = '\0';
    blob_init(&blob);
    blob_write(&blob, der.data, der.length - cut, NULL);
    blob_source_init(&in, &blob, 0, blob.length);
    CU_ASSERT_EQUAL(cms_content(&in.source, &out, &answer, NULL), 0);
    blob_free(&blob);
    buffer_free(&der);
    return answer;
}

static void kinds(void)
{
    CU_ASSERT_EQUAL(read_object(OID(SIGNED_DATA), "text", 0),
                    CMS_CONTENT_CLEAR);
    CU_ASSERT_STRING_EQUAL(found, "text");
    CU_ASSERT_EQUAL(read_object(OID(SIGNED_DATA), NULL, 0),
                    CMS_CONTENT_CLEAR);
    CU_ASSERT_STRING_EQUAL(found, "");
    CU_ASSERT_EQUAL(read_object(OID(ENVELOPED_DATA), "text", 0),
                    CMS_CONTENT_CLOSED);
    CU_ASSERT_EQUAL(read_object(OID(AUTH_ENVELOPED_DATA), "text", 0),
                    CMS_CONTENT_CLOSED);
    CU_ASSERT_EQUAL(read_object(OID(RSA), "text", 0), CMS_CONTENT_OTHER);
    CU_ASSERT_STRING_EQUAL(found, "");
}

static void cut_short(void)
{
    for (size_t cut = 1; cut < 40; cut++)
        CU_ASSERT_EQUAL(read_object(OID(SIGNED_DATA), "text", cut),
                        CMS_CONTENT_BROKEN);
}

static const struct unit_test tests[] = {
    {"1.2-trigger: what a CMS object shows to everybody", kinds},
    {"1.2-trigger: a CMS object that is cut short", cut_short},
};
UNIT_SUITE(cms_content, tests)
