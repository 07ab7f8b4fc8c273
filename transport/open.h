#ifndef SEEMAIL_OPEN_H
#define SEEMAIL_OPEN_H

/*
 * open: takes off a received message the layers that are the hub's: what is
 * encrypted to one of our keys, and domain signatures (RFC 3183), in any
 * order and nesting, also inside a multipart [2.10-strip]. What an
 * individual signed or what is encrypted for an individual stays closed, and
 * byte for byte as it is [1.2-e2e]. Says what to think of it: the verdict.
 */

#include "learn.h"
#include "mailbox.h"
#include "verdict.h"

#include <sys/types.h>

struct blob;
struct failure;
struct gateway;
struct pool;
struct sink;
struct warning;

/* A range of a blob. */
struct piece {
    const struct blob *blob;
    off_t start, end;
};

struct opened {
    enum verdict verdict;
    const char *signer;    /* first address of the certificate, or "" */
    const char *label;     /* of the good domain signature, or "" */
    const char *reason;    /* words for the log, or "" */
    struct address from;   /* domain NULL = ambiguous */
    int layers;            /* that were taken off */
    int closed;            /* the whole is encrypted, but not to us */
    struct lessons lessons; /* they count if the verdict is good */
    struct header header;  /* of the message */
    struct piece *pieces;  /* the entity that is left, with its header */
    size_t piece_count;
    struct opened_blob *blobs;
};

/* The message (header block and body) must outlive opened_free(). */
int open_message(struct gateway *gateway, struct pool *pool,
                 const struct blob *message, struct opened *opened_r,
                 struct failure *why);
void opened_free(struct opened *opened);

/*
 * Writes the message with its own header fields and what was opened, LF line
 * ends; with the warning, if it has one, on top or in its place. 0 or -1.
 */
int opened_write(const struct opened *opened, struct pool *pool,
                 const struct warning *warning, size_t header_limit,
                 struct sink *out, struct failure *why);

#endif
