/* der: see der.h. */
#include "der.h"

#include "buffer.h"

#include <string.h>

size_t der_open(struct buffer *out, int tag)
{
    buffer_byte(out, tag);
    buffer_byte(out, 0);
    return out->length;
}

/* The length octets; how many. */
static size_t length_octets(size_t length, unsigned char *octets)
{
    size_t count = 0;
    if (length < 128) {
        octets[0] = (unsigned char)length;
        return 1;
    }
    for (size_t rest = length; rest; rest >>= 8)
        count++;
    octets[0] = (unsigned char)(0x80 | count);
    for (size_t i = 0; i < count; i++)
        octets[1 + i] = (unsigned char)(length >> 8 * (count - 1 - i));
    return count + 1;
}

void der_close(struct buffer *out, size_t open)
{
    unsigned char octets[sizeof(size_t) + 1];
    if (out->failed)
        return;
    size_t content = out->length - open;
    size_t count = length_octets(content, octets);
    if (buffer_reserve(out, count) < 0)
        return;
    memmove(out->data + open + count - 1, out->data + open, content + 1);
    memcpy(out->data + open - 1, octets, count);
    out->length += count - 1;
}

void der_put(struct buffer *out, int tag, const void *value, size_t length)
{
    unsigned char octets[sizeof(size_t) + 1];
    buffer_byte(out, tag);
    buffer_append(out, octets, length_octets(length, octets));
    buffer_append(out, value, length);
}

void der_put_small(struct buffer *out, unsigned value)
{
    unsigned char octets[5] = {0, (unsigned char)(value >> 24),
                               (unsigned char)(value >> 16),
                               (unsigned char)(value >> 8),
                               (unsigned char)value};
    size_t skip = 0;
    while (skip < 4 && octets[skip] == 0 && octets[skip + 1] < 0x80)
        skip++;
    der_put(out, TAG_INTEGER, octets + skip, sizeof octets - skip);
}

void der_put_oid(struct buffer *out, const void *oid, size_t length)
{
    der_put(out, TAG_OID, oid, length);
}

/* Reads a definite, minimal length; the number of octets it took, or 0. */
static size_t read_length(const unsigned char *data, size_t left,
                          size_t *length_r)
{
    if (left == 0)
        return 0;
    size_t count = data[0] & 0x7f, length = 0;
    if (data[0] < 0x80) {
        *length_r = data[0];
        return 1;
    }
    if (count == 0 || count > 4 || count >= left || data[1] == 0)
        return 0;
    for (size_t i = 1; i <= count; i++)
        length = length << 8 | data[i];
    if (length < 128)
        return 0;
    *length_r = length;
    return count + 1;
}

int der_next(struct der *in, struct der_value *value_r)
{
    size_t length = 0;
    if (in->length == 0)
        return 0;
    if ((in->data[0] & 0x1f) == 0x1f)
        return -1;
    size_t octets = read_length(in->data + 1, in->length - 1, &length);
    if (octets == 0 || length > in->length - 1 - octets)
        return -1;
    value_r->tag = in->data[0];
    value_r->whole = (struct der){in->data, 1 + octets + length};
    value_r->content = (struct der){in->data + 1 + octets, length};
    in->data += value_r->whole.length;
    in->length -= value_r->whole.length;
    return 1;
}

int der_expect(struct der *in, int tag, struct der_value *value_r)
{
    return der_next(in, value_r) == 1 && value_r->tag == tag;
}

/* Two digits, or -1. */
static int two_digits(const unsigned char *text)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return -1;
    return (text[0] - '0') * 10 + (text[1] - '0');
}

static int is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30,
                               31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 1970-01-01 to the first of a month, in the Gregorian calendar. */
static int64_t days_to(int year, int month)
{
    int whole = year - 1;
    int64_t days = (int64_t)whole * 365 + whole / 4 - whole / 100 +
                   whole / 400 - 719162;
    for (int before = 1; before < month; before++)
        days += days_in(year, before);
    return days;
}

int der_time(const struct der_value *value, int64_t *seconds_r)
{
    int part[7] = {0}; /* century, year, month, day, hour, minute, second */
    int first = value->tag == TAG_UTC_TIME;
    const struct der *text = &value->content;
    if ((!first && value->tag != TAG_GENERALIZED_TIME) ||
        text->length != (first ? 13 : 15) ||
        text->data[text->length - 1] != 'Z')
        return 0;
    for (int i = first; i < 7; i++)
        if ((part[i] = two_digits(text->data + 2 * (i - first))) < 0)
            return 0;
    if (first)
        part[0] = part[1] < 50 ? 20 : 19;
    if (part[0] < 1 || part[2] < 1 || part[2] > 12 || part[3] < 1 ||
        part[3] > days_in(part[0] * 100 + part[1], part[2]) ||
        part[4] > 23 || part[5] > 59 || part[6] > 59)
        return 0;
    int64_t days = days_to(part[0] * 100 + part[1], part[2]) + part[3] - 1;
    *seconds_r = days * 86400 + part[4] * 3600 + part[5] * 60 + part[6];
    return 1;
}

int der_equal(const struct der *slice, const void *data, size_t length)
{
    return slice->length == length &&
           (length == 0 || memcmp(slice->data, data, length) == 0);
}
