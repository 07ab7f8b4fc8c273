#ifndef SEEMAIL_STREAM_H
#define SEEMAIL_STREAM_H

/*
 * stream: the two ends of a pipe between stages, so that a message flows
 * through decoding, CMS and MIME in constant memory. A stage embeds one of
 * these as the first member of its own struct and casts back.
 */

#include <stddef.h>
#include <sys/types.h>

struct failure;

struct source {
    /* Up to size bytes into data; 0 = the end; -1 = failed, *why filled. */
    ssize_t (*read)(struct source *self, void *data, size_t size,
                    struct failure *why);
};

struct sink {
    /* Takes all of data: 0, or -1 with *why filled. */
    int (*write)(struct sink *self, const void *data, size_t size,
                 struct failure *why);
};

/* A sink at whose end is a buffer. */
struct buffer;
struct buffer_sink {
    struct sink sink;
    struct buffer *out;
};
void buffer_sink_init(struct buffer_sink *sink, struct buffer *out);

/* Moves everything from source to sink. 0 or -1. */
int stream_copy(struct source *source, struct sink *sink,
                struct failure *why);

#endif
