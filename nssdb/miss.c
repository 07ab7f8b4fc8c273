/* miss: see miss.h. */
#include "miss.h"

#include "failure.h"
#include "state.h"

#include <stdio.h>
#include <string.h>

#define EXPIRE_AT_ONCE 1000
#define MISSES_MOST 100000 /* a stranger's mail can make some: then all go */

struct key {
    const char *name;
    size_t length;
};

static struct key key_of(const char *name)
{
    return (struct key){name, strnlen(name, STATE_KEY_MOST)};
}

/* A record is text: "when until count reason". */
static int decode(const struct der *value, struct miss *miss_r)
{
    char text[300];
    int end = 0;
    snprintf(text, sizeof text, "%.*s", (int)value->length,
             (const char *)value->data);
    if (sscanf(text, "%lld %lld %u %n", &miss_r->when, &miss_r->until,
               &miss_r->count, &end) != 3 || end == 0)
        return 0;
    snprintf(miss_r->reason, sizeof miss_r->reason, "%.199s", text + end);
    return 1;
}

static int get(struct state *state, const char *name, struct miss *miss_r,
               struct failure *why)
{
    struct key key = key_of(name);
    struct der value;
    int rc = state_get(state, STATE_MISSES, key.name, key.length, &value, why);
    return rc > 0 ? decode(&value, miss_r) : rc;
}

int miss_find(struct state *state, const char *name, long long now,
              struct miss *miss_r, struct failure *why)
{
    *miss_r = (struct miss){0};
    if (!state)
        return 0;
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    int rc = state_end(state, get(state, name, miss_r, why), why);
    return rc > 0 ? miss_r->when <= now && now < miss_r->until : rc;
}

static int put(struct state *state, const char *name,
               const struct miss *miss, struct failure *why)
{
    struct key key = key_of(name);
    char text[300];
    snprintf(text, sizeof text, "%lld %lld %u %.199s", miss->when,
             miss->until, miss->count, miss->reason);
    return state_put(state, STATE_MISSES, key.name, key.length, text,
                     strlen(text), why);
}

static int add(struct state *state, const char *name, long long now,
               long first, long most, const char *reason, struct failure *why)
{
    struct miss miss = {0};
    long pause = first;
    size_t all;
    int rc = get(state, name, &miss, why);
    if (rc < 0 || state_count(state, STATE_MISSES, &all, why) < 0)
        return -1;
    if (rc == 0 && all >= MISSES_MOST &&
        state_clear(state, STATE_MISSES, "", 0, why) < 0)
        return -1;
    /* Long ago it was another story. */
    if (rc > 0 && (now < miss.when || now - miss.until > most))
        miss.count = 0;
    for (unsigned i = 0; i < miss.count && pause < most; i++)
        pause *= 2;
    miss.count++;
    miss.when = now;
    miss.until = now + (pause < most ? pause : most);
    snprintf(miss.reason, sizeof miss.reason, "%s", reason);
    return put(state, name, &miss, why);
}

int miss_put(struct state *state, const char *name, long long now,
             long first, long most, const char *reason, struct failure *why)
{
    if (state_begin(state, STATE_WRITE, why) < 0)
        return -1;
    return state_end(
        state, add(state, name, now, first, most, reason, why), why);
}

int miss_clear(struct state *state, const char *name, struct failure *why)
{
    struct key key = key_of(name);
    struct miss miss;
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    int rc = state_end(state, get(state, name, &miss, why), why);
    if (rc <= 0) /* mostly: readers do not wait for a writer */
        return rc;
    if (state_begin(state, STATE_WRITE, why) < 0)
        return -1;
    rc = state_delete(state, STATE_MISSES, key.name, key.length, why);
    return state_end(state, rc, why) < 0 ? -1 : 0;
}

struct expiry {
    long long before;
    char names[EXPIRE_AT_ONCE][STATE_KEY_MOST];
    size_t lengths[EXPIRE_AT_ONCE];
    size_t count;
};

static int visit(void *context, const struct der *key,
                 const struct der *value, struct failure *why)
{
    struct expiry *expiry = context;
    struct miss miss;
    (void)why;
    if (decode(value, &miss) && miss.until >= expiry->before)
        return 0;
    memcpy(expiry->names[expiry->count], key->data, key->length);
    expiry->lengths[expiry->count++] = key->length;
    return expiry->count == EXPIRE_AT_ONCE;
}

static int expire(struct state *state, struct expiry *expiry,
                  struct failure *why)
{
    int rc = state_each(state, STATE_MISSES, "", 0, visit, expiry, why);
    for (size_t i = 0; rc >= 0 && i < expiry->count; i++)
        rc = state_delete(state, STATE_MISSES, expiry->names[i],
                          expiry->lengths[i], why);
    return rc < 0 ? -1 : 0;
}

int miss_expire(struct state *state, long long before, struct failure *why)
{
    struct expiry expiry = {.before = before};
    if (state_begin(state, STATE_WRITE, why) < 0)
        return -1;
    return state_end(state, expire(state, &expiry, why), why);
}
