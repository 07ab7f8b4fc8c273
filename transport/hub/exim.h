#ifndef SEEMAIL_EXIM_H
#define SEEMAIL_EXIM_H

/*
 * exim: the Exim that this hub is, as a command to ask and to tell things.
 * Its program is SEEMAIL_EXIM, or exim4 or exim in the usual folders; its
 * configuration SEEMAIL_EXIM_CONFIG, or the one that it has by itself.
 */

#include <stddef.h>

struct failure;
struct pool;

struct exim {
    const char *program;
    const char *config; /* NULL = its own */
};

/* 0; -1 = there is no Exim (FAILURE_CHILD). */
int exim_find(struct exim *exim_r, struct failure *why);

/* The value of a main option, "" if not set, or a list ("router_list"). 1;
 * 0 = this Exim has no such option; -1. */
int exim_option(const struct exim *exim, struct pool *pool, const char *name,
                const char **value_r, struct failure *why);

/* Does something with a message, such as "-M". Waits for it. 0, also when
 * Exim found that it could not; -1. */
int exim_act(const struct exim *exim, const char *what, const char *id,
             struct failure *why);

#endif
