#ifndef SEEMAIL_BER_H
#define SEEMAIL_BER_H

/*
 * ber: a strict pull reader of BER (X.690) over a source, in constant
 * memory. The outer shells of CMS may have definite or indefinite lengths
 * and its content may be a constructed OCTET STRING; everything small is
 * captured whole and read with der.h.
 *
 * Every call answers -1 with FAILURE_MALFORMED for what is no BER, too deep
 * or cut short, or with the source's own failure.
 */

#include "stream.h"

struct buffer;

#define BER_DEPTH_MOST 16

struct ber_frame {
    unsigned long long left; /* bytes of a definite value not yet read */
    int indefinite;
};

struct ber {
    struct source *in;
    unsigned char data[16384];
    size_t at, used;
    struct ber_frame frames[BER_DEPTH_MOST];
    unsigned depth;
};

struct ber_value {
    int tag; /* the identifier octet */
    int constructed;
    int indefinite;
    unsigned long long length; /* if not indefinite */
};

void ber_init(struct ber *ber, struct source *in);

/* The next value of the current level: 1; 0 = the level has ended. What it
 * gives must then be entered, captured, poured or skipped. */
int ber_next(struct ber *ber, struct ber_value *value_r, struct failure *why);

/* The next value must be there and have this tag. 0 or -1. */
int ber_expect(struct ber *ber, int tag, struct ber_value *value_r,
               struct failure *why);

/* Goes into a constructed value; out again, which must be at its end. */
int ber_enter(struct ber *ber, const struct ber_value *value,
              struct failure *why);
/* Into the next one, which must be there and have this tag. */
int ber_descend(struct ber *ber, int tag, struct failure *why);
int ber_leave(struct ber *ber, struct failure *why);

/* Appends the whole value, its tag and length too (written again as DER),
 * `most' bytes at the most. An indefinite length within a definite one stays
 * as it is. */
int ber_capture(struct ber *ber, const struct ber_value *value, size_t most,
                struct buffer *out, struct failure *why);

/* Writes the content of an OCTET STRING (or an IMPLICIT one), in whatever
 * pieces it comes, to the sink. */
int ber_pour(struct ber *ber, const struct ber_value *value, struct sink *out,
             struct failure *why);

int ber_skip(struct ber *ber, const struct ber_value *value,
             struct failure *why);

/* Nothing may follow: 0 or -1. */
int ber_finish(struct ber *ber, struct failure *why);

#endif
