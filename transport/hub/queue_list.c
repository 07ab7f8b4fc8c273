/* seemail-queue list and why: what waits, since when and why. */
#include "buffer.h"
#include "decide.h"
#include "json.h"
#include "pool.h"
#include "queue.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

struct listing {
    time_t now;
    size_t count;
    size_t *by_reason;
};

/* One object a line, so that any number takes the memory of one. */
static int print_json(struct queue *queue, const struct queue_item *item,
                      void *context)
{
    const struct spool_message *message = &item->message;
    const struct spool_recipient *gravest = held_gravest(message);
    const struct listing *listing = context;
    struct buffer out = {0};
    (void)queue;
    json_open(&out, NULL, '{');
    json_text(&out, "id", item->id->text);
    json_time(&out, "received", message->received);
    json_number(&out, "age", (long long)listing->now - message->received);
    json_number(&out, "size", message->size);
    json_text(&out, "sender", message->sender);
    json_open(&out, "recipients", '[');
    for (size_t i = 0; i < message->count; i++) {
        json_open(&out, NULL, '{');
        const struct spool_recipient *one = &message->recipients[i];
        json_text(&out, "address", one->address);
        json_text(&out, "class",
                  held_class(item->pool, message, one->address));
        json_text(&out, "reason", held_for(message, one)->word);
        json_text(&out, "text", one->reason);
        json_text(&out, "tried", one->tried);
        json_close(&out, '}');
    }
    json_close(&out, ']');
    json_text(&out, "direction", held_decided(item->pool, message, "dir"));
    json_text(&out, "marking", held_decided(item->pool, message, "marking"));
    json_text(&out, "clear", held_decided(item->pool, message, "clear"));
    json_truth(&out, "frozen", message->frozen != 0);
    json_text(&out, "reason", item->reason->word);
    json_text(&out, "text", gravest ? gravest->reason : "");
    json_text(&out, "tried", gravest ? gravest->tried : "");
    json_text(&out, "step", item->reason->step);
    json_close(&out, '}');
    int failed = out.failed;
    if (!failed)
        printf("%s\n", buffer_string(&out));
    buffer_free(&out);
    return failed ? EX_TEMPFAIL : EX_OK;
}

static int print_row(struct queue *queue, const struct queue_item *item,
                     void *context)
{
    struct listing *listing = context;
    (void)queue;
    if (listing->count++ == 0)
        printf("%-16s  %-10s  %-17s  FROM -> TO\n", "ID", "AGE", "REASON");
    for (size_t i = 0; i < held_reason_count; i++)
        listing->by_reason[i] += (size_t)held_by(&item->message,
                                                 &held_reasons[i]);
    printf("%-16s  %-10s  %-17s  %s\n", item->id->text,
           held_age(item->pool,
                    (long long)listing->now - item->message.received),
           item->reason->word, queue_route(item));
    return ferror(stdout) ? EX_IOERR : EX_OK;
}

/* How many by what reason, each with its next step. */
static void sum_up(const struct queue *queue, const struct listing *listing)
{
    if (listing->count == 0) {
        puts(queue_is_whole(queue) ? "nothing waits"
                                   : "nothing of what was asked for waits");
        return;
    }
    printf("\n%zu wait%s\n", listing->count, listing->count == 1 ? "s" : "");
    for (size_t i = 0; i < held_reason_count; i++)
        if (listing->by_reason[i])
            printf("%6zu %s: %s\n", listing->by_reason[i],
                   held_reasons[i].word,
                   held_reasons[i].step ? held_reasons[i].step
                                        : "is tried again by itself");
}

int queue_list(struct queue *queue)
{
    struct listing listing = {.now = time(NULL)};
    listing.by_reason = pool_array(queue->pool, held_reason_count,
                                   sizeof *listing.by_reason);
    if (!listing.by_reason)
        return EX_TEMPFAIL;
    if (queue->json)
        return queue_each(queue, print_json, &listing);
    int status = queue_each(queue, print_row, &listing);
    if (status <= QUEUE_SOME)
        sum_up(queue, &listing);
    return status;
}

static const char *clear_text(const struct queue_item *item)
{
    const struct spool_message *message = &item->message;
    const char *clear = held_decided(item->pool, message, "clear");
    size_t held = 0;
    for (size_t i = 0; i < message->count; i++)
        held += (size_t)held_may_release(item->pool, message,
                                         message->recipients[i].address);
    if (!held)
        return "needs no word: it is sealed or held for nobody";
    return strcmp(clear, DECISION_MAY_CLEAR) == 0
               ? "only if an administrator says so (release --in-clear)"
               : "never: it is marked, or counts as marked";
}

static void print_recipient(const struct queue_item *item,
                            const struct spool_recipient *one)
{
    struct pool *pool = item->pool;
    const struct held_reason *reason = held_for(&item->message, one);
    printf("    for       %s: %s\n", held_plain(pool, one->address),
           held_class(pool, &item->message, one->address));
    if (*one->reason)
        printf("    waits     %s\n    tried     %s\n",
               held_plain(pool, one->reason), one->tried);
    printf("    next      %s: %s\n", reason->word,
           reason->step ? reason->step
                        : "nothing: it is tried again by itself");
}

static int print_why(struct queue *queue, const struct queue_item *item,
                     void *context)
{
    const struct spool_message *message = &item->message;
    const struct listing *listing = context;
    struct pool *pool = item->pool;
    const char *marking = held_decided(pool, message, "marking");
    (void)queue;
    printf("%s  from %s, %s ago, %lld bytes\n", item->id->text,
           *message->sender ? held_plain(pool, message->sender)
                            : "the hub itself (<>)",
           held_age(pool, (long long)listing->now - message->received),
           message->size);
    printf("    decided   direction %s, marking %s\n",
           held_decided(pool, message, "dir"), *marking ? marking : "none");
    if (message->frozen)
        printf("    frozen    %s ago: Exim does not try it any more\n",
               held_age(pool, (long long)listing->now - message->frozen));
    printf("    in clear  %s\n", clear_text(item));
    for (size_t i = 0; i < message->count; i++)
        print_recipient(item, &message->recipients[i]);
    return ferror(stdout) ? EX_IOERR : EX_OK;
}

int queue_why(struct queue *queue)
{
    struct listing listing = {.now = time(NULL)};
    return queue_each(queue, queue->json ? print_json : print_why, &listing);
}
