#ifndef SEEMAIL_BLOB_H
#define SEEMAIL_BLOB_H

/*
 * blob: bytes of any size that are written once, in order, and then read at
 * any offset. A small one stays in memory; a larger one spills into an
 * unlinked file (TMPDIR or /tmp, mode 0600), so that memory is constant and
 * a killed process leaves nothing behind. A blob can also stand for a prefix
 * in memory followed by a range of a file that somebody else owns (Exim's
 * -D file: read with pread alone, never closed, never seeked).
 */

#include "stream.h"

#include <sys/types.h>

struct blob {
    struct sink sink; /* writing appends: &blob->sink is a sink */
    char *data;       /* the part in memory: the first `memory' bytes */
    size_t memory, size;
    int fd;           /* -1, or what holds the bytes from `memory' on */
    int owned;        /* fd is ours to close */
    int prefix;       /* what is written stays in memory */
    off_t fd_offset;  /* where in fd byte `memory' stands */
    off_t length;     /* of the whole */
};

void blob_init(struct blob *blob);
/* One that blob_attach() will be called for: of any size, in memory. */
void blob_init_prefix(struct blob *blob);
void blob_free(struct blob *blob);

int blob_write(struct blob *blob, const void *data, size_t size,
               struct failure *why);

/* Appends the rest of fd from offset on without reading it. Once, last. */
int blob_attach(struct blob *blob, int fd, off_t offset, struct failure *why);

/* Up to size bytes from offset on: their number, 0 at the end, or -1. */
ssize_t blob_read(const struct blob *blob, off_t offset, void *data,
                  size_t size, struct failure *why);

/* A source over a range of a blob. */
struct blob_source {
    struct source source;
    const struct blob *blob;
    off_t offset, end;
};

void blob_source_init(struct blob_source *source, const struct blob *blob,
                      off_t offset, off_t length);

#endif
