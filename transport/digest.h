#ifndef SEEMAIL_DIGEST_H
#define SEEMAIL_DIGEST_H

/*
 * digest: mails that tell people of events (event_count.h) [2.8-notices,
 * 2.12-principles]. One mail tells one person all that is due, however much
 * that is, with a bounded number of examples. It never has content of the
 * messages that it tells of, nor their subjects.
 */

#include "event_count.h"

struct buffer;

/*
 * Makes the mails that are due (or all that wait) into the state, in a
 * transaction of its own.
 * When the next will be (0 = nothing waits), and which kinds (bits) are not
 * mailed at once before that: for journal_set_due(). 0 or -1.
 */
int digest_make(struct state *state, const struct policy *policy,
                long long now, int all, long long *due_r, unsigned *muted_r,
                struct failure *why);

/* One mail for one person that tells these events. 0 or -1. */
int digest_write(const struct policy *policy, const char *to, const char *id,
                 const struct event_pending *const *events, size_t count,
                 struct buffer *out, struct failure *why);

/* Mails that cannot be handed over stop the making of new ones. */
#define DIGEST_MAILS_MOST 100

#endif
