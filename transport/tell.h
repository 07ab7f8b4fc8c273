#ifndef SEEMAIL_TELL_H
#define SEEMAIL_TELL_H

/* tell: records what a message has met with as an event (event.h). */

#include "event.h"
#include "judge.h"
#include "verdict.h"

struct failure;
struct policy;

/* What the message's event has in common; kind and reason are added. */

/* A verdict on a received message, by its row in the table outcomes. */
void tell_verdict(const struct policy *policy, enum verdict verdict,
                  const struct event *event);

/* A mail was sealed to a certificate of this status, likewise. */
void tell_sealed(const struct policy *policy, enum judge_status status,
                 const struct event *event);

/* A failure because of which it waits. Only a lack of certificates is about
 * the partner; all others are about the hub. */
void tell_failure(const struct policy *policy, const struct failure *why,
                  const struct event *event);

#endif
