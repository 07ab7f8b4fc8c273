#ifndef SEEMAIL_RECEIVE_H
#define SEEMAIL_RECEIVE_H

/*
 * receive: what is decided on a message when it comes, from the message, its
 * envelope and the policy. Knows no Exim: the hook and `seemail-policy
 * explain' both ask here, so that they say the same [1.3-consistent].
 */

#include "decide.h"
#include "scan.h"

struct state;

struct reception {
    enum direction direction;
    const char *sender; /* of the envelope; "" = none */
    const char *host;   /* IP address that it came from; NULL = not known */
    const char *const *recipients;
    size_t recipient_count;
    /* Header block and body; headers of ours are already taken out. */
    const struct blob *message;
    /* What the hook was told by seemail-filter verify; NULL = not asked. */
    const char *verdict;
    int closed; /* the whole is encrypted, but not to us */
    int local; /* it was handed over by a program of this machine */
    int personal; /* it was verified, and no domain has signed it */
};

struct received {
    struct scan_result scan;
    struct decision decision;
    const char *from_domain; /* of the From field; "" = ambiguous */
};

/*
 * A recipient as tables write it: "pat"@domain is pat@domain (RFC 5321
 * 4.1.2), so that a partner does not become a stranger by quotes that say
 * nothing. The text itself if there are no such quotes. NULL = memory.
 */
const char *receive_address(struct pool *pool, const char *recipient);

/* Must the message be verified before it is decided on? 1, 0; -1: also
 * FAILURE_LIMIT when its header has no room for what is added on the way. */
int receive_secured(struct pool *pool, const struct policy *policy,
                    const struct reception *reception, struct failure *why);

/* 0 or -1. */
int receive(struct pool *pool, const struct policy *policy,
            const struct reception *reception, struct received *received_r,
            struct failure *why);

#endif
