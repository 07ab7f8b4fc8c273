#ifndef SEEMAIL_TRACE_H
#define SEEMAIL_TRACE_H

/*
 * trace: all that is known of one message, in the order in which it happened:
 * from Exim's log, from ours if it is a file, and from the queue. One mail
 * can have several numbers: it came twice, or its bounce has one of its own.
 */

#include "spool.h"

#include <stddef.h>
#include <time.h>

struct failure;
struct pool;

#define TRACE_IDS_MOST 100
#define TRACE_EVENTS_MOST 20000 /* that differ; what is more is counted */

struct trace_event {
    time_t when;
    char stamp[20], last[20]; /* of the first time and of the last */
    const char *id;
    const char *what; /* "arrived", "decided", ... */
    const char *text;
    size_t times;     /* how often: the same again and again is one */
    int rank;         /* among those of the same second */
    size_t order;     /* as found */
};

struct trace {
    struct pool *pool;
    const char *ids[TRACE_IDS_MOST];
    size_t id_count;
    struct trace_event *events;
    size_t count, room;
    unsigned *slots; /* a hash of the events: index + 1 */
    size_t left_out; /* events there was no room for */
};

/* Looks for a message by Exim's number or its Message-ID, in the log and so
 * many old ones. 1; 0 = not found; -1. */
int trace_find(struct trace *trace, const char *path, int old,
               const char *wanted, struct failure *why);

/* Adds what our own log has. 0, also when it has nothing; -1 = memory. */
int trace_ours(struct trace *trace, const char *path, struct failure *why);

/* Is it one of the numbers? */
int trace_has(const struct trace *trace, const char *id);

/* Adds that it waits, and why. 0 or -1. */
int trace_waits(struct trace *trace, const char *id,
                const struct spool_message *message);

/* 0 or -1 (memory). */
int trace_print(struct trace *trace, int json);

#endif
