#ifndef SEEMAIL_BASE64_H
#define SEEMAIL_BASE64_H

/*
 * base64: the content transfer encoding (RFC 2045, 6.8) as stages of a
 * stream, in constant memory.
 */

#include "stream.h"

/* Encodes what is written into lines of 76 characters, LF line ends. */
struct base64_sink {
    struct sink sink;
    struct sink *out;
    unsigned char rest[3];
    size_t rest_length, column;
};

void base64_sink_init(struct base64_sink *base64, struct sink *out);

/* The last group, its padding and the last line end. 0 or -1. */
int base64_sink_finish(struct base64_sink *base64, struct failure *why);

/*
 * Decodes what is read. Characters outside the alphabet are passed over, as
 * the RFC asks; `truncated' is set at the end if the last group was cut, or
 * something stood behind the padding: the caller decides what that means.
 */
struct base64_source {
    struct source source;
    struct source *in;
    unsigned bits, count; /* of the group being read */
    int ended, truncated;
};

void base64_source_init(struct base64_source *base64, struct source *in);

#endif
