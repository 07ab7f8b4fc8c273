#ifndef SEEMAIL_REPORT_H
#define SEEMAIL_REPORT_H

/*
 * report: one page for people who do not log in to the hub: how it is, what
 * went through it, what waits, what expires. Nothing in it is fetched or run;
 * it reads well on a telephone and on paper.
 */

#include "console.h"
#include "traffic.h"
#include "waiting.h"

#include <jansson.h>

struct buffer;
struct failure;

struct report {
    struct console console;
    time_t now;
    size_t days;
    const char *hub; /* its name */
    struct traffic *traffic;
    struct waiting waiting;
    json_t *status; /* of seemail-status --json */
};

/* Collects all. 0 or -1. */
int report_collect(struct report *report, struct failure *why);

/* Writes the page. */
void report_write(const struct report *report, struct buffer *out);

/* Parts of it, in report_tables.c. */
void report_problems(const struct report *report, struct buffer *out);
void report_partners(const struct report *report, struct buffer *out);
void report_verdicts(const struct report *report, struct buffer *out);
void report_waiting(const struct report *report, struct buffer *out);
void report_health(const struct report *report, struct buffer *out);

#endif
