#ifndef SEEMAIL_QUEUE_H
#define SEEMAIL_QUEUE_H

/*
 * queue: what the commands of seemail-queue share. A command is a function
 * in queue_<what>.c and a row of the table in queue_main.c. It prints its
 * answer to standard output and faults to standard error, and returns the
 * exit status (sysexits.h); QUEUE_SOME = for some messages it was not done.
 */

#include "exim.h"
#include "held.h"
#include "spool.h"

struct failure;
struct pool;

#define QUEUE_SOME 1

struct queue {
    struct pool *pool;
    struct exim exim;
    const char *spool_folder;
    const char *policies; /* folder */
    int json, all, in_clear;
    int gone_is_fine; /* a number that was named need not be there */
    long interval; /* seconds; of watch; 0 = not given */
    /* Which messages: those with a recipient that fits. NULL = any. */
    const char *partner, *reason, *sender;
    char **ids;
    size_t id_count;
};

typedef int queue_command(struct queue *queue);

queue_command queue_list, queue_why, queue_retry, queue_release, queue_bounce,
    queue_watch;

/* Prints the fault; its exit status. */
int queue_complain(const struct failure *why);

/* One message of those that were chosen; its memory goes with the pool. */
struct queue_item {
    const struct spool *spool;
    const struct spool_id *id;
    struct spool_message message;
    const struct held_reason *reason; /* the gravest */
    struct pool *pool;
};

/* Calls the function for each message that was chosen, the oldest first,
 * with one in memory at a time. EX_OK; QUEUE_SOME = a number that was named is
 * not there, or one could not be read (said); or what the function gave. */
int queue_each(struct queue *queue,
               int (*visit)(struct queue *queue, const struct queue_item *item,
                            void *context),
               void *context);

/* Is this recipient one of those that were chosen, by partner and reason? A
 * mail from the partner is chosen for all. */
int queue_wants(const struct queue *queue, const struct spool_message *message,
                const struct spool_recipient *recipient);

/* Is it one of the partner's, or is no partner named? */
int queue_is_to(const struct queue *queue,
                const struct spool_recipient *recipient);

/* Were all chosen, without an option or a number? */
int queue_is_whole(const struct queue *queue);

/* "alice@a.test -> bob@b.test and 2 more" */
const char *queue_route(const struct queue_item *item);

#endif
