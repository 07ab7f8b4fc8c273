/* ping: see ping.h. */
#include "ping.h"

#include "failure.h"
#include "file.h"
#include "policy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FOLDER "pings"
#define ANSWER_MOST 65536
#define OLD_SECONDS 86400
#define POLL_NANOSECONDS 100000000L

static void path_of(const struct policy *policy, const char *name, char *path,
                    size_t size)
{
    snprintf(path, size, "%s/" FOLDER "%s%s", policy->settings.state,
             *name ? "/" : "", name);
}

void ping_name(const char *id, char name[PING_NAME])
{
    static const char letters[] = "0123456789abcdef.";
    const char *from = id + strspn(id, "< \t");
    size_t length = strspn(from, letters);
    name[0] = '\0';
    /* A dot within: no name of ours is `.' or begins with one. */
    if (from[length] == '@' && length > 2 && length < PING_NAME &&
        *from != '.')
        snprintf(name, PING_NAME, "%.*s", (int)length, from);
}

static void sweep(const char *folder, time_t before)
{
    DIR *entries = opendir(folder);
    struct dirent *entry;
    struct stat found;
    while (entries && (entry = readdir(entries)))
        if (entry->d_name[0] != '.' &&
            fstatat(dirfd(entries), entry->d_name, &found,
                    AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(found.st_mode) && found.st_mtime < before)
            unlinkat(dirfd(entries), entry->d_name, 0);
    if (entries)
        closedir(entries);
}

int ping_expect(const struct policy *policy, const char *name,
                struct failure *why)
{
    char folder[4096], path[4096];
    path_of(policy, "", folder, sizeof folder);
    path_of(policy, name, path, sizeof path);
    if (file_folder(folder, FAILURE_STATE, why) < 0)
        return -1;
    sweep(folder, time(NULL) - OLD_SECONDS);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int rc = fd < 0 ? -1 : file_hand_over(fd, path);
    if (rc < 0)
        failure_errno(why, FAILURE_STATE, errno, "%s", path);
    if (fd >= 0)
        close(fd);
    return rc;
}

void ping_forget(const struct policy *policy, const char *name)
{
    char path[4096];
    path_of(policy, name, path, sizeof path);
    unlink(path);
}

int ping_expected(const struct policy *policy, const char *name)
{
    char path[4096];
    path_of(policy, name, path, sizeof path);
    return *name && access(path, F_OK) == 0;
}

int ping_arrived(const struct policy *policy, const char *name,
                 const struct buffer *answer, struct failure *why)
{
    char path[4096];
    path_of(policy, name, path, sizeof path);
    return file_replace(path, buffer_string(answer), answer->length,
                        0600, FAILURE_STATE, why);
}

int ping_wait(const struct policy *policy, const char *name, unsigned seconds,
              struct buffer *answer, struct failure *why)
{
    const struct timespec nap = {0, POLL_NANOSECONDS};
    struct timespec now;
    char path[4096];
    struct stat found;
    path_of(policy, name, path, sizeof path);
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (time_t end = now.tv_sec + seconds; now.tv_sec < end;
         clock_gettime(CLOCK_MONOTONIC, &now)) {
        if (stat(path, &found) < 0)
            return failure_errno(why, FAILURE_STATE, errno, "%s", path);
        if (found.st_size > 0)
            return file_read(path, FILE_PLAIN, ANSWER_MOST, FAILURE_STATE,
                             answer, why) < 0 ? -1 : 1;
        nanosleep(&nap, NULL);
    }
    return 0;
}
