#ifndef SEEMAIL_STATUS_H
#define SEEMAIL_STATUS_H

/*
 * status: whether the hub is well, in plain words with one next step a
 * problem, and for a monitor [1.9-failaware, A-nontech]. A section is a
 * function and a row of the table in status_main.c; each is looked at
 * whatever became of the others.
 */

#include "buffer.h"
#include "console.h"

#include <time.h>

struct failure;
struct policy;

/* The values are exit statuses for a monitor. */
enum status_level { STATUS_GOOD, STATUS_WARNING, STATUS_CRITICAL };

struct status {
    struct console console;
    struct policy *policy; /* NULL = none, or broken */
    time_t now;
    enum status_level level;
    size_t problems;
    const char *section;
    struct buffer text, json;
    char *facts; /* what seemail-certs said, as JSON; NULL */
};

/* A failure is a critical finding of the section; then -1. */
typedef int status_section(struct status *status, struct failure *why);

status_section status_policy, status_smtp, status_hook, status_programs,
    status_certificates, status_queue, status_notices, status_disk,
    status_errors, status_log;

/* Tells a finding; step may be NULL. */
void status_find(struct status *status, enum status_level level,
                 const char *step, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* So much is free on a disk: bytes, and how many in a hundred. */
enum status_level status_free(unsigned long long bytes, unsigned percent);

#define STATUS_PLACES_MOST 16

/* Where Exim listens. */
struct status_place {
    char host[64]; /* an address that we can reach it by */
    int port, tls; /* TLS from the first byte */
};

/* By Exim's options local_interfaces, daemon_smtp_ports and
 * tls_on_connect_ports; how many. */
size_t status_places(const char *interfaces, const char *ports,
                     const char *secret,
                     struct status_place places[STATUS_PLACES_MOST]);

const char *status_word(enum status_level level);

#endif
