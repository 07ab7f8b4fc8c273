/* blob: see blob.h. */
#include "blob.h"

#include "failure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMORY_MOST 262144

static int sink_write(struct sink *self, const void *data, size_t size,
                      struct failure *why)
{
    return blob_write((struct blob *)self, data, size, why);
}

void blob_init(struct blob *blob)
{
    *blob = (struct blob){.sink = {sink_write}, .fd = -1};
}

void blob_init_prefix(struct blob *blob)
{
    blob_init(blob);
    blob->prefix = 1;
}

void blob_free(struct blob *blob)
{
    if (blob->fd >= 0 && blob->owned)
        close(blob->fd);
    free(blob->data);
    blob_init(blob);
}

static int open_unlinked(struct failure *why)
{
    const char *folder = getenv("TMPDIR");
    if (!folder || !*folder)
        folder = "/tmp";
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    if (fd < 0)
        failure_errno(why, FAILURE_DISK, errno, "temporary file in %s",
                      folder);
    return fd;
}

static int write_all(int fd, const char *data, size_t size, off_t offset,
                     struct failure *why)
{
    while (size > 0) {
        ssize_t put = pwrite(fd, data, size, offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return failure_errno(why, FAILURE_DISK, errno,
                                 "writing a temporary file");
        data += put;
        size -= (size_t)put;
        offset += put;
    }
    return 0;
}

static int write_memory(struct blob *blob, const void *data, size_t size,
                        struct failure *why)
{
    if (blob->memory + size > blob->size) {
        size_t wanted = blob->size ? blob->size * 2 : 8192;
        if (wanted < blob->memory + size)
            wanted = blob->memory + size;
        char *grown = realloc(blob->data, wanted);
        if (!grown)
            return failure_memory(why);
        blob->data = grown;
        blob->size = wanted;
    }
    memcpy(blob->data + blob->memory, data, size);
    blob->memory += size;
    blob->length += (off_t)size;
    return 0;
}

int blob_write(struct blob *blob, const void *data, size_t size,
               struct failure *why)
{
    if (size == 0)
        return 0;
    if (blob->fd >= 0 && !blob->owned)
        return failure(why, FAILURE_BUG, "blob: written after an attach");
    if (blob->fd < 0 &&
        (blob->prefix || blob->memory + size <= MEMORY_MOST))
        return write_memory(blob, data, size, why);
    if (blob->fd < 0) {
        blob->fd = open_unlinked(why);
        if (blob->fd < 0)
            return -1;
        blob->owned = 1;
        blob->fd_offset = 0;
    }
    off_t at = blob->length - (off_t)blob->memory;
    if (write_all(blob->fd, data, size, at, why) < 0)
        return -1;
    blob->length += (off_t)size;
    return 0;
}

int blob_attach(struct blob *blob, int fd, off_t offset, struct failure *why)
{
    struct stat status;
    if (blob->fd >= 0)
        return failure(why, FAILURE_BUG, "blob: attached twice");
    if (fstat(fd, &status) < 0)
        return failure_errno(why, FAILURE_DISK, errno, "message file");
    if (offset > status.st_size)
        return failure(why, FAILURE_DISK, "message file is too short");
    blob->fd = fd;
    blob->owned = 0;
    blob->fd_offset = offset;
    blob->length += status.st_size - offset;
    return 0;
}

static ssize_t read_file(const struct blob *blob, off_t offset, void *data,
                         size_t size, struct failure *why)
{
    off_t at = blob->fd_offset + offset - (off_t)blob->memory;
    for (;;) {
        ssize_t got = pread(blob->fd, data, size, at);
        if (got > 0)
            return got;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failure_errno(why, FAILURE_DISK, errno,
                                 "reading the message");
        return failure(why, FAILURE_DISK, "the message file became shorter");
    }
}

ssize_t blob_read(const struct blob *blob, off_t offset, void *data,
                  size_t size, struct failure *why)
{
    if (offset < 0 || offset >= blob->length || size == 0)
        return 0;
    if ((off_t)size > blob->length - offset)
        size = (size_t)(blob->length - offset);
    if (offset >= (off_t)blob->memory)
        return read_file(blob, offset, data, size, why);
    size_t here = blob->memory - (size_t)offset;
    if (size > here)
        size = here;
    memcpy(data, blob->data + offset, size);
    return (ssize_t)size;
}

static ssize_t source_read(struct source *self, void *data, size_t size,
                           struct failure *why)
{
    struct blob_source *source = (struct blob_source *)self;
    off_t left = source->end - source->offset;
    if (left <= 0)
        return 0;
    if ((off_t)size > left)
        size = (size_t)left;
    ssize_t got = blob_read(source->blob, source->offset, data, size, why);
    if (got > 0)
        source->offset += got;
    return got;
}

void blob_source_init(struct blob_source *source, const struct blob *blob,
                      off_t offset, off_t length)
{
    *source = (struct blob_source){.source = {source_read}, .blob = blob,
                                   .offset = offset,
                                   .end = offset + length};
}
