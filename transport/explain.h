#ifndef SEEMAIL_EXPLAIN_H
#define SEEMAIL_EXPLAIN_H

/*
 * explain: prints what the hub would decide on a message, for each recipient
 * and by which rule, without sending anything [1.3-consistent]. It asks the
 * same functions as the hook does.
 */

#include "receive.h"

#include <stdio.h>

struct explanation {
    const char *folder;  /* of the policy */
    const char *message; /* path; "-" = standard input */
    enum direction direction;
    const char *sender;
    const char *host; /* IP address that it comes from; NULL = not known */
    const char *const *recipients;
    size_t recipient_count;
};

/* 0 or -1. */
int explain(struct pool *pool, const struct explanation *explanation,
            FILE *out, struct failure *why);

#endif
