/* trace: see trace.h. */
#include "trace.h"

#include "failure.h"
#include "held.h"
#include "interface.h"
#include "maillog.h"
#include "pool.h"

#include <stdio.h>
#include <string.h>

static const char *const words[] = {
    [MAILLOG_ARRIVED] = "arrived",   [MAILLOG_DELIVERED] = "delivered",
    [MAILLOG_DEFERRED] = "waits",    [MAILLOG_FAILED] = "failed",
    [MAILLOG_DECIDED] = "decided",   [MAILLOG_COMPLETED] = "completed",
    [MAILLOG_OTHER] = "also",
};

#define SLOTS 65536 /* a power of 2, and more than there are events */

/* Logs know no more than seconds: what comes first within one. */
enum rank { VERIFIED, DECIDED, ARRIVED, OURS, THEIRS, COMPLETED, NOW };

static const enum rank ranks[] = {
    [MAILLOG_ARRIVED] = ARRIVED,  [MAILLOG_DELIVERED] = THEIRS,
    [MAILLOG_DEFERRED] = THEIRS,  [MAILLOG_FAILED] = THEIRS,
    [MAILLOG_DECIDED] = DECIDED,  [MAILLOG_COMPLETED] = COMPLETED,
    [MAILLOG_OTHER] = THEIRS,
};

struct search {
    struct trace *trace;
    const char *wanted; /* a Message-ID without its brackets */
    struct failure *why;
};

int trace_has(const struct trace *trace, const char *id)
{
    for (size_t i = 0; i < trace->id_count; i++)
        if (strcmp(trace->ids[i], id) == 0)
            return 1;
    return 0;
}

static int add_id(struct trace *trace, const char *id)
{
    if (trace_has(trace, id) || trace->id_count == TRACE_IDS_MOST)
        return 0;
    const char *copy = pool_string(trace->pool, id);
    if (!copy)
        return -1;
    trace->ids[trace->id_count++] = copy;
    return 0;
}

static unsigned hash(unsigned sum, const char *text)
{
    for (; *text; text++)
        sum = sum * 33 ^ (unsigned char)*text;
    return sum;
}

/* Where an event stands in the hash, or would. */
static unsigned *slot_of(const struct trace *trace, const char *id,
                         const char *what, const char *text)
{
    unsigned at = hash(hash(hash(5381, id), what), text);
    for (;; at++) {
        unsigned *slot = &trace->slots[at & (SLOTS - 1)];
        if (!*slot)
            return slot;
        const struct trace_event *event = &trace->events[*slot - 1];
        if (strcmp(event->id, id) == 0 && strcmp(event->what, what) == 0 &&
            strcmp(event->text, text) == 0)
            return slot;
    }
}

/* Room for one more event. */
static int make_room(struct trace *trace)
{
    if (!trace->slots &&
        !(trace->slots = pool_array(trace->pool, SLOTS, sizeof *trace->slots)))
        return -1;
    if (trace->count < trace->room)
        return 0;
    size_t room = trace->room ? 2 * trace->room : 64;
    struct trace_event *more = pool_array(trace->pool, room, sizeof *more);
    if (!more)
        return -1;
    if (trace->count)
        memcpy(more, trace->events, trace->count * sizeof *more);
    trace->events = more;
    trace->room = room;
    return 0;
}

/* What happens again and again is one event. */
static int add(struct trace *trace, time_t when, const char *stamp,
               const char *id, enum rank rank, const char *what,
               const char *text)
{
    if (make_room(trace) < 0)
        return -1;
    unsigned *slot = slot_of(trace, id, what, text);
    if (*slot) {
        struct trace_event *known = &trace->events[*slot - 1];
        known->times++;
        snprintf(known->last, sizeof known->last, "%s", stamp);
        return 0;
    }
    if (trace->count == TRACE_EVENTS_MOST) {
        trace->left_out++;
        return 0;
    }
    struct trace_event *event = &trace->events[trace->count];
    *event = (struct trace_event){
        .when = when, .what = what, .times = 1, .rank = (int)rank,
        .id = pool_string(trace->pool, id), .order = trace->count,
        .text = pool_string(trace->pool, text)};
    snprintf(event->stamp, sizeof event->stamp, "%s", stamp);
    if (!event->id || !event->text)
        return -1;
    *slot = (unsigned)++trace->count;
    return 0;
}

static int find_ids(void *context, const struct maillog_line *line)
{
    struct search *search = context;
    char value[1000];
    if (line->kind != MAILLOG_ARRIVED || !maillog_field(line, "id", value,
                                                        sizeof value) ||
        strcmp(value, search->wanted) != 0)
        return 0;
    return add_id(search->trace, line->id) < 0 ? failure_memory(search->why)
                                               : 0;
}

/* A bounce names the message that it is for: R=number. */
static int find_bounces(void *context, const struct maillog_line *line)
{
    struct search *search = context;
    char value[SPOOL_ID_MOST];
    if (line->kind != MAILLOG_ARRIVED ||
        !maillog_field(line, "R", value, sizeof value) ||
        !trace_has(search->trace, value))
        return 0;
    return add_id(search->trace, line->id) < 0 ? failure_memory(search->why)
                                               : 0;
}

static int collect(void *context, const struct maillog_line *line)
{
    struct search *search = context;
    int rc = 0;
    if (*line->id && trace_has(search->trace, line->id))
        rc = add(search->trace, line->when, line->stamp, line->id,
                 ranks[line->kind], words[line->kind], line->text);
    return rc < 0 ? failure_memory(search->why) : 0;
}

int trace_find(struct trace *trace, const char *path, int old,
               const char *wanted, struct failure *why)
{
    size_t length = strlen(wanted);
    struct search search = {trace, wanted, why};
    int rc = 0;
    if (length > 2 && *wanted == '<' && wanted[length - 1] == '>' &&
        !(search.wanted = pool_substring(trace->pool, wanted + 1, length - 2)))
        return failure_memory(why);
    if (spool_is_id(wanted, length))
        rc = add_id(trace, wanted) < 0 ? failure_memory(why) : 0;
    else
        rc = maillog_each(path, old, find_ids, &search, why);
    if (rc == 0 && trace->id_count)
        rc = maillog_each(path, old, find_bounces, &search, why);
    if (rc == 0 && trace->id_count)
        rc = maillog_each(path, old, collect, &search, why);
    return rc < 0 ? -1 : trace->count > 0;
}

/* The message's number in a line of ours. In JSON no text can hold the
 * pattern: its quotes have backslashes. */
static int id_of(const char *text, char *id, size_t size)
{
    static const char pattern[] = "\"" LOG_ID "\":\"";
    struct maillog_line fields = {.kind = MAILLOG_DECIDED, .text = text};
    const char *at = *text == '{' ? strstr(text, pattern) : NULL;
    *id = '\0';
    if (at)
        snprintf(id, size, "%.*s", (int)strcspn(at + strlen(pattern), "\""),
                 at + strlen(pattern));
    else if (*text != '{')
        maillog_field(&fields, LOG_ID, id, size);
    return spool_is_id(id, strlen(id));
}

/* Decisions are in Exim's log. */
static int is_decision(const char *text)
{
    return strncmp(text, LOG_DIRECTION "=", strlen(LOG_DIRECTION) + 1) == 0 ||
           (*text == '{' && strstr(text, ",\"" LOG_DIRECTION "\":\""));
}

/* "2026-11-25 12:00:00 seemail[1]: ..." or {"time":"2026-11-25T12:00:00Z",...:
 * when it was, and where the rest begins. */
static const char *our_time(const char *line, time_t *when_r)
{
    struct tm tm = {.tm_isdst = -1};
    int json = strncmp(line, "{\"time\":\"", 9) == 0;
    if (sscanf(line + (json ? 9 : 0), "%4d-%2d-%2d%*1[T ]%2d:%2d:%2d",
               &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
               &tm.tm_sec) != 6)
        return NULL;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    *when_r = json ? timegm(&tm) : mktime(&tm);
    const char *rest = json ? line : strstr(line, "]: ");
    return rest && !json ? rest + 3 : rest;
}

int trace_ours(struct trace *trace, const char *path, struct failure *why)
{
    char line[8192], id[SPOOL_ID_MOST], stamp[20];
    FILE *file = fopen(path, "re");
    int rc = 0;
    while (rc == 0 && file && fgets(line, sizeof line, file)) {
        struct tm tm;
        time_t when;
        const char *text = our_time(line, &when);
        line[strcspn(line, "\n")] = '\0';
        if (!text || !id_of(text, id, sizeof id) || !trace_has(trace, id) ||
            is_decision(text) || !localtime_r(&when, &tm))
            continue;
        strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &tm);
        if (add(trace, when, stamp, id,
                strstr(text, "verify") ? VERIFIED : OURS, "seemail",
                text) < 0)
            rc = failure_memory(why);
    }
    if (file)
        fclose(file);
    return rc;
}

int trace_waits(struct trace *trace, const char *id,
                const struct spool_message *message)
{
    char stamp[20] = "";
    struct tm tm;
    time_t now = time(NULL);
    const struct held_reason *reason = held_why(message);
    const char *text = pool_format(
        trace->pool, "in the queue for %s, %s: %s",
        held_age(trace->pool, (long long)now - message->received),
        reason->word, reason->step ? reason->step
                                   : "it is tried again by itself");
    if (localtime_r(&now, &tm))
        strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &tm);
    return text ? add(trace, now, stamp, id, NOW, "now", text) : -1;
}
