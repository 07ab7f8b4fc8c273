#ifndef SEEMAIL_QUOTED_PRINTABLE_H
#define SEEMAIL_QUOTED_PRINTABLE_H

/*
 * quoted_printable: decodes the content transfer encoding (RFC 2045, 6.7) as
 * a stage of a stream. Lenient: an = that begins nothing stands for itself.
 */

#include "stream.h"

struct quoted_printable_source {
    struct source source;
    struct source *in;
    char data[4096];
    size_t at, used;
};

void quoted_printable_init(struct quoted_printable_source *quoted,
                           struct source *in);

/* The value of a hexadecimal digit, or -1. */
int quoted_printable_hex(char digit);

#endif
