/* approval: see approval.h. */
#include "approval.h"

#include "buffer.h"
#include "failure.h"
#include "file.h"
#include "pool.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION "seemail approval 2\n"
#define BYTES_MOST (4 << 20)

static const char *path_of(struct pool *pool, const char *state,
                           const char *id)
{
    return pool_format(pool, "%s/" APPROVAL_FOLDER "/%s", state, id);
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

/* Lines of "by address". */
static int look(struct pool *pool, char *text, const char *path,
                const char *address, const char **by_r, struct failure *why)
{
    char *line, *blank;
    if (!text || strncmp(text, VERSION, strlen(VERSION)) != 0)
        return failure(why, FAILURE_STATE, "%s: is damaged", path);
    text += strlen(VERSION);
    while ((line = next_line(&text)))
        if ((blank = strchr(line, ' ')) &&
            strcasecmp(blank + 1, address) == 0) {
            *by_r = pool_substring(pool, line, (size_t)(blank - line));
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

/* The words of before stay, if they can be read. */
static void put_before(struct buffer *text, const char *path)
{
    struct buffer before = {0};
    if (file_read(path, FILE_GUARDED, BYTES_MOST, FAILURE_STATE, &before,
                  NULL) == 0 && before.length &&
        strncmp(buffer_string(&before), VERSION, strlen(VERSION)) == 0)
        buffer_text(text, buffer_string(&before) + strlen(VERSION));
    buffer_free(&before);
}

int approval_write(struct pool *pool, const char *state, const char *id,
                   const char *by, const char *const *addresses, size_t count,
                   struct failure *why)
{
    struct buffer text = {0};
    const char *folder = pool_format(pool, "%s/" APPROVAL_FOLDER, state);
    const char *path = path_of(pool, state, id);
    if (!folder || !path)
        return failure_memory(why);
    if (file_folder(folder, FAILURE_STATE, why) < 0)
        return -1;
    buffer_text(&text, VERSION);
    put_before(&text, path);
    for (size_t i = 0; i < count; i++)
        buffer_format(&text, "%s %s\n", by, addresses[i]);
    int rc = text.failed ? failure_memory(why)
                         : file_replace(path, text.data, text.length, 0600,
                                        FAILURE_STATE, why);
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
