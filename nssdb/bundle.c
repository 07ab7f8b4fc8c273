/* bundle: see bundle.h. */
#include "bundle.h"

#include "ber.h"
#include "buffer.h"
#include "cms_oids.h"
#include "failure.h"
#include "pem.h"
#include "pool.h"

#include <nssb64.h>
#include <secitem.h>
#include <string.h>

#define CERTIFICATE_BYTES 65536

struct reading {
    struct pool *pool;
    size_t most, room;
    struct bundle *bundle;
    struct failure *why;
    struct ber ber;
};

static int malformed(struct reading *r, const char *what)
{
    return failure(r->why, FAILURE_MALFORMED, "certificates: %s", what);
}

int bundle_is_certificate(struct der whole)
{
    struct der_value certificate, part;
    return der_expect(&whole, TAG_SEQUENCE, &certificate) &&
           whole.length == 0 &&
           der_expect(&certificate.content, TAG_SEQUENCE, &part) &&
           der_expect(&certificate.content, TAG_SEQUENCE, &part) &&
           der_expect(&certificate.content, TAG_BIT_STRING, &part) &&
           certificate.content.length == 0;
}

static int add(struct reading *r, struct der whole)
{
    struct bundle *bundle = r->bundle;
    if (whole.length > CERTIFICATE_BYTES || !bundle_is_certificate(whole))
        return malformed(r, "one is none");
    if (bundle->count == r->most)
        return failure(r->why, FAILURE_LIMIT, "certificates: more than %zu",
                       r->most);
    if (bundle->count == r->room) {
        size_t room = r->room ? r->room * 2 : 16;
        struct der *grown = pool_array(r->pool, room, sizeof *grown);
        if (!grown)
            return failure_memory(r->why);
        if (r->room)
            memcpy(grown, bundle->certificates, r->room * sizeof *grown);
        bundle->certificates = grown;
        r->room = room;
    }
    const void *copy = pool_copy(r->pool, whole.data, whole.length);
    if (!copy)
        return failure_memory(r->why);
    bundle->certificates[bundle->count++] = (struct der){copy, whole.length};
    return 0;
}

/* Memory as a source. */
struct memory {
    struct source source;
    struct der left;
};

static ssize_t read_memory(struct source *self, void *data, size_t size,
                           struct failure *why)
{
    struct memory *memory = (struct memory *)(void *)self;
    (void)why;
    if (size > memory->left.length)
        size = memory->left.length;
    if (size)
        memcpy(data, memory->left.data, size);
    memory->left.data += size;
    memory->left.length -= size;
    return (ssize_t)size;
}

static int enter(struct reading *r, int tag)
{
    struct ber_value value;
    if (ber_expect(&r->ber, tag, &value, r->why) < 0)
        return -1;
    return ber_enter(&r->ber, &value, r->why);
}

/* The certificates of a CertificateSet; its other choices are passed over. */
static int read_set(struct reading *r)
{
    struct ber *ber = &r->ber;
    struct ber_value value;
    struct buffer der = {0};
    int rc;
    while ((rc = ber_next(ber, &value, r->why)) > 0) {
        buffer_clear(&der);
        if (value.tag != TAG_SEQUENCE)
            rc = ber_skip(ber, &value, r->why);
        else if ((rc = ber_capture(ber, &value, CERTIFICATE_BYTES, &der,
                                   r->why)) == 0)
            rc = add(r, (struct der){(unsigned char *)der.data, der.length});
        if (rc < 0)
            break;
    }
    buffer_free(&der);
    return rc < 0 ? -1 : ber_leave(ber, r->why);
}

/* SignedData, from its version on. */
static int read_signed(struct reading *r)
{
    static const int before[] = {TAG_INTEGER, TAG_SET, TAG_SEQUENCE};
    struct ber *ber = &r->ber;
    struct ber_value value;
    int rc;
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
        if (ber_expect(ber, before[i], &value, r->why) < 0 ||
            ber_skip(ber, &value, r->why) < 0)
            return -1;
    while ((rc = ber_next(ber, &value, r->why)) > 0) {
        int certificates = value.tag == (TAG_CONTEXT | TAG_CONSTRUCTED);
        rc = certificates ? ber_enter(ber, &value, r->why)
                          : ber_skip(ber, &value, r->why);
        if (rc == 0 && certificates)
            rc = read_set(r);
        if (rc < 0)
            return -1;
    }
    return rc;
}

static int expect_signed_data(struct reading *r)
{
    struct ber_value value;
    struct buffer oid = {0};
    struct der_value type;
    int rc = ber_expect(&r->ber, TAG_OID, &value, r->why);
    if (rc == 0)
        rc = ber_capture(&r->ber, &value, 100, &oid, r->why);
    struct der whole = {(unsigned char *)oid.data, oid.length};
    if (rc == 0 && (!der_expect(&whole, TAG_OID, &type) ||
                    !der_equal(&type.content, OID(SIGNED_DATA))))
        rc = malformed(r, "another content type than SignedData");
    buffer_free(&oid);
    return rc;
}

/* ContentInfo with SignedData (RFC 5652, 3). */
static int read_cms(struct reading *r, const struct der *data)
{
    struct memory memory = {{read_memory}, *data};
    ber_init(&r->ber, &memory.source);
    if (enter(r, TAG_SEQUENCE) < 0 || expect_signed_data(r) < 0 ||
        enter(r, TAG_CONTEXT | TAG_CONSTRUCTED) < 0 ||
        enter(r, TAG_SEQUENCE) < 0 || read_signed(r) < 0)
        return -1;
    for (int i = 0; i < 3; i++)
        if (ber_leave(&r->ber, r->why) < 0)
            return -1;
    return ber_finish(&r->ber, r->why);
}

static int read_certificates(struct reading *r, struct der in)
{
    struct der_value value;
    int rc;
    while ((rc = der_next(&in, &value)) > 0)
        if (add(r, value.whole) < 0)
            return -1;
    return rc < 0 ? malformed(r, "no DER") : 0;
}

/* A SEQUENCE that begins with a SEQUENCE is a certificate, with an OID a
 * ContentInfo. */
static int read_binary(struct reading *r, struct der in)
{
    const unsigned char *at = in.data;
    size_t skip = 2;
    if (in.length > 2 && at[1] > 0x80)
        skip += at[1] & 0x7fU;
    return in.length > skip && at[skip] == TAG_OID ? read_cms(r, &in)
                                                   : read_certificates(r, in);
}

static int decode_pem(struct reading *r, const char *text, size_t length)
{
    SECItem *item = length > BUNDLE_BYTES_MOST
                        ? NULL
                        : NSSBase64_DecodeBuffer(NULL, NULL, text,
                                                 (unsigned)length);
    int rc = item ? read_binary(r, (struct der){item->data, item->len})
                  : malformed(r, "no base64 in PEM");
    SECITEM_FreeItem(item, PR_TRUE);
    return rc;
}

static int is_label(const char *label, size_t length)
{
    static const char *const labels[] = {"CERTIFICATE", "X509 CERTIFICATE",
                                         "PKCS7", "CMS"};
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
        if (strlen(labels[i]) == length &&
            memcmp(labels[i], label, length) == 0)
            return 1;
    return 0;
}

/* The blocks of other kinds, keys for instance, are passed over. */
static int read_pem(struct reading *r, const char *at, const char *end)
{
    while ((at = memmem(at, (size_t)(end - at), PEM_BEGIN, strlen(PEM_BEGIN)))) {
        const char *label = at + strlen(PEM_BEGIN);
        const char *text =
            memmem(label, (size_t)(end - label), PEM_DASHES, strlen(PEM_DASHES));
        const char *stop = text ? memmem(text, (size_t)(end - text), PEM_END,
                                         strlen(PEM_END)) : NULL;
        if (!stop)
            return malformed(r, "PEM that was cut short");
        size_t length = (size_t)(text - label);
        text += strlen(PEM_DASHES);
        if (is_label(label, length) &&
            decode_pem(r, text, (size_t)(stop - text)) < 0)
            return -1;
        at = stop + strlen(PEM_END);
    }
    return 0;
}

int bundle_read(struct pool *pool, const void *data, size_t length,
                size_t most, struct bundle *bundle_r, struct failure *why)
{
    struct failure own = {0};
    struct reading r = {.pool = pool, .most = most, .bundle = bundle_r,
                        .why = why ? why : &own};
    const char *text = data;
    *bundle_r = (struct bundle){NULL, 0};
    if (length > BUNDLE_BYTES_MOST)
        return failure(why, FAILURE_LIMIT, "certificates: over %u bytes",
                       BUNDLE_BYTES_MOST);
    /* What begins with the character 0 is text: no certificate is so short. */
    int binary = length > 1 && text[0] == TAG_SEQUENCE && text[1] & 0x80;
    int rc = binary ? read_binary(&r, (struct der){data, length})
                    : length ? read_pem(&r, text, text + length) : 0;
    if (rc == 0 && bundle_r->count == 0)
        rc = malformed(&r, "there is none");
    if (rc < 0)
        *bundle_r = (struct bundle){NULL, 0};
    return rc;
}

void bundle_put_p7c(struct buffer *out, const struct der *certificates,
                    size_t count)
{
    size_t info = der_open(out, TAG_SEQUENCE);
    der_put_oid(out, OID(SIGNED_DATA));
    size_t explicit = der_open(out, TAG_CONTEXT | TAG_CONSTRUCTED);
    size_t cms = der_open(out, TAG_SEQUENCE);
    der_put_small(out, 1);
    der_put(out, TAG_SET, "", 0);
    size_t content = der_open(out, TAG_SEQUENCE);
    der_put_oid(out, OID(DATA));
    der_close(out, content);
    size_t set = der_open(out, TAG_CONTEXT | TAG_CONSTRUCTED);
    for (size_t i = 0; i < count; i++)
        buffer_append(out, certificates[i].data, certificates[i].length);
    der_close(out, set);
    der_put(out, TAG_SET, "", 0);
    der_close(out, cms);
    der_close(out, explicit);
    der_close(out, info);
}

