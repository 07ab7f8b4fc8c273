/* lock: see lock.h. */
#include "lock.h"

#include "failure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#ifndef F_OFD_SETLK /* elsewhere than on Linux: then it is a process's lock */
#define F_OFD_SETLK F_SETLK
#endif
#define PAUSE 50 /* milliseconds between two tries */

static off_t place(const char *target)
{
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (; *target; target++)
        hash = (hash ^ (unsigned char)*target) * 16777619U;
    return (off_t)(hash & 0x7fffffff);
}

/* 1, 0 = taken by another, -1. An open file's lock: fork and close of other
 * descriptors leave it alone. */
static int try(int fd, off_t at, const char *path, struct failure *why)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET,
                         .l_start = at, .l_len = 1};
    if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return 1;
    if (errno == EAGAIN || errno == EACCES || errno == EINTR)
        return 0;
    return failure_errno(why, FAILURE_STATE, errno, "%s", path);
}

int lock_take(const char *folder, const char *target, long milliseconds,
              struct lock *lock_r, struct failure *why)
{
    char path[4096];
    struct timespec pause = {0, PAUSE * 1000000};
    snprintf(path, sizeof path, "%s/fetch.lock", folder);
    lock_r->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock_r->fd < 0)
        return failure_errno(why, FAILURE_STATE, errno, "%s", path);
    int rc = try(lock_r->fd, place(target), path, why);
    for (; rc == 0 && milliseconds > 0; milliseconds -= PAUSE) {
        nanosleep(&pause, NULL);
        rc = try(lock_r->fd, place(target), path, why);
    }
    if (rc <= 0)
        lock_release(lock_r);
    return rc;
}

void lock_release(struct lock *lock)
{
    if (lock->fd >= 0)
        close(lock->fd);
    lock->fd = -1;
}
