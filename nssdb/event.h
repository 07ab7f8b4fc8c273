#ifndef SEEMAIL_EVENT_H
#define SEEMAIL_EVENT_H

/*
 * event: tells the hub that something happened that somebody may want to
 * know [1.3-notify]. What is done with it stands in the policy's table
 * events: a log line, a mail at once, a digest, nothing. Recording is for
 * any process at any time: it waits for nothing, needs neither the LMDB
 * state nor NSS, and costs one short write to the file `events' in the
 * state's folder. `seemail-responder flush' later counts what is there, once,
 * and sends what is due; recording starts that by itself when it is time.
 *
 * It never fails aloud: an event that cannot be kept is in the log alone.
 */

#include "event_kind.h"

struct policy;

struct event {
    enum event_kind kind;
    const char *about;  /* what it is counted by: the partner's domain, the
                           directory's name, the CRL's address, ... */
    const char *reason; /* one sentence of why, for people */
    const char *id;     /* the message's, or NULL: it counts once for it */
    const char *sender; /* address_word() of one of our people, who
                           may be told, or NULL */
    int quiet; /* from a message that must not cause notices: counted, and
                  logged, but never mailed [2.12-from-postmaster] */
};

void event_record(const struct policy *policy, const struct event *event);

#endif
