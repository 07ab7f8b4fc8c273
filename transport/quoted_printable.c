/* quoted_printable: see quoted_printable.h. */
#include "quoted_printable.h"

#include <string.h>

/* At least `want' bytes in the window, if there are so many: 0 or -1. */
static int need(struct quoted_printable_source *q, size_t want,
                struct failure *why)
{
    if (q->used - q->at >= want)
        return 0;
    memmove(q->data, q->data + q->at, q->used - q->at);
    q->used -= q->at;
    q->at = 0;
    while (q->used < want) {
        ssize_t got = q->in->read(q->in, q->data + q->used,
                                  sizeof q->data - q->used, why);
        if (got <= 0)
            return (int)got;
        q->used += (size_t)got;
    }
    return 0;
}

int quoted_printable_hex(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* What stands at an =: a byte to give, or -1 = nothing (a soft line end). */
static int decode(struct quoted_printable_source *q)
{
    const char *at = q->data + q->at;
    size_t left = q->used - q->at, blanks = 1;
    int high = left >= 3 ? quoted_printable_hex(at[1]) : -1;
    int low = left >= 3 ? quoted_printable_hex(at[2]) : -1;
    if (high >= 0 && low >= 0) {
        q->at += 3;
        return high << 4 | low;
    }
    while (blanks < left && (at[blanks] == ' ' || at[blanks] == '\t'))
        blanks++;
    if (blanks < left && at[blanks] == '\r')
        blanks++;
    if (blanks < left && at[blanks] == '\n')
        blanks++;
    else if (blanks < left)
        return q->at++, '=';
    q->at += blanks; /* the line end, or the end of all */
    return -1;
}

static ssize_t quoted_read(struct source *self, void *data, size_t size,
                           struct failure *why)
{
    struct quoted_printable_source *q =
        (struct quoted_printable_source *)self;
    char *out = data;
    size_t put = 0;
    while (put < size) {
        if (need(q, 80, why) < 0)
            return -1;
        if (q->at == q->used)
            break;
        char byte = q->data[q->at];
        int decoded = 0;
        if (byte == '=' && (decoded = decode(q)) >= 0)
            out[put++] = (char)decoded;
        else if (byte != '=')
            out[put++] = q->data[q->at++];
    }
    return (ssize_t)put;
}

void quoted_printable_init(struct quoted_printable_source *quoted,
                           struct source *in)
{
    quoted->source.read = quoted_read;
    quoted->in = in;
    quoted->at = quoted->used = 0;
}
