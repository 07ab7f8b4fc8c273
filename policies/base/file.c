/* file: see file.h. */
#include "file.h"

#include "buffer.h"
#include "failure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int check(int fd, const char *path, enum file_trust trust, int kind,
                 struct stat *status, struct failure *why)
{
    enum failure_kind k = (enum failure_kind)kind;
    if (fstat(fd, status) < 0)
        return failure_errno(why, k, errno, "%s", path);
    if (trust == FILE_PLAIN)
        return 0;
    if (trust != FILE_SHARED && status->st_uid != 0 &&
        status->st_uid != geteuid())
        return failure(why, k, "%s: owner is user %ld, not root or user %ld%s",
                       path, (long)status->st_uid, (long)geteuid(),
                       geteuid() == 0 ? " (the command \"seemail\" works as "
                                        "the hub's user)" : "");
    mode_t bad = trust == FILE_SECRET ? 077 : trust == FILE_SHARED ? 02 : 022;
    if (trust == FILE_SECRET && status->st_uid == 0 && geteuid() != 0)
        bad = 037; /* root's file, read through our group */
    if (status->st_mode & bad)
        return failure(why, k, "%s: mode %04o lets others %s it", path,
                       (unsigned)(status->st_mode & 07777),
                       status->st_mode & 022 ? "change" : "read");
    return 0;
}

static int read_all(int fd, const char *path, size_t most,
                    enum failure_kind kind, struct buffer *content,
                    struct failure *why)
{
    char data[8192];
    size_t total = 0;
    for (;;) {
        ssize_t got = read(fd, data, sizeof data);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failure_errno(why, kind, errno, "%s", path);
        if (got == 0)
            return 0;
        total += (size_t)got;
        if (total > most)
            return failure(why, kind, "%s: larger than %zu bytes", path, most);
        if (buffer_append(content, data, (size_t)got) < 0)
            return failure_memory(why);
    }
}

int file_read(const char *path, enum file_trust trust, size_t most, int kind,
              struct buffer *content, struct failure *why)
{
    enum failure_kind k = (enum failure_kind)kind;
    struct stat status;
    /* A FIFO in a file's place must not make us wait. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return failure_errno(why, k, errno, "%s", path);
    int rc = check(fd, path, trust, kind, &status, why);
    if (rc == 0 && !S_ISREG(status.st_mode))
        rc = failure(why, k, "%s: not a regular file", path);
    if (rc == 0)
        rc = read_all(fd, path, most, k, content, why);
    close(fd);
    return rc;
}

int file_check(const char *path, enum file_trust trust, int kind,
               struct failure *why)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return failure_errno(why, (enum failure_kind)kind, errno, "%s", path);
    int rc = check(fd, path, trust, kind, &status, why);
    close(fd);
    return rc;
}

static int write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t put = write(fd, data, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return -1;
        data += put;
        length -= (size_t)put;
    }
    return fsync(fd);
}

/* The folder that a path is in. */
static void folder_of(const char *path, char *folder, size_t size)
{
    const char *slash = strrchr(path, '/');
    snprintf(folder, size, "%.*s", slash ? (int)(slash - path) : 1,
             slash ? path : ".");
    if (!*folder)
        snprintf(folder, size, "/");
}

static int open_folder(const char *path)
{
    char folder[4096];
    folder_of(path, folder, sizeof folder);
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int file_hand_over(int fd, const char *path)
{
    char folder[4096];
    struct stat owner, now;
    if (geteuid() != 0)
        return 0;
    folder_of(path, folder, sizeof folder);
    if (stat(folder, &owner) < 0 || fstat(fd, &now) < 0)
        return -1;
    return now.st_uid == owner.st_uid && now.st_gid == owner.st_gid
               ? 0 : fchown(fd, owner.st_uid, owner.st_gid);
}

int file_folder(const char *path, int kind, struct failure *why)
{
    int rc = mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : -1;
    int fd = rc == 0 && geteuid() == 0
                 ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                 : -1;
    if (rc == 0 && geteuid() == 0)
        rc = fd < 0 ? -1 : file_hand_over(fd, path);
    if (rc < 0)
        failure_errno(why, (enum failure_kind)kind, errno, "%s", path);
    if (fd >= 0)
        close(fd);
    return rc;
}

/* The rename itself is on the disk when the folder is. */
static int fill_and_rename(int fd, int folder, const char *aside,
                           const char *path, const void *data, size_t length)
{
    if (file_hand_over(fd, path) < 0 ||
        write_all(fd, data, length) < 0 || rename(aside, path) < 0)
        return -1;
    return fsync(folder);
}

int file_replace(const char *path, const void *data, size_t length,
                 mode_t mode, int kind, struct failure *why)
{
    enum failure_kind k = (enum failure_kind)kind;
    char aside[4096];
    if (snprintf(aside, sizeof aside, "%s.new", path) >= (int)sizeof aside)
        return failure(why, k, "%s: name too long", path);
    unlink(aside); /* of one who was killed */
    int folder = open_folder(path);
    int fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    int rc = folder < 0 || fd < 0
                 ? -1
                 : fill_and_rename(fd, folder, aside, path, data, length);
    if (rc < 0)
        failure_errno(why, k, errno, "%s", path);
    if (rc < 0 && fd >= 0)
        unlink(aside);
    if (fd >= 0)
        close(fd);
    if (folder >= 0)
        close(folder);
    return rc;
}
