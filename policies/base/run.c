/* run: see run.h. */
#include "run.h"

#include "buffer.h"
#include "failure.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct pipes {
    int in, out; /* our ends; -1 = closed */
};

static void child(const struct run *run, int in, int out)
{
    int null = open("/dev/null", O_WRONLY);
    /* Exim's message file may itself be fd 3: move it out of the way. */
    int pass = run->pass_fd < 0 ? -1 : fcntl(run->pass_fd, F_DUPFD, 10);
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(null, 2) < 0)
        _exit(127);
    if (pass >= 0 && dup2(pass, 3) < 0)
        _exit(127);
    close_range(pass >= 0 ? 4 : 3, ~0U, 0);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);
    execv(run->argv[0], (char *const *)(const void *)run->argv);
    _exit(127);
}

static pid_t start(const struct run *run, struct pipes *pipes,
                   struct failure *why)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) < 0)
        return failure_errno(why, FAILURE_CHILD, errno, "pipe");
    if (pipe2(out, O_CLOEXEC) < 0) {
        failure_errno(why, FAILURE_CHILD, errno, "pipe");
        close(in[0]);
        close(in[1]);
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0)
        child(run, in[0], out[1]);
    if (pid < 0)
        failure_errno(why, FAILURE_CHILD, errno, "fork");
    close(in[0]);
    close(out[1]);
    pipes->in = in[1];
    pipes->out = out[0];
    fcntl(pipes->in, F_SETFL, O_NONBLOCK);
    return pid;
}

static long long milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void shut(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* A child that does not read all its input says so by its exit status. */
static void feed(const struct run *run, struct pipes *pipes, size_t *fed)
{
    const char *input = run->input;
    ssize_t put = 0;
    if (*fed < run->input_length)
        put = write(pipes->in, input + *fed, run->input_length - *fed);
    if (put > 0)
        *fed += (size_t)put;
    if (*fed == run->input_length ||
        (put < 0 && errno != EAGAIN && errno != EINTR))
        shut(&pipes->in);
}

static int collect(const struct run *run, struct pipes *pipes,
                   struct buffer *output, struct failure *why)
{
    char data[4096];
    ssize_t got = read(pipes->out, data, sizeof data);
    if (got < 0 && errno == EINTR)
        return 0;
    if (got <= 0) {
        shut(&pipes->out);
        return 0;
    }
    if (output->length + (size_t)got > run->output_most)
        return failure(why, FAILURE_CHILD, "%s: too much output",
                       run->argv[0]);
    if (buffer_append(output, data, (size_t)got) < 0)
        return failure_memory(why);
    return 0;
}

static int converse(const struct run *run, struct pipes *pipes,
                    struct buffer *output, struct failure *why)
{
    long long end = milliseconds() + run->seconds * 1000LL;
    size_t fed = 0;
    while (pipes->out >= 0) {
        struct pollfd fds[2] = {{pipes->out, POLLIN, 0},
                                {pipes->in, POLLOUT, 0}};
        long long left = end - milliseconds();
        if (left <= 0)
            return failure(why, FAILURE_CHILD, "%s: not done in %u seconds",
                           run->argv[0], run->seconds);
        if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
            return failure_errno(why, FAILURE_CHILD, errno, "poll");
        if (pipes->in >= 0 && fds[1].revents)
            feed(run, pipes, &fed);
        if (fds[0].revents && collect(run, pipes, output, why) < 0)
            return -1;
    }
    return 0;
}

/* By the pid alone: SIGCHLD of others is none of our business. */
static int reap(pid_t pid, const char *program, int *status_r,
                struct failure *why)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return failure_errno(why, FAILURE_CHILD, errno, "%s", program);
    if (!WIFEXITED(status))
        return failure(why, FAILURE_CHILD, "%s: killed by signal %d", program,
                       WTERMSIG(status));
    *status_r = WEXITSTATUS(status);
    if (*status_r == 127)
        return failure(why, FAILURE_CHILD, "%s: cannot be run", program);
    return 0;
}

int run_program(const struct run *run, struct buffer *output, int *status_r,
                struct failure *why)
{
    struct pipes pipes = {-1, -1};
    struct sigaction child_default = {.sa_handler = SIG_DFL}, child_before;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, pipe_before;
    sigaction(SIGCHLD, &child_default, &child_before);
    sigaction(SIGPIPE, &ignore, &pipe_before);
    int rc = -1;
    pid_t pid = start(run, &pipes, why);
    if (pid > 0) {
        rc = converse(run, &pipes, output, why);
        if (rc < 0) {
            kill(-pid, SIGKILL);
            kill(pid, SIGKILL);
        }
        int reaped = reap(pid, run->argv[0], status_r, rc < 0 ? NULL : why);
        rc = rc < 0 ? rc : reaped;
    }
    shut(&pipes.in);
    shut(&pipes.out);
    sigaction(SIGPIPE, &pipe_before, NULL);
    sigaction(SIGCHLD, &child_before, NULL);
    return rc;
}
