#ifndef SEEMAIL_SPOOL_H
#define SEEMAIL_SPOOL_H

/*
 * spool: what waits in Exim's queue, read and never written (Exim's
 * specification, 56, "Format of spool files"). A file that vanishes while we
 * look belongs to a message that was just delivered.
 *
 * Failures are FAILURE_DISK.
 */

#include <stddef.h>
#include <stdio.h>

struct failure;
struct pool;

#define SPOOL_ID_MOST 24

struct spool_id {
    char text[SPOOL_ID_MOST];
    char folder; /* of a split spool; 0 = none */
};

struct spool {
    const char *folder; /* Exim's spool_directory; borrowed */
    struct spool_id *ids; /* the oldest first */
    size_t count, room;
};

/* All messages: 32 bytes each. 0 or -1. */
int spool_open(const char *folder, struct spool *spool_r,
               struct failure *why);
void spool_close(struct spool *spool);

/* Who has not got it yet, and why, by Exim's words when it tried last. */
struct spool_recipient {
    const char *address;
    const char *reason; /* "" = it has not tried, or said nothing */
    const char *tried;  /* when that was, as Exim writes it; "" */
    int ours; /* they are of a router or a filter of SEEMail's, and of nobody
                 else who could choose the words */
};

/* What the envelope says; texts in the pool, as hostile as they came. */
struct spool_message {
    const char *sender; /* "" = none */
    long long received; /* Unix time */
    long long frozen;   /* since then; 0 = is not */
    long long size;     /* bytes on disk */
    const char *decision;          /* $local_scan_data, or NULL */
    const struct spool_recipient *recipients;
    size_t count;
};

/* 1; 0 = it is gone; -1, also FAILURE_MALFORMED. */
int spool_read(const struct spool *spool, const struct spool_id *id,
               struct pool *pool, struct spool_message *message_r,
               struct failure *why);

/* The envelope alone, from an open -H file. 0; -1 FAILURE_MALFORMED. */
int spool_parse(FILE *file, struct pool *pool,
                struct spool_message *message_r, struct failure *why);

/* The reasons, from the open log that Exim has of the message alone. 0 or -1. */
int spool_log(FILE *file, struct pool *pool, struct spool_message *message,
              struct failure *why);

/* 1 = no process of Exim's works on it just now, 0 = one does, -1 = gone. */
int spool_idle(const struct spool *spool, const struct spool_id *id);

/* Is it the number of a message? */
int spool_is_id(const char *text, size_t length);

#endif
