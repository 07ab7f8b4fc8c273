#ifndef SEEMAIL_TALLY_H
#define SEEMAIL_TALLY_H

/*
 * tally: counters that only go up, made of Exim's main log and nothing else:
 * so they are right whatever number of processes did the work, and over
 * restarts. They are kept in the file `metrics' of the state's folder, with
 * the place up to which the log was read, and the check sum of what stands
 * before that place: by it the place is found again when the log was rotated.
 * Each line of the log counts once.
 *
 * One process at a time updates it (a lock); the file is replaced as a whole.
 */

#include "exim.h"

#include <stddef.h>
#include <time.h>

struct buffer;
struct failure;
struct pool;

#define TALLY_COUNTERS_MOST 500

struct tally_counter {
    const char *name;   /* "seemail_recipients_total" */
    const char *labels; /* {class="seal"}, or "" */
    long long value;
};

struct tally {
    struct pool *pool;
    struct tally_counter counters[TALLY_COUNTERS_MOST];
    size_t count;
};

/* Reads on in the log and keeps the sums. 0 or -1; when they cannot be kept,
 * nothing was counted. */
int tally_update(struct tally *tally, const char *state, const char *log,
                 struct failure *why);

#endif
