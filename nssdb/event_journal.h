#ifndef SEEMAIL_EVENT_JOURNAL_H
#define SEEMAIL_EVENT_JOURNAL_H

/*
 * event_journal: events as they happen, in the file `events' of the state's
 * folder, one line each, until somebody counts them. Any number of processes
 * write; one at a time takes the file over. No event is lost or counted twice
 * when a process is killed.
 */

#include "event_kind.h"

#include <stddef.h>

struct failure;

#define JOURNAL_BYTES_MOST (64L << 20) /* more than that is not kept */
#define JOURNAL_COUNT_EACH (256L << 10) /* then it is time to count */

#define JOURNAL_VALUE_MOST 400 /* bytes of one field; the rest is cut */

struct journal_line {
    long long when; /* Unix time */
    enum event_kind kind;
    int quiet;
    const char *id, *sender, *about, *reason; /* as struct event has them, but
                                                 printable; "" = none */
};

/* 0; 1 = kept, and there are so many that they should be counted; -1. */
int journal_append(const char *folder, const struct journal_line *line,
                   struct failure *why);

/* One process counts and sends at a time: 1 = it is us, until the descriptor
 * is closed; 0 = another one does, and we do not `wait' for its end; -1. */
int journal_lock(const char *folder, int wait, int *fd_r, struct failure *why);

/* Is there anything to take? */
int journal_waits(const char *folder);

/* When the first event came that waits to be counted; 0 = none waits. */
long long journal_oldest(const char *folder);

/*
 * Takes the file over: its lines go to the visitor, and it is known by a
 * name that no other has had. When they are kept for good, journal_done()
 * throws it away; before that, the next journal_take() gives the same again
 * under the same name. 1; 0 = there is none; -1. Only with the lock.
 */
#define JOURNAL_NAME 100
typedef int journal_visit(void *context, const struct journal_line *line,
                          struct failure *why);
int journal_take(const char *folder, char name_r[JOURNAL_NAME],
                 struct failure *why);
int journal_each(const char *folder, journal_visit *visit, void *context,
                 struct failure *why);
int journal_done(const char *folder, struct failure *why);

/*
 * When counting is next worth while, and the events that are to wait for it
 * although they are mailed at once (a set of bits 1 << kind).
 */
int journal_set_due(const char *folder, long long due, unsigned muted,
                    struct failure *why);
void journal_due(const char *folder, long long *due_r, unsigned *muted_r);

#endif
