#ifndef SEEMAIL_EVENT_COUNT_H
#define SEEMAIL_EVENT_COUNT_H

/*
 * event_count: events in the LMDB state: how often each happened in all, what
 * somebody is still to be told, and the mails that tell it until they are on
 * their way. What was counted, made into a mail and handed over is each one
 * transaction: a crash between them loses nothing and counts nothing twice.
 *
 * All but event_count_journal() stand within a transaction of the caller's.
 */

#include "event_kind.h"

#include <stddef.h>

struct failure;
struct policy;
struct pool;
struct state;

/*
 * Counts what is in the journal (event_journal.h, whose lock the caller has),
 * if there is one, and what somebody who was killed has taken from it, and
 * throws it away. A message's event counts once, for EVENT_REMEMBERED seconds
 * after it was last seen; with more than EVENT_MESSAGES_MOST of them all are
 * forgotten, and may count again. 0 or -1.
 */
#define EVENT_REMEMBERED (7LL * 86400)
#define EVENT_MESSAGES_MOST 500000
int event_count_journal(struct state *state, const struct policy *policy,
                        long long now, struct failure *why);

/* How often a kind has happened since the state was made, and when last: for
 * status and metrics. 0 and zeros, also for never; -1. */
int event_total(struct state *state, enum event_kind kind,
                unsigned long long *count_r, long long *last_r,
                struct failure *why);

/* What one is to be told of one kind about one partner (or thing). */
struct event_pending {
    const char *to; /* "" = the administrator, or an address of ours */
    enum event_kind kind;
    const char *about;
    unsigned long long count;
    long long first, last;
    const char *id, *reason; /* of the first */
};

/* Of one kind for one person no more things are told apart than this; all
 * others are about "others". */
#define EVENT_ABOUT_MOST 20
#define EVENT_ABOUT_OTHERS "others"

/* All, by person, then kind, then thing; in the pool. */
int event_pending_all(struct state *state, struct pool *pool,
                      struct event_pending **pending_r, size_t *count_r,
                      struct failure *why);

/* It was told, or is not to be. */
int event_pending_drop(struct state *state, const struct event_pending *one,
                       struct failure *why);

/* How many mails of this kind were made at once in the hour that began at
 * *start_r (0 = none yet). */
int event_at_once(struct state *state, enum event_kind kind,
                  long long *start_r, long *count_r, struct failure *why);
int event_at_once_put(struct state *state, enum event_kind kind,
                      long long start, long count, struct failure *why);

/* Mails that are written and not handed over: by a name that is used once and
 * begins with when it was made (mail_id()), the recipient's address, a newline,
 * and the mail. */
long long event_mail_made(const char *name); /* Unix time */
int event_mail_put(struct state *state, const char *name, const char *to,
                   const char *mail, struct failure *why);
int event_mail_drop(struct state *state, const char *name,
                    struct failure *why);
/* The first behind `after' ("" = of all), in the pool. 1; 0 = no more; -1. */
int event_mail_next(struct state *state, struct pool *pool, const char *after,
                    const char **name_r, const char **to_r,
                    const char **mail_r, struct failure *why);

#endif
