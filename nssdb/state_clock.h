#ifndef SEEMAIL_STATE_CLOCK_H
#define SEEMAIL_STATE_CLOCK_H

/*
 * state_clock: a time that has surely passed. What is forgotten because it
 * ended long ago (certificates, CRLs) cannot always be got again, and a clock
 * may be wrong for once, as after a start without a network: so it counts
 * only what had ended by two readings of the clock, an hour apart at the
 * least. Before there are two, nothing has surely passed.
 */

struct failure;
struct state;

#define STATE_CLOCK_APART (60 * 60) /* seconds */

/* Takes a reading. *sure_r is not after `now'. A writing transaction of its
 * own. 0 or -1. */
int state_clock(struct state *state, long long now, long long *sure_r,
                struct failure *why);

#endif
