#ifndef SEEMAIL_REFRESH_H
#define SEEMAIL_REFRESH_H

/*
 * refresh: brings what a directory has into the state: a list as a whole, or
 * certificates, as many as there are. A list that comes in part, or is empty
 * where there was one, leaves the last good one as it was.
 */

#include "buffer.h"
#include "directory.h"

struct directory;
struct policy;
struct pool;
struct state;

struct refresh {
    struct pool *pool;
    const struct policy *policy;
    struct state *state; /* open for writing, no transaction */
};

struct refreshed {
    size_t count;       /* entries, or certificates kept */
    size_t came, left;  /* of a list, since the last time */
    struct buffer changes, faults; /* in words, a line each */
};

/* Asks one row that is to be refreshed. What it fills in, the caller frees,
 * also after a failure. 0, -1. */
int refresh_row(const struct refresh *refresh, const struct directory *row,
                struct refreshed *refreshed, struct failure *why);

void refreshed_free(struct refreshed *refreshed);

/* For refresh.c: with a session that is open. */
int refresh_list(const struct refresh *refresh, const struct directory *row,
                 struct directory_session *session,
                 const struct directory_query *query,
                 struct refreshed *refreshed, struct failure *why);

#endif
