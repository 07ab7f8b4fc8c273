/* event_mail: what is to be told, and the mails that do; see event_count.h.
 * Mails have the key "o" NUL name. */
#include "event_count.h"

#include "buffer.h"
#include "failure.h"
#include "pool.h"
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PENDING_MOST 20000 /* in one run; the rest is told by the next */

struct gathering {
    struct pool *pool;
    struct event_pending *list;
    size_t count, most;
};

/* Takes the next NUL-ended part off a slice; "" at its end. */
static const char *next_part(struct der *in, struct pool *pool)
{
    const unsigned char *end = memchr(in->data, '\0', in->length);
    size_t length = end ? (size_t)(end - in->data) : in->length;
    const char *part = pool_substring(pool, (const char *)in->data, length);
    in->data += end ? length + 1 : length;
    in->length -= end ? length + 1 : length;
    return part;
}

static int kind_of(const char *word, enum event_kind *kind_r)
{
    for (int kind = 0; kind < EVENT_KINDS; kind++)
        if (strcmp(event_words[kind], word) == 0) {
            *kind_r = (enum event_kind)kind;
            return 1;
        }
    return 0;
}

static int gather(void *context, const struct der *key,
                  const struct der *value, struct failure *why)
{
    struct gathering *g = context;
    struct der name = {key->data + 2, key->length - 2}, rest = *value;
    if (g->count == PENDING_MOST)
        return 1;
    if (g->list) {
        struct event_pending *one = &g->list[g->count];
        one->to = next_part(&name, g->pool);
        const char *word = next_part(&name, g->pool);
        one->about = next_part(&name, g->pool);
        const char *numbers = next_part(&rest, g->pool);
        one->id = next_part(&rest, g->pool);
        one->reason = next_part(&rest, g->pool);
        if (!one->to || !word || !one->about || !numbers || !one->id ||
            !one->reason)
            return failure_memory(why);
        if (!kind_of(word, &one->kind)) /* of a later version */
            return 0;
        if (sscanf(numbers, "%llu %lld %lld", &one->count, &one->first,
                   &one->last) != 3)
            return failure(why, FAILURE_STATE, "state: an event is damaged");
    }
    g->count++;
    return 0;
}

int event_pending_all(struct state *state, struct pool *pool,
                      struct event_pending **pending_r, size_t *count_r,
                      struct failure *why)
{
    struct gathering g = {.pool = pool};
    *pending_r = NULL;
    *count_r = 0;
    if (state_each(state, STATE_EVENTS, "p", 2, gather, &g, why) < 0)
        return -1;
    g.list = pool_array(pool, g.count + 1, sizeof *g.list);
    g.count = 0;
    if (!g.list)
        return failure_memory(why);
    if (state_each(state, STATE_EVENTS, "p", 2, gather, &g, why) < 0)
        return -1;
    *pending_r = g.list;
    *count_r = g.count;
    return 0;
}

int event_pending_drop(struct state *state, const struct event_pending *one,
                       struct failure *why)
{
    struct buffer key = {0};
    buffer_format(&key, "p%c%s%c%s%c%s%c", 0, one->to, 0,
                  event_word(one->kind), 0, one->about, 0);
    int rc = key.failed ? failure_memory(why)
                        : state_delete(state, STATE_EVENTS, key.data,
                                       key.length, why);
    buffer_free(&key);
    return rc < 0 ? -1 : 0;
}

static size_t mail_key(const char *name, char *key, size_t size)
{
    int length = snprintf(key, size, "o%c%s", 0, name);
    return (size_t)length < size ? (size_t)length : size - 1;
}

int event_mail_put(struct state *state, const char *name, const char *to,
                   const char *mail, struct failure *why)
{
    char key[STATE_KEY_MOST];
    size_t length = mail_key(name, key, sizeof key);
    struct buffer value = {0};
    buffer_format(&value, "%s\n%s", to, mail);
    int rc = value.failed ? failure_memory(why)
                          : state_put(state, STATE_EVENTS, key, length,
                                      value.data, value.length, why);
    buffer_free(&value);
    return rc;
}

int event_mail_drop(struct state *state, const char *name,
                    struct failure *why)
{
    char key[STATE_KEY_MOST];
    size_t length = mail_key(name, key, sizeof key);
    return state_delete(state, STATE_EVENTS, key, length, why) < 0 ? -1 : 0;
}

long long event_mail_made(const char *name)
{
    return strtoll(name, NULL, 16);
}

struct next_mail {
    struct pool *pool;
    const char *after;
    char *name, *text;
};

static int find_next(void *context, const struct der *key,
                     const struct der *value, struct failure *why)
{
    struct next_mail *next = context;
    char *name = pool_substring(next->pool, (const char *)key->data + 2,
                                key->length - 2);
    if (!name)
        return failure_memory(why);
    if (strcmp(name, next->after) <= 0)
        return 0;
    next->name = name;
    next->text = pool_substring(next->pool, (const char *)value->data,
                                value->length);
    return next->text ? 1 : failure_memory(why);
}

int event_mail_next(struct state *state, struct pool *pool, const char *after,
                    const char **name_r, const char **to_r,
                    const char **mail_r, struct failure *why)
{
    struct next_mail next = {pool, after, NULL, NULL};
    int rc = state_each(state, STATE_EVENTS, "o", 2, find_next, &next, why);
    if (rc <= 0)
        return rc;
    char *end = strchr(next.text, '\n');
    if (!end)
        return failure(why, FAILURE_STATE, "state: a notice is damaged");
    *end = '\0';
    *name_r = next.name;
    *to_r = next.text;
    *mail_r = end + 1;
    return 1;
}
