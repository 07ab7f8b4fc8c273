/* name: see name.h. */
#include "name.h"

#include "buffer.h"

#include <pk11pub.h>
#include <secoidt.h>
#include <string.h>

enum {
    TAG_UTF8_STRING = 0x0c,
    TAG_PRINTABLE_STRING = 0x13,
    TAG_T61_STRING = 0x14,
    TAG_IA5_STRING = 0x16
};

/* A length before the bytes, so that no two names run into one another. */
static void put_counted(struct buffer *out, const void *data, size_t length)
{
    unsigned char count[4] = {(unsigned char)(length >> 24),
                              (unsigned char)(length >> 16),
                              (unsigned char)(length >> 8),
                              (unsigned char)length};
    buffer_append(out, count, sizeof count);
    buffer_append(out, data, length);
}

static void put_string(struct buffer *out, const struct der *text)
{
    struct buffer folded = {0};
    int blank = 0;
    for (size_t i = 0; i < text->length; i++) {
        unsigned char c = text->data[i];
        if (c == ' ') {
            blank = folded.length > 0;
            continue;
        }
        if (blank)
            buffer_byte(&folded, ' ');
        blank = 0;
        buffer_byte(&folded, c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    put_counted(out, folded.data, folded.length);
    out->failed |= folded.failed;
    buffer_free(&folded);
}

static int put_attribute(const struct der_value *attribute,
                         struct buffer *out)
{
    struct der in = attribute->content;
    struct der_value type, value;
    if (attribute->tag != TAG_SEQUENCE || !der_expect(&in, TAG_OID, &type) ||
        der_next(&in, &value) != 1 || in.length != 0)
        return 0;
    put_counted(out, type.content.data, type.content.length);
    switch (value.tag) {
    case TAG_UTF8_STRING:
    case TAG_PRINTABLE_STRING:
    case TAG_T61_STRING:
    case TAG_IA5_STRING:
        buffer_byte(out, 's');
        put_string(out, &value.content);
        return 1;
    default:
        buffer_byte(out, 'v');
        put_counted(out, value.whole.data, value.whole.length);
        return 1;
    }
}

int name_canonical_rdn(const struct der *set, struct buffer *out)
{
    struct der in = *set;
    struct der_value attribute;
    int rc;
    while ((rc = der_next(&in, &attribute)) > 0)
        if (!put_attribute(&attribute, out))
            return 0;
    buffer_byte(out, '/');
    return rc == 0 && !out->failed;
}

int name_canonical(const struct der *name, struct buffer *out)
{
    struct der in = *name;
    struct der_value sequence, set;
    int rc;
    if (!der_expect(&in, TAG_SEQUENCE, &sequence) || in.length != 0)
        return 0;
    while ((rc = der_next(&sequence.content, &set)) > 0)
        if (set.tag != TAG_SET || !name_canonical_rdn(&set.content, out))
            return 0;
    return rc == 0 && !out->failed;
}

int name_hash(const struct der *name, unsigned char hash_r[NAME_HASH])
{
    unsigned char whole[32];
    struct buffer form = {0};
    int well = name_canonical(name, &form) &&
               PK11_HashBuf(SEC_OID_SHA256, whole,
                            (const unsigned char *)buffer_string(&form),
                            (PRInt32)form.length) == SECSuccess;
    if (well)
        memcpy(hash_r, whole, NAME_HASH);
    buffer_free(&form);
    return well;
}
