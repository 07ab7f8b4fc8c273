#ifndef SEEMAIL_PUBLISH_H
#define SEEMAIL_PUBLISH_H

/*
 * publish: our certificates in the directories where partners find them
 * [2.15-publish]: those that mail to us is encrypted to. The one in use, and
 * through the overlap of a renewal the one before too [B-overlap]; others of
 * ours are taken out: those that expired or were revoked, and those whose key
 * pair is suspended [1.9-compromise]. What is not ours is left alone. While
 * the state cannot be read, suspended ones are taken out, and no more is done.
 */

#include "directory_change.h"

#include <stddef.h>
#include <time.h>

struct directory;
struct own_search;
struct pool;

/* Of one nickname. */
struct publication {
    const char *nickname;
    const char **domains; /* of the identity table */
    size_t domain_count;
    struct der *certificates, *gone;
    size_t certificate_count, gone_count;
    const char **addresses;
    size_t address_count;
    const char *reason; /* nothing of it is to be found: why; else "" */
};

/* What is to be published; in the pool. 0; -1 = the key store cannot be
 * relied on: nothing is to be changed then. */
int publish_plan(const struct own_search *search, struct publication **plan_r,
                 size_t *count_r, struct failure *why);

struct published {
    const char *dn;
    struct directory_changed changed;
};

/* The entries of a row of the table directories, with the purpose publish:
 * one, or one a domain where its base has %d. In the pool; what was changed
 * before a failure is told too. 0 or -1. */
int publish_row(const struct directory *row, struct pool *pool,
                const struct publication *plan, size_t count,
                struct published **published_r, size_t *published_count_r,
                struct failure *why);

#endif
