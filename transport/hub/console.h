#ifndef SEEMAIL_CONSOLE_H
#define SEEMAIL_CONSOLE_H

/*
 * console: what the programs for people in this folder have in common: the
 * options --policies and, if their usage has it, --json, the policy's folder
 * and Exim.
 */

#include "exim.h"

struct failure;
struct policy;
struct pool;

struct console {
    const char *name; /* of the program, for its messages */
    const char *usage; /* behind the name and --policies */
    struct pool *pool;
    const char *policies; /* the folder, or NULL */
    int json;
    struct exim exim;
    int argc; /* what is left behind the options */
    char **argv;
};

/* Takes the options off. */
void console_options(struct console *console, int argc, char **argv);

/* An option with a value of the program's own: 1 and taken off; 0. */
int console_value(struct console *console, const char *option,
                  const char **value_r);

/* The policy, or NULL when there is none or it is broken. */
struct policy *console_policy(const struct console *console);

/* Prints how it is called; EX_USAGE. */
int console_usage(const struct console *console);

/* Prints the fault; its exit status. */
int console_complain(const struct console *console,
                     const struct failure *why);

/* Writes a whole file: aside, then renamed; "-" = standard output. 0 or -1. */
int console_write(const char *path, const char *data, size_t length,
                  struct failure *why);

#endif
