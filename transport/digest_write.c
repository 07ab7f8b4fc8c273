/* digest_write: the text of a digest; see digest.h. */
#include "digest.h"

#include "buffer.h"
#include "failure.h"
#include "mail.h"
#include "policy.h"
#include "pool.h"
#include "template.h"

#include <string.h>
#include <time.h>

#define TIME_TEXT 32

static void put_time(long long when, char text[TIME_TEXT])
{
    time_t seconds = (time_t)when;
    struct tm tm;
    text[0] = '\0';
    if (localtime_r(&seconds, &tm))
        strftime(text, TIME_TEXT, "%Y-%m-%d %H:%M %z", &tm);
}

static const char *times(unsigned long long count)
{
    return count == 1 ? "once" : "times";
}

static void put_count(unsigned long long count, struct buffer *out)
{
    if (count == 1)
        buffer_text(out, times(count));
    else
        buffer_format(out, "%llu %s", count, times(count));
}

static void put_event(const struct event_pending *one, struct buffer *out)
{
    char first[TIME_TEXT], last[TIME_TEXT];
    put_time(one->first, first);
    put_time(one->last, last);
    buffer_text(out, "  - ");
    template_clean(*one->about ? one->about : "the hub", TEMPLATE_TEXT, out);
    buffer_text(out, ": ");
    put_count(one->count, out);
    buffer_format(out, ", %s%s%s\n", first,
                  strcmp(first, last) == 0 ? "" : " to ",
                  strcmp(first, last) == 0 ? "" : last);
    if (*one->reason) {
        buffer_text(out, "    ");
        template_clean(one->reason, TEMPLATE_TEXT, out);
        buffer_byte(out, '\n');
    }
    if (*one->id) {
        buffer_text(out, one->count == 1 ? "    Message: "
                                         : "    First message: ");
        template_clean(one->id, TEMPLATE_TEXT, out);
        buffer_byte(out, '\n');
    }
}

/* The events of one kind, which stand together. How many there are. */
static size_t put_kind(const struct event_pending *const *events, size_t count,
                       struct buffer *out)
{
    enum event_kind kind = events[0]->kind;
    unsigned long long all = 0;
    size_t length = 0;
    while (length < count && events[length]->kind == kind)
        all += events[length++]->count;
    buffer_format(out, "%s: ", event_title(kind));
    put_count(all, out);
    buffer_text(out, "\n");
    for (size_t i = 0; i < length; i++)
        put_event(events[i], out);
    buffer_format(out, "  What to do: %s\n\n", event_advice(kind));
    return length;
}

struct filled {
    struct buffer subject, text;
};

static int fill(const struct policy *policy, const char *subject,
                const char *text, const struct event_pending *const *events,
                size_t count, struct filled *out, struct failure *why)
{
    const char *hub = policy->identities[0].domain;
    char first[TIME_TEXT], last[TIME_TEXT];
    long long from = events[0]->first, until = events[0]->last;
    unsigned long long all = 0;
    struct buffer lines = {0}, number = {0};
    for (size_t i = 0; i < count; i++) {
        all += events[i]->count;
        from = events[i]->first < from ? events[i]->first : from;
        until = events[i]->last > until ? events[i]->last : until;
    }
    for (size_t i = 0; i < count;)
        i += put_kind(events + i, count - i, &lines);
    put_count(all, &number);
    put_time(from, first);
    put_time(until, last);
    const struct template_value values[] = {
        {"hub", hub + (*hub == '.'), 0}, {"from", first, 0},
        {"until", last, 0}, {"title", event_title(events[0]->kind), 0},
        {"count", buffer_string(&number), 0},
        {"events", buffer_string(&lines), 1}};
    size_t most = sizeof values / sizeof values[0];
    int rc = lines.failed || number.failed
                 ? failure_memory(why)
                 : template_fill(subject, TEMPLATE_TEXT, values, most,
                                 &out->subject, why);
    if (rc == 0)
        rc = template_fill(text, TEMPLATE_TEXT, values, most, &out->text, why);
    buffer_free(&lines);
    buffer_free(&number);
    return rc;
}

int digest_write(const struct policy *policy, const char *to, const char *id,
                 const struct event_pending *const *events, size_t count,
                 struct buffer *out, struct failure *why)
{
    struct pool *pool = pool_new();
    struct filled filled = {{0}, {0}};
    struct mail mail = {.from = policy->settings.postmaster, .to = to};
    const char *subject = NULL, *text = NULL;
    int rc = pool ? template_read_mail(pool, policy->folder, "digest",
                                       &subject, &text, why)
                  : failure_memory(why);
    if (rc == 0)
        rc = fill(policy, subject, text, events, count, &filled, why);
    if (rc == 0) {
        mail.subject = buffer_string(&filled.subject);
        mail.text = buffer_string(&filled.text);
        rc = mail_write(&mail, id, out, why);
    }
    buffer_free(&filled.subject);
    buffer_free(&filled.text);
    pool_free(&pool);
    return rc;
}
