/* spool: see spool.h. */
#include "spool.h"

#include "failure.h"
#include "pool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int spool_is_id(const char *text, size_t length)
{
    size_t at = 0, group = 0, dashes = 0;
    static const size_t least[] = {6, 6, 2}, most[] = {6, 11, 4};
    for (; at <= length; at++) {
        int c = at < length ? (unsigned char)text[at] : '-';
        if (c == '-') {
            if (dashes > 2 || group < least[dashes] || group > most[dashes])
                return 0;
            dashes++;
            group = 0;
        } else if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                   (c >= 'a' && c <= 'z')) {
            group++;
        } else {
            return 0;
        }
    }
    return dashes == 3 && length < SPOOL_ID_MOST;
}

static int keep(struct spool *spool, const char *name, size_t length,
                char folder)
{
    if (spool->count == spool->room) {
        size_t room = spool->room ? 2 * spool->room : 256;
        struct spool_id *more = realloc(spool->ids, room * sizeof *more);
        if (!more)
            return -1;
        spool->ids = more;
        spool->room = room;
    }
    struct spool_id *id = &spool->ids[spool->count++];
    memcpy(id->text, name, length);
    id->text[length] = '\0';
    id->folder = folder;
    return 0;
}

/* input/, or one folder below it when the spool is split. */
static int scan(struct spool *spool, char folder, struct failure *why)
{
    char path[4096];
    struct dirent *entry;
    int rc = 0;
    snprintf(path, sizeof path, folder ? "%s/input/%c" : "%s/input",
             spool->folder, folder);
    DIR *directory = opendir(path);
    if (!directory && errno == ENOENT && access(spool->folder, F_OK) == 0)
        return 0; /* Exim makes it for its first message */
    if (!directory)
        return failure_errno(why, FAILURE_DISK, errno, "%s", path);
    while (rc == 0 && (entry = readdir(directory))) {
        const char *name = entry->d_name;
        size_t length = strlen(name);
        if (!folder && length == 1 && *name != '.')
            rc = scan(spool, *name, why);
        else if (length > 2 && strcmp(name + length - 2, "-H") == 0 &&
                 spool_is_id(name, length - 2) &&
                 keep(spool, name, length - 2, folder) < 0)
            rc = failure_memory(why);
    }
    closedir(directory);
    return rc;
}

/* Numbers begin with the time of arrival, in digits that sort as ASCII. */
static int by_age(const void *a, const void *b)
{
    return strcmp(((const struct spool_id *)a)->text,
                  ((const struct spool_id *)b)->text);
}

int spool_open(const char *folder, struct spool *spool_r, struct failure *why)
{
    *spool_r = (struct spool){.folder = folder};
    if (scan(spool_r, 0, why) < 0) {
        spool_close(spool_r);
        return -1;
    }
    if (spool_r->count)
        qsort(spool_r->ids, spool_r->count, sizeof *spool_r->ids, by_age);
    return 0;
}

void spool_close(struct spool *spool)
{
    free(spool->ids);
    *spool = (struct spool){0};
}

static void path_of(const struct spool *spool, const struct spool_id *id,
                    const char *part, const char *end, char *path, size_t size)
{
    if (id->folder)
        snprintf(path, size, "%s/%s/%c/%s%s", spool->folder, part, id->folder,
                 id->text, end);
    else
        snprintf(path, size, "%s/%s/%s%s", spool->folder, part, id->text, end);
}

static FILE *open_part(const struct spool *spool, const struct spool_id *id,
                       const char *part, const char *end)
{
    char path[4096];
    path_of(spool, id, part, end, path, sizeof path);
    return fopen(path, "rbe");
}

static long long size_of(const struct spool *spool, const struct spool_id *id)
{
    char path[4096];
    struct stat found;
    path_of(spool, id, "input", "-D", path, sizeof path);
    return stat(path, &found) == 0 ? (long long)found.st_size : 0;
}

int spool_read(const struct spool *spool, const struct spool_id *id,
               struct pool *pool, struct spool_message *message_r,
               struct failure *why)
{
    FILE *file = open_part(spool, id, "input", "-H"), *log;
    *message_r = (struct spool_message){0};
    if (!file)
        return errno == ENOENT ? 0 : failure_errno(why, FAILURE_DISK, errno,
                                                   "message %s", id->text);
    int rc = spool_parse(file, pool, message_r, why);
    fclose(file);
    if (rc == 0 && (log = open_part(spool, id, "msglog", ""))) {
        rc = spool_log(log, pool, message_r, why);
        fclose(log);
    }
    message_r->size = size_of(spool, id);
    return rc < 0 ? -1 : 1;
}

int spool_idle(const struct spool *spool, const struct spool_id *id)
{
    char path[4096];
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    path_of(spool, id, "input", "-H", path, sizeof path);
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return -1;
    path_of(spool, id, "input", "-D", path, sizeof path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 1; /* damaged: Exim's log will tell */
    int known = fcntl(fd, F_GETLK, &lock);
    close(fd);
    return known < 0 || lock.l_type == F_UNLCK;
}
