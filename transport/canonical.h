#ifndef SEEMAIL_CANONICAL_H
#define SEEMAIL_CANONICAL_H

/*
 * canonical: line ends. Exim's files end lines with LF; what is signed ends
 * them with CRLF (RFC 8551, 3.1.1). A CR that no LF follows stays as it is.
 */

#include "stream.h"

#define CANONICAL_WINDOW 16384

/* LF becomes CRLF, CRLF stays. */
struct canonical_source {
    struct source source;
    struct source *in;
    char data[CANONICAL_WINDOW];
    size_t at, used;
    int cr; /* the last byte given was one */
};
void canonical_source_init(struct canonical_source *canonical,
                           struct source *in);

/* CRLF becomes LF, and a last line that has no end gets one. */
struct local_source {
    struct source source;
    struct source *in;
    char data[CANONICAL_WINDOW];
    size_t at, used;
    int cr;   /* one was read and is not yet given */
    int last; /* the last byte given */
};
void local_source_init(struct local_source *local, struct source *in);

#endif
