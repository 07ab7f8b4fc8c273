#ifndef SEEMAIL_MIME_H
#define SEEMAIL_MIME_H

/*
 * mime: the structure of a message (RFC 2046), in one pass and in constant
 * memory but for headers. Each entity is told twice: `enter' when its header
 * has been read, `leave' when its end is known. Ranges are exact: the line
 * end before a boundary belongs to the boundary (RFC 2046, 5.1.1), so that
 * header..end of a part of multipart/signed is what was signed.
 *
 * The body of a leaf that no multipart is around is not read at all.
 *
 * An outer boundary ends all that is open inside it; a missing end boundary
 * ends with what is around it. What cannot be read within the limits is a
 * FAILURE_LIMIT: too deep, too many parts, too large a header.
 */

#include "content.h"
#include "header.h"

#include <sys/types.h>

struct blob;
struct failure;
struct pool;

struct mime_limits {
    unsigned depth;     /* of entities in entities; the message is 1 */
    unsigned parts;     /* in all */
    size_t header;      /* bytes of one header block */
    size_t fields;      /* of one header block */
};

struct entity {
    struct entity *parent; /* NULL = the message */
    unsigned depth, number; /* number: 1 = the message, in order */
    off_t start;       /* of its header */
    off_t body, end;   /* end: known at `leave' */
    struct header header;
    struct content type;        /* default text/plain, message/rfc822 in
                                   a multipart/digest */
    struct content disposition; /* type "" = none */
    const char *encoding;       /* lower case; "7bit" if there is none */
};

struct mime_visitor {
    /* 0 = go on, -1 = stop with *why filled. Either may be NULL. */
    int (*enter)(void *context, struct entity *entity, struct failure *why);
    int (*leave)(void *context, struct entity *entity, struct failure *why);
    void *context;
};

/* Walks the message in [start, end) of the blob; memory from the pool. */
int mime_walk(struct pool *pool, const struct blob *blob, off_t start,
              off_t end, const struct mime_limits *limits,
              const struct mime_visitor *visitor, struct failure *why);

/* The entity's file name: Content-Disposition's, else Content-Type's name.
 * NULL = none. RFC 2047 words in it are left as they are. */
const char *entity_filename(struct pool *pool, const struct entity *entity);

#endif
