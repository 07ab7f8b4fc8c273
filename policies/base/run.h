#ifndef SEEMAIL_RUN_H
#define SEEMAIL_RUN_H

/*
 * run: one program, no shell, bounded in time and output. Works inside
 * Exim's process, where SIGCHLD is ignored: it is set to default around the
 * call and put back.
 */

#include <sys/types.h>

struct buffer;
struct failure;

struct run {
    const char *const *argv; /* argv[0] is the program's path */
    const void *input;       /* written to its standard input */
    size_t input_length;
    int pass_fd;         /* stays open in the child as fd 3; -1 = none */
    unsigned seconds;    /* then it is killed */
    size_t output_most;  /* more output than this is a failure */
};

/*
 * Runs it and collects its standard output; its standard error goes to
 * /dev/null. 0 and *status_r = the exit status; -1 = FAILURE_CHILD (not
 * started, killed, out of time, too much output).
 */
int run_program(const struct run *run, struct buffer *output, int *status_r,
                struct failure *why);

#endif
