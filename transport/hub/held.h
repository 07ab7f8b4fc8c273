#ifndef SEEMAIL_HELD_H
#define SEEMAIL_HELD_H

/*
 * held: why a message waits, in a word for programs, and what to do next.
 */

#include "spool.h"

#include <stddef.h>

struct buffer;
struct pool;

/* For list, metrics and reports: one row a reason. */
struct held_reason {
    const char *word; /* "no-certificate" */
    const char *texts[4]; /* how Exim's words begin then; see held.c */
    const char *step; /* what to do; NULL = nothing, it is tried again */
};

extern const struct held_reason held_reasons[];
extern const size_t held_reason_count;

/* Why one of its recipients waits; and the gravest reason of all. */
const struct held_reason *held_for(const struct spool_message *message,
                                   const struct spool_recipient *recipient);
const struct held_reason *held_why(const struct spool_message *message);

/* Who waits for the gravest; NULL = nobody is left. */
const struct spool_recipient *held_gravest(const struct spool_message *message);

/* Does one of its recipients wait for this reason? */
int held_by(const struct spool_message *message,
            const struct held_reason *reason);

/* The value of a key of the decision, "" if there is none. */
const char *held_decided(struct pool *pool, const struct spool_message *message,
                         const char *key);

/* The class that was decided for a recipient; "none". */
const char *held_class(struct pool *pool, const struct spool_message *message,
                       const char *recipient);

/* Is it one of the classes that an administrator can let go in clear? */
int held_may_release(struct pool *pool, const struct spool_message *message,
                     const char *recipient);

/* Text from outside for a terminal: what is not plain ASCII becomes "?". */
const char *held_plain(struct pool *pool, const char *text);

/* A time span in plain words: "3 hours". */
const char *held_age(struct pool *pool, long long seconds);

#endif
