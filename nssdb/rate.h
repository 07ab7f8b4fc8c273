#ifndef SEEMAIL_RATE_H
#define SEEMAIL_RATE_H

/*
 * rate: how often something was done for somebody within some time, in the
 * state, so that many processes together keep a limit (STATE_RATES).
 */

struct failure;
struct state;

/*
 * May it be done once more for this name, `most' times in so many seconds? If
 * so it is counted. A writing transaction of its own. 1, 0, -1.
 */
int rate_take(struct state *state, const char *what, const char *name,
              long most, long long seconds, long long now, struct failure *why);

/* What was taken was not done. 0 or -1. */
int rate_return(struct state *state, const char *what, const char *name,
                struct failure *why);

#endif
