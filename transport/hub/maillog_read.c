/* maillog: its files; see maillog.h. */
#include "exim.h"
#include "failure.h"
#include "maillog.h"
#include "pool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define LINE_MOST 16384 /* the rest of a longer one is not looked at */

int maillog_path(const struct exim *exim, struct pool *pool,
                 const char **path_r, struct failure *why)
{
    const char *value = "", *spool = "";
    if (exim_option(exim, pool, "log_file_path", &value, why) < 0 ||
        exim_option(exim, pool, "spool_directory", &spool, why) < 0)
        return -1;
    const char *path = *value ? value : pool_format(pool, "%s/log/%%slog",
                                                    spool);
    /* One of a list by colons: "syslog : /var/log/exim4/%slog". */
    path = path ? strchr(path, '/') : NULL;
    const char *name = path ? strstr(path, "%s") : NULL;
    if (!name)
        return failure(why, FAILURE_DISK, "Exim's log_file_path \"%s\" names "
                                          "no file: its main log is needed",
                       value);
    size_t length = strcspn(path, " :\n");
    *path_r = pool_format(pool, "%.*smain%.*s", (int)(name - path), path,
                          (int)(length - (size_t)(name - path) - 2), name + 2);
    return *path_r ? 0 : failure_memory(why);
}

/* One line, cut at LINE_MOST; 1 = a whole one, 0 = the end (or half a line). */
static int get_line(gzFile file, char *line)
{
    size_t length = 0;
    int c;
    while ((c = gzgetc(file)) >= 0 && c != '\n')
        if (length < LINE_MOST - 1)
            line[length++] = (char)(c ? c : '?');
    line[length] = '\0';
    return c == '\n';
}

static int each_line(gzFile file, off_t *end_r, maillog_visit *visit,
                     void *context, struct failure *why)
{
    struct maillog_line line;
    int rc = 0;
    char *text = malloc(LINE_MOST);
    if (!text)
        return failure_memory(why);
    while (rc == 0 && get_line(file, text)) {
        if (end_r)
            *end_r = gztell(file);
        if (maillog_parse(text, &line))
            rc = visit(context, &line);
    }
    free(text);
    return rc;
}

static int is_absent(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    return access(path, F_OK) < 0 && errno == ENOENT &&
           access(folder, X_OK) == 0;
}

int maillog_follow(const char *path, off_t from, off_t *end_r,
                   maillog_visit *visit, void *context, struct failure *why)
{
    gzFile file = gzopen(path, "rbe");
    int error = errno;
    *end_r = file ? from : 0;
    if (!file)
        return is_absent(path) ? 0 : failure_errno(why, FAILURE_DISK, error,
                                                   "%s", path);
    int rc = gzseek(file, from, SEEK_SET) < 0
                 ? failure(why, FAILURE_DISK, "%s: cannot be read", path)
                 : each_line(file, end_r, visit, context, why);
    gzclose(file);
    return rc;
}

int maillog_old(const char *path, int number, char *name, size_t size)
{
    for (int digits = 1; digits <= 4; digits++) {
        snprintf(name, size, "%s.%0*d%s", path, (digits + 1) / 2, number,
                 digits % 2 ? "" : ".gz");
        if (access(name, R_OK) == 0)
            return 1;
    }
    return 0;
}

int maillog_each(const char *path, int old, maillog_visit *visit,
                 void *context, struct failure *why)
{
    int rc = 0;
    if (access(path, R_OK) < 0 && !is_absent(path))
        return failure_errno(why, FAILURE_DISK, errno, "%s", path);
    for (int number = old; rc == 0 && number >= 0; number--) {
        char name[4096];
        gzFile file = number == 0 ? gzopen(path, "rbe")
                      : maillog_old(path, number, name, sizeof name)
                          ? gzopen(name, "rbe") : NULL;
        if (file) {
            rc = each_line(file, NULL, visit, context, why);
            gzclose(file);
        }
    }
    return rc;
}
