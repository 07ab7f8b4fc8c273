/* base64: see base64.h. */
#include "base64.h"

#define LINE 76

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* One group of up to three bytes as four characters, and the line end. */
static size_t encode_group(struct base64_sink *base64,
                           const unsigned char *in, size_t length, char *out)
{
    unsigned bits = (unsigned)in[0] << 16 |
                    (length > 1 ? (unsigned)in[1] << 8 : 0) |
                    (length > 2 ? (unsigned)in[2] : 0);
    out[0] = alphabet[bits >> 18];
    out[1] = alphabet[bits >> 12 & 63];
    out[2] = '=';
    out[3] = '=';
    if (length > 1)
        out[2] = alphabet[bits >> 6 & 63];
    if (length > 2)
        out[3] = alphabet[bits & 63];
    base64->column += 4;
    if (base64->column < LINE)
        return 4;
    base64->column = 0;
    out[4] = '\n';
    return 5;
}

/* A whole group at once wherever one is there. */
static int encode(struct sink *self, const void *data, size_t size,
                  struct failure *why)
{
    struct base64_sink *base64 = (struct base64_sink *)self;
    const unsigned char *in = data, *end = in + size;
    char out[4096];
    size_t used = 0;
    while (in < end) {
        if (base64->rest_length == 0 && end - in >= 3) {
            used += encode_group(base64, in, 3, out + used);
            in += 3;
        } else {
            base64->rest[base64->rest_length++] = *in++;
            if (base64->rest_length < 3)
                continue;
            used += encode_group(base64, base64->rest, 3, out + used);
            base64->rest_length = 0;
        }
        if (used < sizeof out - 5)
            continue;
        if (base64->out->write(base64->out, out, used, why) < 0)
            return -1;
        used = 0;
    }
    return used ? base64->out->write(base64->out, out, used, why) : 0;
}

void base64_sink_init(struct base64_sink *base64, struct sink *out)
{
    *base64 = (struct base64_sink){.sink = {encode}, .out = out};
}

int base64_sink_finish(struct base64_sink *base64, struct failure *why)
{
    char out[6];
    size_t used = 0;
    if (base64->rest_length)
        used = encode_group(base64, base64->rest, base64->rest_length, out);
    if (base64->column)
        out[used++] = '\n';
    base64->rest_length = base64->column = 0;
    return used ? base64->out->write(base64->out, out, used, why) : 0;
}

#define KNOWN 64 /* what the alphabet has; the rest is the character's value */

static const unsigned char values[256] = {
    ['+'] = KNOWN + 62,
    ['/'] = KNOWN + 63,
    ['0'] = KNOWN + 52, 117, 118, 119, 120, 121, 122, 123, 124, 125,
    ['A'] = KNOWN, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79,
    80, 81, 82, 83, 84, 85, 86, 87, 88, 89,
    ['a'] = KNOWN + 26, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102, 103,
    104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115};

static size_t put_group(unsigned bits, unsigned char *out)
{
    out[0] = (unsigned char)(bits >> 16);
    out[1] = (unsigned char)(bits >> 8);
    out[2] = (unsigned char)bits;
    return 3;
}

/* Four characters of the alphabet in a row, as nearly all are: 3, or 0 =
 * they are something else. */
static size_t decode_four(const unsigned char *in, unsigned char *out)
{
    unsigned a = values[in[0]], b = values[in[1]], c = values[in[2]],
             d = values[in[3]];
    if (!(a & b & c & d & KNOWN))
        return 0;
    a &= 63;
    b &= 63;
    c &= 63;
    d &= 63;
    return put_group(a << 18 | b << 12 | c << 6 | d, out);
}

/* Ends at the first padding: 2 or 3 characters give 1 or 2 bytes. */
static size_t end_group(struct base64_source *base64, unsigned char *out)
{
    size_t length = base64->count > 1 ? base64->count - 1 : 0;
    base64->truncated |= base64->count == 1;
    base64->bits <<= 6 * (4 - base64->count);
    for (size_t i = 0; i < length; i++)
        out[i] = (unsigned char)(base64->bits >> (16 - 8 * i));
    base64->count = 0;
    base64->ended = 1;
    return length;
}

static size_t decode_byte(struct base64_source *base64, unsigned char c,
                          unsigned char *out)
{
    unsigned v = values[c];
    if (base64->ended) {
        base64->truncated |= v != 0;
        return 0;
    }
    if (c == '=' && base64->count > 0)
        return end_group(base64, out);
    if (!v)
        return 0;
    base64->bits = base64->bits << 6 | (v & 63);
    if (++base64->count < 4)
        return 0;
    put_group(base64->bits, out);
    base64->bits = base64->count = 0;
    return 3;
}

static size_t decode_some(struct base64_source *base64,
                          const unsigned char *in, size_t size,
                          unsigned char *out)
{
    const unsigned char *end = in + size;
    size_t used = 0;
    while (in < end) {
        size_t whole = base64->count || base64->ended || end - in < 4
                           ? 0 : decode_four(in, out + used);
        used += whole ? whole : decode_byte(base64, *in, out + used);
        in += whole ? 4 : 1;
    }
    return used;
}

static ssize_t decode(struct source *self, void *data, size_t size,
                      struct failure *why)
{
    struct base64_source *base64 = (struct base64_source *)self;
    unsigned char in[4096], *out = data;
    size_t used = 0;
    if (size < 3)
        return 0;
    while (used == 0) {
        /* As many characters as surely fit when decoded. */
        size_t most = size - 2 < sizeof in ? size - 2 : sizeof in;
        ssize_t got = base64->in->read(base64->in, in, most, why);
        if (got < 0)
            return -1;
        used = decode_some(base64, in, (size_t)got, out);
        if (got > 0)
            continue;
        if (base64->count == 0 || base64->ended)
            return 0;
        base64->truncated = 1; /* the padding is missing */
        return (ssize_t)end_group(base64, out);
    }
    return (ssize_t)used;
}

void base64_source_init(struct base64_source *base64, struct source *in)
{
    *base64 = (struct base64_source){.source = {decode}, .in = in};
}
