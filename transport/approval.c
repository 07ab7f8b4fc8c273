/* approval: see approval.h. */
#include "approval.h"

#include "buffer.h"
#include "failure.h"
#include "file.h"
#include "pool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION "seemail approval 1"
#define BYTES_MOST (4 << 20)

static const char *path_of(struct pool *pool, const char *state,
                           const char *id)
{
    return pool_format(pool, "%s/" APPROVAL_FOLDER "/%s", state, id);
}

/* Whole and on the disk, under another name. */
static int write_aside(const char *path, const struct buffer *text,
                       struct failure *why)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                  0600);
    if (fd < 0)
        return failure_errno(why, FAILURE_STATE, errno, "%s", path);
    ssize_t put = write(fd, text->data, text->length);
    int rc = 0;
    if (put != (ssize_t)text->length || fsync(fd) < 0)
        rc = failure_errno(why, FAILURE_STATE, put < 0 ? errno : ENOSPC, "%s",
                           path);
    if (close(fd) < 0 && rc == 0)
        rc = failure_errno(why, FAILURE_STATE, errno, "%s", path);
    return rc;
}

int approval_write(struct pool *pool, const char *state, const char *id,
                   const char *by, const char *const *addresses, size_t count,
                   struct failure *why)
{
    struct buffer text = {0};
    const char *folder = pool_format(pool, "%s/" APPROVAL_FOLDER, state);
    const char *path = path_of(pool, state, id);
    const char *aside = pool_format(pool, "%s/.%s.%ld", folder ? folder : "",
                                    id, (long)getpid());
    if (!folder || !path || !aside)
        return failure_memory(why);
    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return failure_errno(why, FAILURE_STATE, errno, "%s", folder);
    buffer_format(&text, VERSION "\n%s\n", by);
    for (size_t i = 0; i < count; i++)
        buffer_format(&text, "%s\n", addresses[i]);
    int rc = text.failed ? failure_memory(why)
                         : write_aside(aside, &text, why);
    if (rc == 0 && rename(aside, path) < 0)
        rc = failure_errno(why, FAILURE_STATE, errno, "%s", path);
    if (rc < 0)
        unlink(aside);
    buffer_free(&text);
    return rc;
}

/* The next line of the text, cut off; NULL = no more. */
static char *next_line(char **at)
{
    char *line = *at, *end = line ? strchr(line, '\n') : NULL;
    if (!end)
        return NULL;
    *end = '\0';
    *at = end + 1;
    return line;
}

static int look(struct pool *pool, char *text, const char *path,
                const char *address, const char **by_r, struct failure *why)
{
    const char *line = next_line(&text);
    const char *by = next_line(&text);
    if (!line || !by || strcmp(line, VERSION) != 0)
        return failure(why, FAILURE_STATE, "%s: is damaged", path);
    while ((line = next_line(&text)))
        if (strcasecmp(line, address) == 0) {
            *by_r = pool_string(pool, by);
            return *by_r ? 1 : failure_memory(why);
        }
    return 0;
}

int approval_find(struct pool *pool, const char *state, const char *id,
                  const char *address, const char **by_r, struct failure *why)
{
    struct buffer text = {0};
    const char *path = path_of(pool, state, id);
    if (!path)
        return failure_memory(why);
    if (strchr(id, '/') || *id == '.' || access(path, F_OK) < 0)
        return 0;
    int rc = file_read(path, FILE_GUARDED, BYTES_MOST, FAILURE_STATE, &text,
                       why);
    if (rc == 0)
        rc = look(pool, text.length ? text.data : NULL, path, address, by_r,
                  why);
    buffer_free(&text);
    return rc;
}

void approval_prune(struct pool *pool, const char *state,
                    int (*waits)(void *context, const char *id),
                    void *context)
{
    struct dirent *entry;
    const char *folder = pool_format(pool, "%s/" APPROVAL_FOLDER, state);
    DIR *directory = folder ? opendir(folder) : NULL;
    if (!directory)
        return;
    while ((entry = readdir(directory)))
        if (*entry->d_name != '.' && !waits(context, entry->d_name))
            unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
}
