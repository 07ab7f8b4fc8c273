/* digest: see digest.h. When what is due; the text is in digest_write.c. */
#include "digest.h"

#include "buffer.h"
#include "failure.h"
#include "mail.h"
#include "policy.h"
#include "pool.h"
#include "state.h"

#include <string.h>

#define HOUR 3600
#define MINUTE 60

struct making {
    struct state *state;
    const struct policy *policy;
    struct pool *pool;
    long long now, due;  /* 0 = nothing waits */
    int all; /* is due */
    unsigned muted;
    long long start[EVENT_KINDS]; /* of the hour that mails are counted in */
    long count[EVENT_KINDS];
    struct failure *why;
};

static int read_hours(struct making *m)
{
    for (int kind = 0; kind < EVENT_KINDS; kind++) {
        if (event_at_once(m->state, (enum event_kind)kind, &m->start[kind],
                          &m->count[kind], m->why) < 0)
            return -1;
        /* Also when a clock went back. */
        if (m->now >= m->start[kind] + HOUR || m->now < m->start[kind]) {
            m->start[kind] = m->now;
            m->count[kind] = 0;
        }
    }
    return 0;
}

/* When it is to be told. */
static long long due_at(struct making *m, const struct event_pending *one)
{
    const struct event_rule *rule = &m->policy->events[one->kind];
    /* By a clock that was ahead, and not just while we were at it. */
    if (m->all || one->first > m->now + MINUTE)
        return m->now;
    if (rule->how != NOTIFY_MAIL)
        return one->first + rule->minutes * MINUTE;
    return m->count[one->kind] < m->policy->settings.notices_at_once
               ? m->now
               : m->start[one->kind] + HOUR;
}

static int write_mail(struct making *m, const char *to,
                      const struct event_pending *const *events, size_t count)
{
    char id[MAIL_ID];
    struct buffer mail = {0};
    const struct settings *settings = &m->policy->settings;
    const char *address = *to ? to : settings->administrator;
    int rc = mail_id(settings->postmaster, id, m->why);
    if (rc == 0)
        rc = digest_write(m->policy, address, id, events, count, &mail,
                          m->why);
    if (rc == 0)
        rc = event_mail_put(m->state, id, address, buffer_string(&mail),
                            m->why);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = event_pending_drop(m->state, events[i], m->why);
    buffer_free(&mail);
    return rc;
}

/* The mails at once that this one is, each kind once. */
static int count_at_once(struct making *m,
                         const struct event_pending *const *events,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum event_kind kind = events[i]->kind;
        if (m->policy->events[kind].how != NOTIFY_MAIL ||
            (i > 0 && events[i - 1]->kind == kind))
            continue;
        if (event_at_once_put(m->state, kind, m->start[kind],
                              ++m->count[kind], m->why) < 0)
            return -1;
    }
    return 0;
}

/* What the policy does not want told any more. */
static int drop_unwanted(struct making *m, const struct event_pending *list,
                         size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (m->policy->events[list[i].kind].how < NOTIFY_DIGEST &&
            event_pending_drop(m->state, &list[i], m->why) < 0)
            return -1;
    return 0;
}

/* All of one person: when one of a kind is due, all of that kind is told. */
static int tell_one(struct making *m, const struct event_pending *from,
                    size_t length, const struct event_pending **due)
{
    size_t count = 0;
    unsigned kinds = 0;
    for (size_t i = 0; i < length; i++)
        if (m->policy->events[from[i].kind].how >= NOTIFY_DIGEST &&
            due_at(m, &from[i]) <= m->now)
            kinds |= 1U << from[i].kind;
    for (size_t i = 0; i < length; i++)
        if (kinds >> from[i].kind & 1)
            due[count++] = &from[i];
    if (count == 0)
        return 0;
    if (write_mail(m, from->to, due, count) < 0)
        return -1;
    return count_at_once(m, due, count);
}

/* What waits: when the first of it is due, and what is over its limit. */
static int look_ahead(struct making *m)
{
    struct event_pending *list;
    size_t count;
    if (event_pending_all(m->state, m->pool, &list, &count, m->why) < 0)
        return -1;
    m->due = 0;
    for (size_t i = 0; i < count; i++) {
        long long at = due_at(m, &list[i]);
        if (!m->due || at < m->due)
            m->due = at;
    }
    for (int kind = 0; kind < EVENT_KINDS; kind++)
        if (m->policy->events[kind].how == NOTIFY_MAIL &&
            m->count[kind] >= m->policy->settings.notices_at_once)
            m->muted |= 1U << kind;
    return 0;
}

static int too_many_mails(struct making *m)
{
    const char *name = "", *to, *mail;
    int rc, count = 0;
    while ((rc = event_mail_next(m->state, m->pool, name, &name, &to, &mail,
                                 m->why)) > 0)
        if (++count == DIGEST_MAILS_MOST)
            return 1;
    return rc;
}

static int make(struct making *m)
{
    struct event_pending *list;
    size_t count;
    if (read_hours(m) < 0 ||
        event_pending_all(m->state, m->pool, &list, &count, m->why) < 0)
        return -1;
    const struct event_pending **due = pool_array(m->pool, count + 1,
                                                  sizeof *due);
    int full = too_many_mails(m);
    if (!due || full < 0)
        return due ? -1 : failure_memory(m->why);
    if (drop_unwanted(m, list, count) < 0)
        return -1;
    for (size_t i = 0, end; i < count && !full; i = end) {
        for (end = i; end < count && strcmp(list[end].to, list[i].to) == 0;)
            end++;
        if (tell_one(m, &list[i], end - i, due) < 0)
            return -1;
    }
    return look_ahead(m);
}

int digest_make(struct state *state, const struct policy *policy,
                long long now, int all, long long *due_r, unsigned *muted_r,
                struct failure *why)
{
    struct making m = {.state = state, .policy = policy, .pool = pool_new(),
                       .now = now, .all = all, .why = why};
    if (!m.pool)
        return failure_memory(why);
    int rc = state_begin(state, STATE_WRITE, why);
    if (rc == 0)
        rc = state_end(state, make(&m), why);
    *due_r = m.due;
    *muted_r = m.muted;
    pool_free(&m.pool);
    return rc;
}
