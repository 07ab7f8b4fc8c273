/* trace: for people and for programs; see trace.h. */
#include "buffer.h"
#include "held.h"
#include "json.h"
#include "pool.h"
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_time(const void *a, const void *b)
{
    const struct trace_event *x = a, *y = b;
    if (x->when != y->when)
        return x->when < y->when ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void print_people(const struct trace *trace)
{
    for (size_t k = 0; k < trace->id_count; k++) {
        printf("%s%s\n", k ? "\n" : "", trace->ids[k]);
        for (size_t i = 0; i < trace->count; i++) {
            const struct trace_event *event = &trace->events[i];
            if (strcmp(event->id, trace->ids[k]) != 0)
                continue;
            printf("  %s  %-9s  %s\n", event->stamp, event->what,
                   held_plain(trace->pool, event->text));
            if (event->times > 1)
                printf("  %19s  %-9s  %zu times more, last at %s\n", "", "",
                       event->times - 1, event->last);
        }
    }
    if (trace->left_out)
        printf("\n%zu events more, beyond the first %d, are not shown\n",
               trace->left_out, TRACE_EVENTS_MOST);
}

static int print_json(const struct trace *trace)
{
    struct buffer out = {0};
    json_open(&out, NULL, '{');
    json_open(&out, "ids", '[');
    for (size_t i = 0; i < trace->id_count; i++)
        json_text(&out, NULL, trace->ids[i]);
    json_close(&out, ']');
    json_open(&out, "events", '[');
    for (size_t i = 0; i < trace->count; i++) {
        const struct trace_event *event = &trace->events[i];
        json_open(&out, NULL, '{');
        json_time(&out, "time", event->when);
        json_text(&out, "id", event->id);
        json_text(&out, "event", event->what);
        json_text(&out, "text", event->text);
        json_number(&out, "times", (long long)event->times);
        json_close(&out, '}');
    }
    json_close(&out, ']');
    json_number(&out, "left-out", (long long)trace->left_out);
    json_close(&out, '}');
    int failed = out.failed;
    if (!failed)
        printf("%s\n", buffer_string(&out));
    buffer_free(&out);
    return failed ? -1 : 0;
}

int trace_print(struct trace *trace, int json)
{
    if (trace->count)
        qsort(trace->events, trace->count, sizeof *trace->events, by_time);
    if (json)
        return print_json(trace);
    print_people(trace);
    return 0;
}
