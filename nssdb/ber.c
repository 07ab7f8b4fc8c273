/* ber: see ber.h. */
#include "ber.h"

#include "buffer.h"
#include "der.h"
#include "failure.h"

#include <string.h>

static int malformed(struct failure *why, const char *what)
{
    return failure(why, FAILURE_MALFORMED, "CMS object: %s", what);
}

void ber_init(struct ber *ber, struct source *in)
{
    ber->in = in;
    ber->at = ber->used = 0;
    ber->depth = 0;
}

/* Something to read in the window: 1; the end of the source: 0; -1. */
static int fill(struct ber *ber, struct failure *why)
{
    if (ber->at < ber->used)
        return 1;
    ssize_t got = ber->in->read(ber->in, ber->data, sizeof ber->data, why);
    if (got < 0)
        return -1;
    ber->at = 0;
    ber->used = (size_t)got;
    return got > 0;
}

static struct ber_frame *frame(struct ber *ber)
{
    return ber->depth ? &ber->frames[ber->depth - 1] : NULL;
}

/* Counts bytes against the value that is being read. Frames inside a
 * definite one were charged whole when they began. */
static int charge(struct ber *ber, unsigned long long count,
                  struct failure *why)
{
    for (unsigned i = ber->depth; i-- > 0;) {
        if (ber->frames[i].indefinite)
            continue;
        if (ber->frames[i].left < count)
            return malformed(why, "a value is longer than what holds it");
        ber->frames[i].left -= count;
        return 0;
    }
    return 0;
}

static int get_byte(struct ber *ber, struct failure *why)
{
    int rc = fill(ber, why);
    if (rc <= 0)
        return rc < 0 ? -1 : malformed(why, "cut short");
    if (charge(ber, 1, why) < 0)
        return -1;
    return ber->data[ber->at++];
}

static int get_length(struct ber *ber, struct ber_value *value,
                      struct failure *why)
{
    int first = get_byte(ber, why);
    if (first < 0)
        return -1;
    value->indefinite = first == 0x80;
    value->length = (unsigned)first & 0x7f;
    if (first <= 0x80)
        return 0;
    int count = first & 0x7f;
    value->length = 0;
    if (count > 7)
        return malformed(why, "a length of more than 7 bytes");
    while (count-- > 0) {
        int byte = get_byte(ber, why);
        if (byte < 0)
            return -1;
        value->length = value->length << 8 | (unsigned)byte;
    }
    return 0;
}

/* The end-of-contents octets: the second one. */
static int end_of_contents(struct ber *ber, struct failure *why)
{
    int byte = get_byte(ber, why);
    if (byte < 0)
        return -1;
    struct ber_frame *top = frame(ber);
    if (byte != 0 || !top || !top->indefinite)
        return malformed(why, "end-of-contents out of place");
    top->indefinite = 0; /* ended: nothing left */
    top->left = 0;
    return 0;
}

int ber_next(struct ber *ber, struct ber_value *value_r, struct failure *why)
{
    struct ber_frame *top = frame(ber);
    if (top && !top->indefinite && top->left == 0)
        return 0;
    if (!top) {
        int rc = fill(ber, why);
        if (rc <= 0)
            return rc;
    }
    int tag = get_byte(ber, why);
    if (tag < 0)
        return -1;
    if (tag == 0)
        return end_of_contents(ber, why);
    if ((tag & 0x1f) == 0x1f)
        return malformed(why, "a tag number over 30");
    value_r->tag = tag;
    value_r->constructed = (tag & TAG_CONSTRUCTED) != 0;
    if (get_length(ber, value_r, why) < 0)
        return -1;
    if (value_r->indefinite && !value_r->constructed)
        return malformed(why, "a primitive value of indefinite length");
    if (!value_r->indefinite && charge(ber, value_r->length, why) < 0)
        return -1;
    return 1;
}

int ber_expect(struct ber *ber, int tag, struct ber_value *value_r,
               struct failure *why)
{
    int rc = ber_next(ber, value_r, why);
    if (rc < 0)
        return -1;
    if (rc == 0 || value_r->tag != tag)
        return malformed(why, "another type than the standard has there");
    return 0;
}

int ber_enter(struct ber *ber, const struct ber_value *value,
              struct failure *why)
{
    if (!value->constructed)
        return malformed(why, "a primitive value where parts should be");
    if (ber->depth == BER_DEPTH_MOST)
        return malformed(why, "nested too deep");
    ber->frames[ber->depth].left = value->length;
    ber->frames[ber->depth++].indefinite = value->indefinite;
    return 0;
}

int ber_descend(struct ber *ber, int tag, struct failure *why)
{
    struct ber_value value;
    if (ber_expect(ber, tag, &value, why) < 0)
        return -1;
    return ber_enter(ber, &value, why);
}

int ber_leave(struct ber *ber, struct failure *why)
{
    struct ber_value value;
    int rc = ber_next(ber, &value, why);
    if (rc > 0)
        return malformed(why, "more parts than the standard has there");
    if (rc == 0)
        ber->depth--;
    return rc;
}

/* Moves the content of a definite value; it was charged when it began. */
static int move(struct ber *ber, unsigned long long length, struct sink *out,
                struct failure *why)
{
    while (length > 0) {
        int rc = fill(ber, why);
        if (rc <= 0)
            return rc < 0 ? -1 : malformed(why, "cut short");
        size_t part = ber->used - ber->at;
        if (part > length)
            part = (size_t)length;
        if (out && out->write(out, ber->data + ber->at, part, why) < 0)
            return -1;
        ber->at += part;
        length -= part;
    }
    return 0;
}

struct capture {
    struct sink sink;
    struct buffer *out;
    size_t most; /* length of the buffer */
};

static int over_limit(struct failure *why, size_t most)
{
    return failure(why, FAILURE_LIMIT,
                   "CMS object: a value of more than %zu bytes", most);
}

static int capture_write(struct sink *self, const void *data, size_t size,
                         struct failure *why)
{
    struct capture *capture = (struct capture *)self;
    if (size > capture->most - capture->out->length)
        return over_limit(why, capture->most);
    if (buffer_append(capture->out, data, size) < 0)
        return failure_memory(why);
    return 0;
}

/* The parts of an indefinite value; its frame ends with them. */
static int capture_parts(struct ber *ber, const struct ber_value *value,
                         size_t most, struct buffer *out, struct failure *why)
{
    struct ber_value part;
    size_t start = out->length;
    int rc;
    if (ber_enter(ber, value, why) < 0)
        return -1;
    while ((rc = ber_next(ber, &part, why)) > 0) {
        size_t used = out->length - start;
        if (used > most)
            return over_limit(why, most);
        if (ber_capture(ber, &part, most - used, out, why) < 0)
            return -1;
    }
    if (rc == 0)
        ber->depth--;
    return rc;
}

int ber_capture(struct ber *ber, const struct ber_value *value, size_t most,
                struct buffer *out, struct failure *why)
{
    int rc, pieces = value->tag == (TAG_OCTET_STRING | TAG_CONSTRUCTED);
    if (!value->indefinite && value->length > most)
        return over_limit(why, most);
    size_t open = der_open(out, pieces ? TAG_OCTET_STRING : value->tag);
    struct capture capture = {{capture_write}, out, open + most};
    if (pieces)
        rc = ber_pour(ber, value, &capture.sink, why);
    else if (value->indefinite)
        rc = capture_parts(ber, value, most, out, why);
    else
        rc = move(ber, value->length, &capture.sink, why);
    if (rc < 0)
        return -1;
    der_close(out, open);
    return out->failed ? failure_memory(why) : 0;
}

int ber_pour(struct ber *ber, const struct ber_value *value, struct sink *out,
             struct failure *why)
{
    struct ber_value piece;
    int rc;
    if (!value->constructed)
        return move(ber, value->length, out, why);
    if (ber_enter(ber, value, why) < 0)
        return -1;
    while ((rc = ber_next(ber, &piece, why)) > 0) {
        if ((piece.tag & ~TAG_CONSTRUCTED) != TAG_OCTET_STRING)
            return malformed(why, "a piece that is no OCTET STRING");
        if (ber_pour(ber, &piece, out, why) < 0)
            return -1;
    }
    if (rc == 0)
        ber->depth--;
    return rc;
}

int ber_skip(struct ber *ber, const struct ber_value *value,
             struct failure *why)
{
    struct ber_value piece;
    int rc;
    if (!value->indefinite)
        return move(ber, value->length, NULL, why);
    if (ber_enter(ber, value, why) < 0)
        return -1;
    while ((rc = ber_next(ber, &piece, why)) > 0)
        if (ber_skip(ber, &piece, why) < 0)
            return -1;
    if (rc == 0)
        ber->depth--;
    return rc;
}

int ber_finish(struct ber *ber, struct failure *why)
{
    int rc = fill(ber, why);
    if (rc > 0)
        return malformed(why, "bytes behind its end");
    return rc;
}
