#ifndef SEEMAIL_LOGLINE_H
#define SEEMAIL_LOGLINE_H

/*
 * logline: one line of the log, as key=value fields and as a JSON object,
 * safe to write anywhere. In the text, a value with anything but plain
 * printable ASCII is quoted; quotes, backslashes, controls and bytes above
 * 126 inside become \xHH. JSON is of ASCII alone too. So no sender can end a
 * line, start a field or speak to a terminal. See doc/seemail-log.5.
 *
 * Start it with {0}. A key stands in a line once.
 */

#include "buffer.h"

#include <time.h>

struct failure;

struct logline {
    struct buffer text;
    struct buffer json; /* the members, without braces */
};

enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* Appends a field. A NULL or empty value is left out. Longer values than 300
 * bytes are cut. */
int logline_field(struct logline *line, const char *key, const char *value);
int logline_number(struct logline *line, const char *key, long long value);

/* The fields of a failure: failure=word reason="text". */
int logline_failure(struct logline *line, const struct failure *why);

/*
 * Writes the line to the target: "syslog" (also NULL; mail facility), the
 * path of a datagram socket that syslog or the journal listens at, or that of
 * a file, which gets a line at its end in one write, with the time before it.
 * A new file belongs to the owner of its folder, also when root writes.
 * Never waits and never fails aloud: a log that is gone must not stop mail
 * that is right.
 */
void logline_write(const struct logline *line, const char *target,
                   enum log_format format);

/* A line made ahead, for a signal handler, which may make none. The target must
 * last as long. */
struct logline_ready {
    struct buffer text; /* to be freed */
    const char *path;
    int is_socket;
};
void logline_prepare(const struct logline *line, const char *target,
                     enum log_format format, time_t when,
                     struct logline_ready *ready_r);

/* Writes it as above, by calls that a signal handler may make. */
void logline_send(const struct logline_ready *ready);

void logline_free(struct logline *line);

#endif
