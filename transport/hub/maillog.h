#ifndef SEEMAIL_MAILLOG_H
#define SEEMAIL_MAILLOG_H

/*
 * maillog: Exim's main log, which has all that happened to each message, with
 * the line of the hook's decision (doc/seemail-log.5). It is the one source
 * of history: trace, metrics and reports are made of it. Old logs are read
 * too, path.1 and so on, packed (gzip) or not.
 *
 * Lines are read with distrust: senders choose much of what Exim writes, but
 * not the words at the beginning of a line. Failures are FAILURE_DISK. A log
 * that is not there is an empty one, if its folder is: it was rotated away,
 * and Exim makes the next with its next line.
 */

#include "spool.h"

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

struct exim;
struct failure;
struct pool;

enum maillog_kind {
    MAILLOG_ARRIVED,   /* "<= sender ..." */
    MAILLOG_DELIVERED, /* "=> recipient ...", and "->", ">>" */
    MAILLOG_DEFERRED,  /* "== recipient ..." */
    MAILLOG_FAILED,    /* "** recipient ..." */
    MAILLOG_DECIDED,   /* "seemail direction=..." or "seemail failure=..." */
    MAILLOG_COMPLETED,
    MAILLOG_OTHER /* of a message, or of none: then id is "" */
};

struct maillog_line {
    char stamp[20]; /* "2026-11-25 12:00:00", in the log's time zone */
    time_t when;
    char id[SPOOL_ID_MOST];
    enum maillog_kind kind;
    int copy; /* "->": delivered by the same envelope as the one before */
    const char *text; /* what follows the sign, or all */
    size_t address;   /* of text: the bytes of the address at its beginning */
};

/* Reads a line (without its end), which must live as long as *line_r. 1; 0 =
 * it does not begin with a time. */
int maillog_parse(const char *text, struct maillog_line *line_r);

/* The value of a field " KEY=value" behind the address, as Exim writes it, or
 * of a decision, without its quotes. Fields' values in `value'; 1 or 0. */
int maillog_field(const struct maillog_line *line, const char *key,
                  char *value, size_t size);

/* The address in front, or of "name <address>" what stands in the brackets;
 * cut if it does not fit. */
void maillog_address(const struct maillog_line *line, char *address,
                     size_t size);

/* Where Exim's main log is. 0; -1 = not in a file. */
int maillog_path(const struct exim *exim, struct pool *pool,
                 const char **path_r, struct failure *why);

/* The name of the old log of a number, 1 = the youngest, as logrotate and
 * exicyclog name them ("mainlog.1", "mainlog.01.gz"). 1; 0 = not there. */
int maillog_old(const char *path, int number, char *name, size_t size);

/* All lines of the log and of the old ones, up to so many, the oldest first.
 * Ends early when the visitor does not give 0, with what it gave. */
typedef int maillog_visit(void *context, const struct maillog_line *line);
int maillog_each(const char *path, int old, maillog_visit *visit,
                 void *context, struct failure *why);

/* The same for one file, packed or not, from an offset up to its last whole
 * line, whose end goes to *end_r. */
int maillog_follow(const char *path, off_t from, off_t *end_r,
                   maillog_visit *visit, void *context, struct failure *why);

#endif
