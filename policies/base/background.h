#ifndef SEEMAIL_BACKGROUND_H
#define SEEMAIL_BACKGROUND_H

/*
 * background: starts a program of ours and does not wait for it. It gets no
 * file of the caller's, not even its output, and lives on when the caller
 * ends. Works inside Exim's process and with NSS started.
 */

#include <stddef.h>

struct failure;

/* The path of a program of ours: in the folder that ENV_BIN names, or in that
 * of the running program. 0 or -1 (FAILURE_CHILD). */
int background_path(const char *name, char *path_r, size_t size,
                    struct failure *why);

/* argv[0] is the program's path. 0 = started, as far as one can see; -1. */
int background_start(const char *const *argv, struct failure *why);

#endif
