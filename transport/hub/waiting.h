#ifndef SEEMAIL_WAITING_H
#define SEEMAIL_WAITING_H

/*
 * waiting: how many messages wait, for what reason, and since when; with one
 * of them in memory at a time. A message counts for each reason that one of
 * its recipients waits for, so that none hides another.
 */

#include "exim.h"
#include "held.h"

struct failure;
struct pool;

#define WAITING_REASONS_MOST 32

struct waiting {
    size_t count, damaged;
    size_t by_reason[WAITING_REASONS_MOST]; /* as held_reasons */
    long long oldest; /* when the oldest came; 0 = nothing waits */
    const char *spool; /* Exim's folder */
};

/* 0 or -1. */
int waiting_count(const struct exim *exim, struct pool *pool,
                  struct waiting *waiting_r, struct failure *why);

#endif
