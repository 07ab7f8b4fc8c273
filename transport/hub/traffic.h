#ifndef SEEMAIL_TRAFFIC_H
#define SEEMAIL_TRAFFIC_H

/*
 * traffic: what went through the hub, by day and by partner, made of Exim's
 * main log and the old ones. Mails are counted: one that leaves for several
 * partners once for each, however many people it is for. Memory is bounded,
 * whatever the log holds: the partners beyond TRAFFIC_PARTNERS_MOST count
 * together.
 */

#include "verdict.h"

#include <stddef.h>
#include <time.h>

struct failure;
struct pool;

#define TRAFFIC_DAYS_MOST 92
#define TRAFFIC_PARTNERS_MOST 500
#define TRAFFIC_NOBODY "<>"

enum traffic_kind {
    TRAFFIC_SEALED,   /* mails that left sealed, one an envelope */
    TRAFFIC_VERIFIED, /* mails that came secured, and all was good */
    TRAFFIC_WARNED,   /* mails that came with another verdict */
    TRAFFIC_PLAIN_OUT,/* mails that left as they came, one an envelope */
    TRAFFIC_PLAIN_IN, /* mails from outside without S/MIME */
    TRAFFIC_REFUSED,  /* mails answered 4xx or 5xx by SEEMail */
    TRAFFIC_KINDS
};

struct traffic_day {
    char date[11]; /* "2026-11-25" */
    size_t counts[TRAFFIC_KINDS];
};

struct traffic_partner {
    char domain[256]; /* TRAFFIC_NOBODY = of mail without a sender */
    size_t counts[TRAFFIC_KINDS];
};

struct traffic {
    struct traffic_day days[TRAFFIC_DAYS_MOST]; /* the oldest first */
    size_t day_count;
    struct traffic_partner *partners; /* the busiest first */
    size_t partner_count;
    struct traffic_partner others; /* there was no room for */
    size_t verdicts[VERDICTS];
    size_t sum[TRAFFIC_KINDS];
};

/* The last so many days, today included; in the pool. 0 or -1. */
int traffic_read(struct pool *pool, const char *log, size_t days, time_t now,
                 struct traffic **traffic_r, struct failure *why);

#endif
