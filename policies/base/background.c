/* background: see background.h. */
#include "background.h"

#include "failure.h"
#include "interface.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int background_path(const char *name, char *path, size_t size,
                    struct failure *why)
{
    const char *folder = getenv(ENV_BIN);
    char self[4096] = "";
    if (!folder && readlink("/proc/self/exe", self, sizeof self - 1) > 0) {
        char *slash = strrchr(self, '/');
        if (slash)
            *slash = '\0';
        folder = self;
    }
    if (!folder || !*folder)
        return failure(why, FAILURE_CHILD, "%s: where is it? Set " ENV_BIN,
                       name);
    int length = snprintf(path, size, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= size)
        return failure(why, FAILURE_CHILD, "%s: its path is too long", name);
    return 0;
}

static void child(const char *const *argv)
{
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
        dup2(null, 2) < 0 || setsid() < 0)
        _exit(127);
    close_range(3, ~0U, 0);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGALRM, SIG_DFL);
    /* The one that stays has no parent that would have to wait for it. */
    pid_t pid = fork();
    if (pid == 0) {
        execv(argv[0], (char *const *)(const void *)argv);
        _exit(127);
    }
    _exit(pid < 0 ? 127 : 0);
}

int background_start(const char *const *argv, struct failure *why)
{
    struct sigaction child_default = {.sa_handler = SIG_DFL}, before;
    int status = 0, rc = 0;
    sigaction(SIGCHLD, &child_default, &before);
    pid_t pid = fork();
    if (pid == 0)
        child(argv);
    while (pid > 0 && (rc = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
        ;
    if (pid < 0 || rc < 0)
        rc = failure_errno(why, FAILURE_CHILD, errno, "%s", argv[0]);
    else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        rc = failure(why, FAILURE_CHILD, "%s: cannot be started", argv[0]);
    else
        rc = 0;
    sigaction(SIGCHLD, &before, NULL);
    return rc;
}
