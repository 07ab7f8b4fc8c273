#ifndef SEEMAIL_APPROVAL_H
#define SEEMAIL_APPROVAL_H

/*
 * approval: an administrator's word that a message which waits may go to
 * these recipients as it came, a small file in the state, by the message's
 * number. seemail-queue writes it; seemail-filter asks for it at each
 * delivery. It is no more than a word: whether the mail may go in clear at
 * all is what the hook decided and what the policy says at that moment.
 *
 * Failures are FAILURE_STATE.
 */

#include <stddef.h>

struct failure;
struct pool;

#define APPROVAL_FOLDER "released" /* in the state; the routers know it */

/* Adds to those that were given before. `by' has no blanks. The file is of
 * the state's owner, also when root writes it. */
int approval_write(struct pool *pool, const char *state, const char *id,
                   const char *by, const char *const *addresses, size_t count,
                   struct failure *why);

/* Is there one for the message that names the address? 1 and who gave it;
 * 0; -1. */
int approval_find(struct pool *pool, const char *state, const char *id,
                  const char *address, const char **by_r,
                  struct failure *why);

/* Removes those of messages that the function says are gone. */
void approval_prune(struct pool *pool, const char *state,
                    int (*waits)(void *context, const char *id),
                    void *context);

#endif
