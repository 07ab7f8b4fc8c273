#ifndef SEEMAIL_MISS_H
#define SEEMAIL_MISS_H

/*
 * miss: what was looked for and not got, so that a queue of mails that all
 * want it does not storm the servers. After each miss in a row the thing is
 * left alone for longer: `first' seconds, then twice that, up to `most'.
 * Kept in the state; each call is a transaction of its own.
 */

#include <stddef.h>

struct failure;
struct state;

struct miss {
    long long when, until; /* Unix time: the last miss, the next try */
    unsigned count;        /* in a row */
    char reason[200];
};

/* Is the thing to be left alone at `now'? 1 and *miss_r; 0 = no: there was
 * no miss, or its time is over, or the clock was set back before it; -1.
 * A state of NULL knows of none. */
int miss_find(struct state *state, const char *name, long long now,
              struct miss *miss_r, struct failure *why);

/* One more. 0, -1. Names are up to STATE_KEY_MOST bytes; of longer ones that
 * begin alike, one stands for all. */
int miss_put(struct state *state, const char *name, long long now,
             long first, long most, const char *reason, struct failure *why);

/* It was got. 0, -1. */
int miss_clear(struct state *state, const char *name, struct failure *why);

/* Forgets those of before this time, so that they do not pile up. */
int miss_expire(struct state *state, long long before, struct failure *why);

#endif
