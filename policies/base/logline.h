#ifndef SEEMAIL_LOGLINE_H
#define SEEMAIL_LOGLINE_H

/*
 * logline: one line of key=value fields, safe to write anywhere. A value
 * with anything but plain printable ASCII is quoted; quotes, backslashes,
 * controls and bytes above 126 inside become \xHH, so that no sender can
 * end a line, start a field or speak to a terminal.
 */

#include <stddef.h>

struct buffer;
struct failure;

/* Appends ` key=value' (no blank at the start of an empty buffer). A NULL
 * or empty value is left out. Longer values than 300 bytes are cut. */
int logline_field(struct buffer *line, const char *key, const char *value);
int logline_number(struct buffer *line, const char *key, long long value);

/* The fields of a failure: failure=word reason="text". */
int logline_failure(struct buffer *line, const struct failure *why);

/* Writes the line to syslog (mail facility), or, if file is not NULL, with
 * a time before it to the end of that file in one write. Never fails aloud:
 * a log that is gone must not stop mail that is right. */
void logline_write(const struct buffer *line, const char *file);

#endif
