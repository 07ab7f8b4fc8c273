/* capabilities: see capabilities.h. */
#include "capabilities.h"

#include "buffer.h"
#include "cms_choice.h"
#include "failure.h"
#include "pool.h"
#include "state.h"

#include <string.h>

#define LIST_MOST 8192 /* bytes of one list; honest ones have about 100 */
#define SAME_SECONDS 3600
#define TIME_BYTES 8
#define HEAD (2 * TIME_BYTES) /* of a record: both times, then the list */

static void put_time(struct buffer *record, long long when)
{
    for (int shift = 8 * (TIME_BYTES - 1); shift >= 0; shift -= 8)
        buffer_byte(record, (int)((unsigned long long)when >> shift & 0xff));
}

static long long get_time(const unsigned char *at)
{
    unsigned long long when = 0;
    for (int i = 0; i < TIME_BYTES; i++)
        when = when << 8 | at[i];
    return (long long)when;
}

/* 1, 0, -1. */
static int get(struct state *state, const char *who,
               struct capabilities *capabilities_r, struct failure *why)
{
    struct der record;
    int rc = state_get(state, STATE_CAPABILITIES, who, strlen(who), &record,
                       why);
    if (rc <= 0)
        return rc;
    if (record.length < HEAD)
        return failure(why, FAILURE_STATE,
                       "the capabilities of %s: a broken record", who);
    capabilities_r->signed_at = get_time(record.data);
    capabilities_r->learned = get_time(record.data + TIME_BYTES);
    capabilities_r->list = (struct der){record.data + HEAD,
                                        record.length - HEAD};
    return 1;
}

/* Signing times are in seconds: of two in the same one the last to come
 * counts. */
static int is_news(struct state *state, const char *who,
                   const struct capabilities *new, struct failure *why)
{
    struct capabilities old;
    if (strlen(who) > STATE_KEY_MOST || new->list.length > LIST_MOST ||
        new->signed_at <= 0 || !cms_capabilities_valid(&new->list))
        return 0;
    int rc = get(state, who, &old, why);
    if (rc <= 0)
        return rc < 0 ? -1 : 1;
    if (der_equal(&new->list, old.list.data, old.list.length))
        return new->signed_at > old.signed_at + SAME_SECONDS;
    return new->signed_at >= old.signed_at;
}

int capabilities_put(struct state *state, const char *who,
                     const struct capabilities *capabilities,
                     struct failure *why)
{
    struct buffer record = {0};
    int rc = is_news(state, who, capabilities, why);
    if (rc <= 0)
        return rc;
    put_time(&record, capabilities->signed_at);
    put_time(&record, capabilities->learned);
    buffer_append(&record, capabilities->list.data, capabilities->list.length);
    rc = record.failed ? failure_memory(why)
                       : state_put(state, STATE_CAPABILITIES, who,
                                   strlen(who), record.data, record.length,
                                   why);
    buffer_free(&record);
    return rc < 0 ? -1 : 1;
}

int capabilities_news(struct state *state, const char *who,
                      const struct capabilities *capabilities,
                      struct failure *why)
{
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    return state_end(state, is_news(state, who, capabilities, why), why);
}

static int find(struct state *state, struct pool *pool, const char *who,
                struct capabilities *capabilities_r, struct failure *why)
{
    int rc = get(state, who, capabilities_r, why);
    while (rc == 0 && !strchr(who, '@') && (who = strchr(who, '.')))
        rc = get(state, ++who, capabilities_r, why);
    if (rc <= 0)
        return rc;
    struct der *list = &capabilities_r->list;
    list->data = pool_copy(pool, list->data, list->length);
    return list->data ? 1 : failure_memory(why);
}

int capabilities_find(struct state *state, struct pool *pool, const char *who,
                      struct capabilities *capabilities_r,
                      struct failure *why)
{
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    return state_end(state, find(state, pool, who, capabilities_r, why), why);
}
