#ifndef SEEMAIL_HEAD_H
#define SEEMAIL_HEAD_H

/*
 * head: the header block at the front of a message that comes from a stream,
 * and which of its fields go where.
 */

#include "buffer.h"
#include "header.h"
#include "stream.h"

struct head {
    struct source source; /* what follows the block: the body */
    struct source *in;
    struct buffer text;   /* the block, and perhaps some of the body */
    size_t at;            /* what of text has been given as body */
    struct header header;
};

/*
 * Reads the block from the source, `most' bytes of it. 0; -1, also
 * FAILURE_MALFORMED if it has no end within what there is.
 */
int head_read(struct pool *pool, struct source *in, size_t most,
              struct head *head_r, struct failure *why);
void head_free(struct head *head);

/* Is the field part of the content (Content-*), or of the message? */
int head_is_content(const struct header_field *field);

/* Must the field not go out with a sealed or opened message: Bcc, headers of
 * ours that others may have written? */
int head_is_dropped(const struct header_field *field);

/* Appends the content fields (or all others that are kept), byte for byte,
 * but with LF line ends, and a blank for a CR that is none. MIME-Version is in
 * neither. */
int head_put(const struct header *header, int content, struct buffer *out);

/* The message's fields with the tag before each subject that has it not: at its
 * front, where readers see it, or `anywhere'. */
int head_put_tagged(const struct header *header, const char *tag, int anywhere,
                    struct buffer *out);

#endif
