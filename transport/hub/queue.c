/* queue: see queue.h. */
#include "queue.h"

#include "failure.h"
#include "pool.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

static int is_named(const struct queue *queue, const char *id)
{
    for (size_t i = 0; i < queue->id_count; i++)
        if (strcmp(queue->ids[i], id) == 0)
            return 1;
    return queue->id_count == 0;
}

/* Is the address in that domain? "*@domain" and "@domain" will do too. */
static int in_domain(const char *address, const char *domain)
{
    const char *at = strrchr(address, '@');
    domain += strspn(domain, "*@");
    return at && strcasecmp(at + 1, domain) == 0;
}

int queue_is_to(const struct queue *queue,
                const struct spool_recipient *recipient)
{
    return !queue->partner || in_domain(recipient->address, queue->partner);
}

int queue_wants(const struct queue *queue, const struct spool_message *message,
                const struct spool_recipient *recipient)
{
    return (queue_is_to(queue, recipient) ||
            in_domain(message->sender, queue->partner)) &&
           (!queue->reason ||
            strcmp(queue->reason, held_for(message, recipient)->word) == 0);
}

int queue_is_whole(const struct queue *queue)
{
    return !queue->partner && !queue->reason && !queue->sender &&
           !queue->id_count;
}

static int fits(const struct queue *queue, const struct queue_item *item)
{
    const struct spool_message *message = &item->message;
    if (queue->sender && strcasecmp(queue->sender, message->sender) != 0)
        return 0;
    for (size_t i = 0; i < message->count; i++)
        if (queue_wants(queue, message, &message->recipients[i]))
            return 1;
    return message->count == 0 && !queue->partner && !queue->reason;
}

/* 0, QUEUE_SOME or what the function gave. *found_r counts. */
static int look(struct queue *queue, const struct spool *spool,
                const struct spool_id *id,
                int (*visit)(struct queue *, const struct queue_item *,
                             void *), void *context, size_t *found_r)
{
    struct failure why = {0};
    struct queue_item item = {.spool = spool, .id = id, .pool = pool_new()};
    int status = EX_OK;
    if (!item.pool)
        return EX_TEMPFAIL;
    int rc = spool_read(spool, id, item.pool, &item.message, &why);
    *found_r += rc != 0;
    if (rc < 0) {
        fprintf(stderr, "seemail-queue: %s: %s\n", id->text, why.text);
        status = QUEUE_SOME;
    } else if (rc > 0) {
        item.reason = held_why(&item.message);
        if (fits(queue, &item))
            status = visit(queue, &item, context);
    }
    pool_free(&item.pool);
    return status;
}

int queue_each(struct queue *queue,
               int (*visit)(struct queue *queue, const struct queue_item *item,
                            void *context),
               void *context)
{
    struct spool spool;
    struct failure why = {0};
    size_t found = 0;
    int result = EX_OK;
    if (spool_open(queue->spool_folder, &spool, &why) < 0)
        return queue_complain(&why);
    for (size_t i = 0; i < spool.count && result <= QUEUE_SOME; i++) {
        if (!is_named(queue, spool.ids[i].text))
            continue;
        int status = look(queue, &spool, &spool.ids[i], visit, context,
                          &found);
        result = status > result ? status : result;
    }
    spool_close(&spool);
    if (result == EX_OK && found < queue->id_count && !queue->gone_is_fine) {
        fprintf(stderr, "seemail-queue: %zu of these messages are not in the "
                        "queue (any more)\n", queue->id_count - found);
        result = QUEUE_SOME;
    }
    return result;
}

const char *queue_route(const struct queue_item *item)
{
    const struct spool_message *message = &item->message;
    char more[40] = "";
    if (message->count > 1)
        snprintf(more, sizeof more, " and %zu more", message->count - 1);
    const char *text = pool_format(
        item->pool, "%s -> %s%s",
        *message->sender ? held_plain(item->pool, message->sender) : "<>",
        message->count ? held_plain(item->pool, message->recipients[0].address)
                       : "nobody", more);
    return text ? text : "?";
}
