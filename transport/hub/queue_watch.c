/* seemail-queue watch: tells what comes to wait, changes and goes. */
#include "failure.h"
#include "pool.h"
#include "queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL 5 /* seconds */

struct seen {
    char id[SPOOL_ID_MOST];
    const struct held_reason *reason;
};

/* Two looks at the queue, both sorted by number. */
struct watch {
    struct seen *before, *now;
    size_t before_count, at, count, room;
};

static void tell(const char *sign, const char *id, const char *text,
                 const char *route)
{
    char stamp[16] = "";
    struct tm tm;
    time_t now = time(NULL);
    if (localtime_r(&now, &tm))
        strftime(stamp, sizeof stamp, "%H:%M:%S", &tm);
    printf("%s %s %-16s  %-17s  %s\n", stamp, sign, id, text, route);
}

/* Those before this number that we did not see again. */
static void tell_gone(struct watch *watch, const char *id)
{
    while (watch->at < watch->before_count &&
           (!id || strcmp(watch->before[watch->at].id, id) < 0))
        tell("-", watch->before[watch->at++].id, "gone", "");
}

static int note(struct queue *queue, const struct queue_item *item,
                void *context)
{
    struct watch *watch = context;
    const char *id = item->id->text;
    (void)queue;
    if (watch->count == watch->room) {
        size_t room = watch->room ? 2 * watch->room : 256;
        struct seen *more = realloc(watch->now, room * sizeof *more);
        if (!more)
            return EX_TEMPFAIL;
        watch->now = more;
        watch->room = room;
    }
    struct seen *seen = &watch->now[watch->count++];
    snprintf(seen->id, sizeof seen->id, "%s", id);
    seen->reason = item->reason;
    tell_gone(watch, id);
    if (watch->at < watch->before_count &&
        strcmp(watch->before[watch->at].id, id) == 0) {
        if (watch->before[watch->at++].reason != item->reason)
            tell("*", id, item->reason->word, queue_route(item));
        return EX_OK;
    }
    tell("+", id, item->reason->word, queue_route(item));
    return EX_OK;
}

int queue_watch(struct queue *queue)
{
    struct watch watch = {0};
    long interval = queue->interval ? queue->interval : INTERVAL;
    int status = EX_OK;
    queue->gone_is_fine = 1;
    while (status <= QUEUE_SOME && !ferror(stdout)) {
        status = queue_each(queue, note, &watch);
        tell_gone(&watch, NULL);
        fflush(stdout);
        free(watch.before);
        watch = (struct watch){.before = watch.now,
                               .before_count = watch.count};
        sleep((unsigned)interval);
    }
    free(watch.before);
    free(watch.now);
    return status;
}
