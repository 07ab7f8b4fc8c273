#ifndef SEEMAIL_DISCOVERY_ASK_H
#define SEEMAIL_DISCOVERY_ASK_H

/*
 * discovery_ask: what one directory has for an address: values that are
 * certificates, in any form that bundle.h reads, and what URLs in their
 * place lead to; or the DNS, where the row's URI says so. The limits: a small
 * number of entries, URLs and bytes.
 */

#include "der.h"
#include "known.h"

#include <stddef.h>

struct directory;
struct failure;
struct policy;
struct pool;

#define CANDIDATES_MOST 100 /* of one answer */

struct candidates {
    struct der found[CANDIDATES_MOST]; /* in the pool */
    size_t count;
    size_t unread; /* values that are no certificates */
    enum known_source source; /* what they rank as */
};

/* Adds to *candidates; what came before a failure stays. 0, -1. */
int discovery_ask(struct pool *pool, const struct policy *policy,
                  const struct directory *row, const char *address,
                  unsigned seconds, struct candidates *candidates,
                  struct failure *why);

#endif
