/* event_journal: see event_journal.h. */
#include "event_journal.h"

#include "buffer.h"
#include "failure.h"
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN "events"
#define TAKEN "events.taken"
#define LOCK "events.lock"
#define DUE "events.due"
#define TRIES 10
#define LINE_MOST 2048
#define FIELDS 8

static int fail(int error, const char *path, struct failure *why)
{
    return failure_errno(why, FAILURE_STATE, error, "%s", path);
}

static void path_of(const char *folder, const char *name, char *path,
                    size_t size)
{
    snprintf(path, size, "%s/%s", folder, name);
}

static int open_in(const char *folder, const char *path, int flags,
                   struct failure *why)
{
    int fd = open(path, flags | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == ENOENT && mkdir(folder, 0700) == 0)
        fd = open(path, flags | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail(errno, path, why);
    if (file_hand_over(fd, path) < 0) {
        fail(errno, path, why);
        close(fd);
        return -1;
    }
    return fd;
}

/* The file, locked, and still the one of that name: its descriptor, -1. */
static int open_journal(const char *folder, const char *path,
                        struct stat *found, struct failure *why)
{
    for (int i = 0; i < TRIES; i++) {
        struct stat named;
        int fd = open_in(folder, path, O_WRONLY | O_APPEND, why);
        if (fd < 0)
            return -1;
        if (flock(fd, LOCK_SH) == 0 && fstat(fd, found) == 0 &&
            stat(path, &named) == 0 && named.st_ino == found->st_ino &&
            named.st_dev == found->st_dev)
            return fd;
        close(fd); /* it was taken over in between */
    }
    return failure(why, FAILURE_STATE, "%s: taken over all the time", path);
}

static void put_value(struct buffer *text, const char *value)
{
    buffer_byte(text, '\t');
    for (size_t i = 0; value && value[i] && i < JOURNAL_VALUE_MOST; i++) {
        unsigned char c = (unsigned char)value[i];
        buffer_byte(text, c < ' ' || c >= 127 ? '?' : c);
    }
}

/* A newline before it too: what a full disk has cut short stays apart. */
static void put_line(struct buffer *text, const struct journal_line *line)
{
    buffer_format(text, "\n%lld\t%s\t%d", line->when, event_word(line->kind),
                  line->quiet != 0);
    put_value(text, line->id);
    put_value(text, line->sender);
    put_value(text, line->about);
    put_value(text, line->reason);
    buffer_text(text, "\t.\n");
}

int journal_append(const char *folder, const struct journal_line *line,
                   struct failure *why)
{
    char path[4096];
    struct stat found;
    struct buffer text = {0};
    ssize_t put;
    int rc = -1;
    path_of(folder, OPEN, path, sizeof path);
    int fd = open_journal(folder, path, &found, why);
    if (fd < 0)
        return -1;
    put_line(&text, line);
    if (text.failed)
        failure_memory(why);
    else if (found.st_size > JOURNAL_BYTES_MOST)
        failure(why, FAILURE_LIMIT, "%s: full; does seemail-responder flush "
                                    "run?", path);
    else if ((put = write(fd, text.data, text.length)) !=
             (ssize_t)text.length)
        fail(put < 0 ? errno : ENOSPC, path, why);
    else
        rc = found.st_size / JOURNAL_COUNT_EACH !=
             (found.st_size + (off_t)text.length) / JOURNAL_COUNT_EACH;
    close(fd);
    buffer_free(&text);
    return rc;
}

int journal_lock(const char *folder, int wait, int *fd_r, struct failure *why)
{
    char path[4096];
    path_of(folder, LOCK, path, sizeof path);
    *fd_r = open_in(folder, path, O_RDWR, why);
    if (*fd_r < 0)
        return -1;
    if (flock(*fd_r, LOCK_EX | (wait ? 0 : LOCK_NB)) == 0)
        return 1;
    int error = errno;
    close(*fd_r);
    *fd_r = -1;
    return error == EWOULDBLOCK ? 0 : fail(error, path, why);
}

int journal_waits(const char *folder)
{
    char path[4096], taken[4096];
    path_of(folder, OPEN, path, sizeof path);
    path_of(folder, TAKEN, taken, sizeof taken);
    return access(path, F_OK) == 0 || access(taken, F_OK) == 0;
}

long long journal_oldest(const char *folder)
{
    static const char *const names[] = {TAKEN, OPEN};
    long long when = 0;
    for (size_t i = 0; i < 2 && when == 0; i++) {
        char path[4096];
        path_of(folder, names[i], path, sizeof path);
        FILE *file = fopen(path, "re");
        if (file && fscanf(file, " %lld", &when) != 1)
            when = 0;
        if (file)
            fclose(file);
    }
    return when;
}

/* Nobody writes to it any more once we have had it for ourselves. */
static int settle(const char *path, char *name, struct failure *why)
{
    struct stat found;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? 0 : fail(errno, path, why);
    int rc = flock(fd, LOCK_EX) < 0 || fstat(fd, &found) < 0
                 ? fail(errno, path, why)
                 : 1;
    if (rc > 0)
        snprintf(name, JOURNAL_NAME, "%llx %llx %lld.%09ld %lld",
                 (unsigned long long)found.st_dev,
                 (unsigned long long)found.st_ino,
                 (long long)found.st_mtim.tv_sec, found.st_mtim.tv_nsec,
                 (long long)found.st_size);
    close(fd);
    return rc;
}

int journal_take(const char *folder, char name[JOURNAL_NAME],
                 struct failure *why)
{
    char path[4096], taken[4096];
    path_of(folder, OPEN, path, sizeof path);
    path_of(folder, TAKEN, taken, sizeof taken);
    if (access(taken, F_OK) < 0 && rename(path, taken) < 0 && errno != ENOENT)
        return fail(errno, path, why);
    return settle(taken, name, why);
}

/* 1, or 0 = cut short, or not ours. */
static int read_line(char *text, struct journal_line *line)
{
    char *fields[FIELDS] = {NULL}, *end, *at = text;
    text[strcspn(text, "\n")] = '\0';
    for (size_t i = 0; i < FIELDS; i++)
        if (!(fields[i] = strsep(&at, "\t")))
            return 0;
    *line = (struct journal_line){
        .when = strtoll(fields[0], &end, 10), .quiet = *fields[2] == '1',
        .id = fields[3], .sender = fields[4], .about = fields[5],
        .reason = fields[6]};
    if (*end || strcmp(fields[7], ".") != 0)
        return 0;
    while (line->kind < EVENT_KINDS &&
           strcmp(event_word(line->kind), fields[1]) != 0)
        line->kind++;
    return line->kind < EVENT_KINDS;
}

int journal_each(const char *folder, journal_visit *visit, void *context,
                 struct failure *why)
{
    char path[4096], text[LINE_MOST];
    int rc = 0;
    path_of(folder, TAKEN, path, sizeof path);
    FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT ? 0 : fail(errno, path, why);
    while (rc == 0 && fgets(text, sizeof text, file)) {
        struct journal_line line;
        if (read_line(text, &line))
            rc = visit(context, &line, why);
    }
    if (rc == 0 && ferror(file))
        rc = fail(errno, path, why);
    fclose(file);
    return rc < 0 ? -1 : 0;
}

int journal_done(const char *folder, struct failure *why)
{
    char path[4096];
    path_of(folder, TAKEN, path, sizeof path);
    return unlink(path) < 0 && errno != ENOENT ? fail(errno, path, why) : 0;
}

/* In place and always as long, so that it can be written on a full disk. */
int journal_set_due(const char *folder, long long due, unsigned muted,
                    struct failure *why)
{
    char path[4096], text[64];
    path_of(folder, DUE, path, sizeof path);
    int fd = open_in(folder, path, O_WRONLY, why);
    if (fd < 0)
        return -1;
    int length = snprintf(text, sizeof text, "%020lld %010u\n", due, muted);
    ssize_t put = write(fd, text, (size_t)length);
    int rc = put == length ? 0 : fail(put < 0 ? errno : ENOSPC, path, why);
    close(fd);
    return rc;
}

void journal_due(const char *folder, long long *due_r, unsigned *muted_r)
{
    char path[4096], text[64] = "";
    path_of(folder, DUE, path, sizeof path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (got <= 0 || sscanf(text, "%lld %u", due_r, muted_r) != 2) {
        *due_r = 0;
        *muted_r = 0;
    }
}
