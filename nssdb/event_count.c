/* event_count: see event_count.h. The counters; mails are in event_mail.c. */
#include "event_count.h"

#include "address.h"
#include "event_journal.h"
#include "failure.h"
#include "policy.h"
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Keys, with a NUL between their parts:
 *   "n"                     the name of the journal that was counted last
 *   "t" kind                "count last"
 *   "m" kind about message  when it was last seen
 *   "p" to kind about       "count first last", NUL id NUL reason
 *   "h" kind                "start count" of mails at once
 */
#define PART_MOST 200 /* bytes of a part of a key; longer ones are cut */
#define FORGET_MOST 1000 /* messages in one transaction */
#define DAY 86400

struct key {
    char bytes[STATE_KEY_MOST];
    size_t length;
};

static void key_add(struct key *key, const char *part)
{
    size_t length = strnlen(part, PART_MOST);
    if (key->length + length + 1 > sizeof key->bytes)
        length = sizeof key->bytes - key->length - 1;
    memcpy(key->bytes + key->length, part, length);
    key->bytes[key->length + length] = '\0';
    key->length += length + 1;
}

static struct key key_of(const char *a, const char *b, const char *c,
                         const char *d)
{
    struct key key = {.length = 0};
    const char *const parts[] = {a, b, c, d};
    for (size_t i = 0; i < 4 && parts[i]; i++)
        key_add(&key, parts[i]);
    return key;
}

/* The value as text, cut to size: 1, 0 = none, -1. */
static int get(struct state *state, const struct key *key, char *text,
               size_t size, struct failure *why)
{
    struct der value;
    int rc = state_get(state, STATE_EVENTS, key->bytes, key->length, &value,
                       why);
    text[0] = '\0';
    if (rc > 0)
        snprintf(text, size, "%.*s", (int)value.length,
                 (const char *)value.data);
    return rc;
}

static int put(struct state *state, const struct key *key, const char *text,
               size_t length, struct failure *why)
{
    return state_put(state, STATE_EVENTS, key->bytes, key->length, text,
                     length, why);
}

int event_total(struct state *state, enum event_kind kind,
                unsigned long long *count_r, long long *last_r,
                struct failure *why)
{
    char text[64];
    struct key key = key_of("t", event_word(kind), NULL, NULL);
    int rc = get(state, &key, text, sizeof text, why);
    if (rc <= 0 || sscanf(text, "%llu %lld", count_r, last_r) != 2) {
        *count_r = 0;
        *last_r = 0;
    }
    return rc < 0 ? -1 : 0;
}

static int add_total(struct state *state, const struct journal_line *line,
                     struct failure *why)
{
    char text[64];
    unsigned long long count;
    long long last;
    struct key key = key_of("t", event_word(line->kind), NULL, NULL);
    if (event_total(state, line->kind, &count, &last, why) < 0)
        return -1;
    int length = snprintf(text, sizeof text, "%llu %lld", count + 1,
                          line->when > last ? line->when : last);
    return put(state, &key, text, (size_t)length, why);
}

/* Has the message had this event before? Remembers that it has. 1, 0, -1. */
static int seen(struct state *state, const struct journal_line *line,
                struct failure *why)
{
    char text[64];
    long long last = 0;
    if (!*line->id)
        return 0;
    struct key key = key_of("m", event_word(line->kind), line->about,
                            line->id);
    int rc = get(state, &key, text, sizeof text, why);
    if (rc > 0 && sscanf(text, "%lld", &last) == 1 &&
        line->when - last < DAY)
        return 1; /* not written anew each time that it is tried */
    int length = snprintf(text, sizeof text, "%lld", line->when);
    if (rc < 0 || put(state, &key, text, (size_t)length, why) < 0)
        return -1;
    return rc;
}

struct tally {
    const struct key *whole;
    size_t count;
    int found;
};

static int tally_one(void *context, const struct der *key,
                     const struct der *value, struct failure *why)
{
    struct tally *tally = context;
    (void)value, (void)why;
    tally->count++;
    tally->found |= der_equal(key, tally->whole->bytes, tally->whole->length);
    return 0;
}

/* Under its own name, or, when there are enough of those, the others'. */
static int pending_key(struct state *state, const char *to,
                       const struct journal_line *line, struct key *key_r,
                       struct failure *why)
{
    struct key prefix = key_of("p", to, event_word(line->kind), NULL);
    *key_r = key_of("p", to, event_word(line->kind), line->about);
    struct tally tally = {key_r, 0, 0};
    if (state_each(state, STATE_EVENTS, prefix.bytes, prefix.length,
                   tally_one, &tally, why) < 0)
        return -1;
    if (!tally.found && tally.count >= EVENT_ABOUT_MOST)
        *key_r = key_of("p", to, event_word(line->kind), EVENT_ABOUT_OTHERS);
    return 0;
}

static int add_pending(struct state *state, const char *to,
                       const struct journal_line *line, struct failure *why)
{
    char text[64], value[1200];
    unsigned long long count = 0;
    long long first = line->when, last = line->when;
    struct der old;
    struct key key;
    if (pending_key(state, to, line, &key, why) < 0)
        return -1;
    int rc = state_get(state, STATE_EVENTS, key.bytes, key.length, &old, why);
    if (rc < 0)
        return -1;
    const char *tail = NULL; /* the first's id and reason stay */
    if (rc > 0 && (tail = memchr(old.data, '\0', old.length))) {
        snprintf(text, sizeof text, "%s", (const char *)old.data);
        if (sscanf(text, "%llu %lld %lld", &count, &first, &last) != 3)
            return failure(why, FAILURE_STATE, "state %s: an event is "
                           "damaged", state_folder(state));
    }
    int length = snprintf(value, sizeof value, "%llu %lld %lld", count + 1,
                          first < line->when ? first : line->when,
                          last > line->when ? last : line->when);
    size_t used = (size_t)length + 1;
    if (tail) {
        size_t more = old.length - (size_t)((const unsigned char *)
                                            (const void *)tail - old.data) - 1;
        if (more > sizeof value - used)
            more = sizeof value - used;
        memcpy(value + used, tail + 1, more);
        used += more;
    } else {
        used += (size_t)snprintf(value + used, sizeof value - used, "%s%c%s",
                                 line->id, '\0', line->reason);
    }
    return put(state, &key, value, used, why);
}

/* One of our people, but nobody who reads for all of us: the address, from the
 * journal's word for it (which is whole). */
static int may_tell(const struct policy *policy, const char *word,
                    char sender[JOURNAL_VALUE_MOST])
{
    int length = snprintf(sender, JOURNAL_VALUE_MOST, "%s", word);
    address_unword(sender);
    const char *at = strrchr(sender, '@');
    return at && length < JOURNAL_VALUE_MOST && strlen(sender) < PART_MOST &&
           strncasecmp(sender, "postmaster@", 11) != 0 &&
           policy_identity(policy, at + 1) != NULL;
}

struct counting {
    struct state *state;
    const struct policy *policy;
};

static int count_line(void *context, const struct journal_line *line,
                      struct failure *why)
{
    const struct counting *counting = context;
    struct state *state = counting->state;
    const struct event_rule *rule = &counting->policy->events[line->kind];
    char sender[JOURNAL_VALUE_MOST];
    int rc = seen(state, line, why);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    rc = add_total(state, line, why);
    if (rc < 0 || line->quiet || rule->how < NOTIFY_DIGEST)
        return rc;
    if (rule->to & NOTIFY_ADMINISTRATOR)
        rc = add_pending(state, "", line, why);
    if (rc == 0 && rule->to & NOTIFY_SENDER &&
        may_tell(counting->policy, line->sender, sender))
        rc = add_pending(state, sender, line, why);
    return rc;
}

struct forgetting {
    long long before;
    size_t all, count;
    struct key keys[FORGET_MOST];
};

static int forget_one(void *context, const struct der *key,
                      const struct der *value, struct failure *why)
{
    struct forgetting *forgetting = context;
    char text[32];
    long long when = 0;
    (void)why;
    if (++forgetting->all > EVENT_MESSAGES_MOST)
        return 1;
    snprintf(text, sizeof text, "%.*s", (int)value->length,
             (const char *)value->data);
    if (sscanf(text, "%lld", &when) == 1 && when >= forgetting->before)
        return 0;
    if (forgetting->count == FORGET_MOST)
        return 0;
    struct key *to = &forgetting->keys[forgetting->count++];
    memcpy(to->bytes, key->data, key->length);
    to->length = key->length;
    return 0;
}

/* Whoever sends us mail all day makes more of them than go: then all do. */
static int forget(struct state *state, long long before, struct failure *why)
{
    struct forgetting *old = calloc(1, sizeof *old);
    if (!old)
        return failure_memory(why);
    old->before = before;
    int rc = state_each(state, STATE_EVENTS, "m", 2, forget_one, old, why);
    if (rc >= 0 && old->all > EVENT_MESSAGES_MOST) {
        old->count = 0;
        rc = state_clear(state, STATE_EVENTS, "m", 2, why);
    }
    for (size_t i = 0; rc >= 0 && i < old->count; i++)
        rc = state_delete(state, STATE_EVENTS, old->keys[i].bytes,
                          old->keys[i].length, why);
    free(old);
    return rc < 0 ? -1 : 0;
}

static int count_all(struct counting *counting, const char *name,
                     long long now, struct failure *why)
{
    char last[JOURNAL_NAME];
    struct state *state = counting->state;
    struct key key = key_of("n", NULL, NULL, NULL);
    int rc = get(state, &key, last, sizeof last, why);
    if (rc < 0 || (rc > 0 && strcmp(last, name) == 0))
        return rc < 0 ? -1 : 0; /* a crash came after it was counted */
    if (journal_each(counting->policy->settings.state, count_line, counting,
                     why) < 0 ||
        forget(state, now - EVENT_REMEMBERED, why) < 0)
        return -1;
    return put(state, &key, name, strlen(name), why);
}

/* 1; 0 = there is none; -1. */
static int count_one(struct state *state, const struct policy *policy,
                     long long now, struct failure *why)
{
    struct counting counting = {state, policy};
    char name[JOURNAL_NAME];
    int rc = journal_take(policy->settings.state, name, why);
    if (rc <= 0)
        return rc;
    if (state_begin(state, STATE_WRITE, why) < 0 ||
        state_end(state, count_all(&counting, name, now, why), why) < 0)
        return -1;
    return journal_done(policy->settings.state, why) < 0 ? -1 : 1;
}

/* What one that was killed has left, and what came since. */
int event_count_journal(struct state *state, const struct policy *policy,
                        long long now, struct failure *why)
{
    int rc = count_one(state, policy, now, why);
    if (rc > 0)
        rc = count_one(state, policy, now, why);
    return rc < 0 ? -1 : 0;
}

int event_at_once(struct state *state, enum event_kind kind,
                  long long *start_r, long *count_r, struct failure *why)
{
    char text[64];
    struct key key = key_of("h", event_word(kind), NULL, NULL);
    int rc = get(state, &key, text, sizeof text, why);
    if (rc <= 0 || sscanf(text, "%lld %ld", start_r, count_r) != 2) {
        *start_r = 0;
        *count_r = 0;
    }
    return rc < 0 ? -1 : 0;
}

int event_at_once_put(struct state *state, enum event_kind kind,
                      long long start, long count, struct failure *why)
{
    char text[64];
    struct key key = key_of("h", event_word(kind), NULL, NULL);
    int length = snprintf(text, sizeof text, "%lld %ld", start, count);
    return put(state, &key, text, (size_t)length, why);
}
