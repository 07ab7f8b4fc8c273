#ifndef SEEMAIL_DER_H
#define SEEMAIL_DER_H

/*
 * der: ASN.1 in the Distinguished Encoding Rules (X.690), in memory: a
 * writer into a buffer, and a strict reader of slices. Tags are the
 * identifier octet; tag numbers over 30 do not occur in CMS.
 */

#include <stddef.h>
#include <stdint.h>

struct buffer;

enum {
    TAG_BOOLEAN = 0x01,
    TAG_INTEGER = 0x02,
    TAG_BIT_STRING = 0x03,
    TAG_OCTET_STRING = 0x04,
    TAG_NULL = 0x05,
    TAG_OID = 0x06,
    TAG_UTC_TIME = 0x17,
    TAG_GENERALIZED_TIME = 0x18,
    TAG_SEQUENCE = 0x30,
    TAG_SET = 0x31,
    TAG_CONTEXT = 0x80,     /* [n] primitive: TAG_CONTEXT | n */
    TAG_CONSTRUCTED = 0x20, /* [n] constructed: add this */
};

/*
 * The writer. An open value is closed by der_close() with what der_open()
 * gave; values nest. Failure (memory) sticks in the buffer.
 */
size_t der_open(struct buffer *out, int tag);
void der_close(struct buffer *out, size_t open);
void der_put(struct buffer *out, int tag, const void *value, size_t length);
void der_put_small(struct buffer *out, unsigned value); /* INTEGER */
/* An OID given as its encoded content octets. */
void der_put_oid(struct buffer *out, const void *oid, size_t length);

/* The reader: takes values off the front of a slice. */
struct der {
    const unsigned char *data;
    size_t length;
};

struct der_value {
    int tag;
    struct der content; /* of the value */
    struct der whole;   /* with its tag and length */
};

/* 1 and *value_r; 0 = the slice is empty; -1 = not DER (length not
 * minimal or indefinite, high tag, too short). */
int der_next(struct der *in, struct der_value *value_r);

/* The next value must have this tag: 1, else 0. */
int der_expect(struct der *in, int tag, struct der_value *value_r);

/* UTCTime or GeneralizedTime as RFC 5280, 4.1.2.5 has them, with seconds and
 * Z: 1 and Unix time; 0 = it is none. */
int der_time(const struct der_value *value, int64_t *seconds_r);

int der_equal(const struct der *slice, const void *data, size_t length);

#endif
