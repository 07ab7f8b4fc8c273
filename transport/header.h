#ifndef SEEMAIL_HEADER_H
#define SEEMAIL_HEADER_H

/*
 * header: the header block of a message or of a MIME entity (RFC 5322, 2.2):
 * its fields in order, each with its exact bytes, so that what is kept can
 * be written as it was. Line ends are LF or CRLF. Lives in the pool; the
 * text is borrowed.
 */

#include <stddef.h>

struct failure;
struct pool;

/* What is accepted leaves room for what Exim and we add on the way. */
#define HEADER_FIELDS_MOST 10000
#define HEADER_FIELDS_ADDED 50
#define HEADER_BYTES_ADDED 2048

struct header_field {
    const char *text; /* the whole field, with its line end */
    size_t length;
    size_t name;        /* length of the name */
    const char *value;  /* behind the colon; raw, folded */
    size_t value_length;/* without the last line end */
};

struct header {
    struct header_field *fields;
    size_t count;
    size_t length; /* of the block, with the empty line that ends it */
    size_t sound;  /* of it, before the first line that is no sound field */
    int broken;    /* there is such a line, or a NUL: others may read it so
                      that the block ends there, or goes on */
};

/*
 * Reads the block at the start of text, as Exim does: a field whose name RFC
 * 5322 would not have (8-bit, empty, its colon in a folded line) is `broken'
 * and a field; a line that is none at all ends the block. Over `most'
 * fields: FAILURE_LIMIT. 0 or -1.
 */
int header_read(struct pool *pool, const char *text, size_t length,
                size_t most, struct header *header_r, struct failure *why);

/* Does the field have this name? Without regard to case. */
int header_is(const struct header_field *field, const char *name);

/* The first field of that name at or behind *at; *at becomes the next
 * index. NULL = no more. Start with *at = 0. */
const struct header_field *header_next(const struct header *header,
                                       const char *name, size_t *at);

/* The value unfolded (line ends taken out), blanks at its ends removed. */
char *header_unfold(struct pool *pool, const struct header_field *field);

#endif
