#ifndef SEEMAIL_PING_H
#define SEEMAIL_PING_H

/*
 * ping: a mail to seemail-ping@domain, which the hub there answers by itself
 * if it can verify it, sealed [2.14-ping]. Who waits for an answer has a
 * file of the ping's name in the folder `pings' of the state; the answer is
 * put into it. An answer is never answered: it says that a program made it,
 * and what it answers.
 */

#include "buffer.h"

struct failure;
struct policy;

/* Local parts that the hub itself answers for [2.14-ping, 2.8-mail-request]. */
#define PING_NAME 80

/* A name from a Message-ID that ping_expect() may have made: its characters
 * are right for a file. "" = none. */
void ping_name(const char *message_id, char name_r[PING_NAME]);

/* Somebody waits from now on, until ping_forget(). Old files of those who
 * were killed go. 0 or -1. */
int ping_expect(const struct policy *policy, const char *name,
                struct failure *why);
void ping_forget(const struct policy *policy, const char *name);

/* Does somebody wait for it? */
int ping_expected(const struct policy *policy, const char *name);

/* What came for him. 0 or -1. */
int ping_arrived(const struct policy *policy, const char *name,
                 const struct buffer *answer, struct failure *why);

/* Waits up to so many seconds. 1 and the answer; 0 = none came; -1. */
int ping_wait(const struct policy *policy, const char *name, unsigned seconds,
              struct buffer *answer, struct failure *why);

#endif
