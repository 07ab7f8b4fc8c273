/* report: its tables; see report.h. */
#include "buffer.h"
#include "facts.h"
#include "held.h"
#include "page.h"
#include "pool.h"
#include "report.h"

#include <stdio.h>
#include <string.h>

#define PARTNERS_SHOWN 25
#define WAITING_SHOWN 50
#define COLUMNS_MOST 6
#define ROWS_MOST 50

static void table(struct buffer *out, const char *title)
{
    buffer_text(out, "<section>");
    page_element(out, "h2", NULL, title);
    buffer_text(out, "\n<div class=\"scroll\"><table>\n");
}

static void table_end(struct buffer *out)
{
    buffer_text(out, "</table></div></section>\n");
}

void report_problems(const struct report *report, struct buffer *out)
{
    const json_t *all = json_object_get(report->status, "findings");
    size_t shown = 0;
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        const char *level = facts_text(one, "level");
        if (strcmp(level, "good") == 0)
            continue;
        if (shown++ == 0)
            table(out, "What to do");
        buffer_format(out, "<tr><td class=\"w\"><span class=\"badge %s\">",
                      strcmp(level, "warning") == 0 ? "warning" : "critical");
        page_text(out, level);
        buffer_text(out, "</span></td><td>");
        page_text(out, facts_text(one, "text"));
        buffer_text(out, "<br>");
        page_element(out, "span", "soft", facts_text(one, "step"));
        buffer_text(out, "</td></tr>\n");
    }
    if (shown)
        table_end(out);
}

static void partner_row(struct buffer *out,
                        const struct traffic_partner *partner,
                        const char *name)
{
    buffer_text(out, "<tr>");
    page_element(out, "td", NULL, strcmp(name, TRAFFIC_NOBODY) == 0
                                      ? "without a sender (<>)" : name);
    page_number(out, partner->counts[TRAFFIC_SEALED]);
    page_number(out, partner->counts[TRAFFIC_VERIFIED]);
    page_number(out, partner->counts[TRAFFIC_WARNED]);
    buffer_text(out, "</tr>\n");
}

static void add(struct traffic_partner *to, const struct traffic_partner *from)
{
    for (size_t i = 0; i < TRAFFIC_KINDS; i++)
        to->counts[i] += from->counts[i];
}

void report_partners(const struct report *report, struct buffer *out)
{
    const struct traffic *traffic = report->traffic;
    struct traffic_partner rest = traffic->others;
    table(out, "Secure mail by partner");
    buffer_text(out, "<tr><th>partner</th><th class=\"n\">sealed</th>"
                     "<th class=\"n\">verified</th><th class=\"n\">warned</th>"
                     "</tr>\n");
    for (size_t i = 0; i < traffic->partner_count; i++)
        if (i < PARTNERS_SHOWN)
            partner_row(out, &traffic->partners[i],
                        traffic->partners[i].domain);
        else
            add(&rest, &traffic->partners[i]);
    if (rest.counts[TRAFFIC_SEALED] + rest.counts[TRAFFIC_VERIFIED] +
        rest.counts[TRAFFIC_WARNED])
        partner_row(out, &rest, "all others");
    if (!traffic->partner_count)
        buffer_text(out, "<tr><td colspan=\"4\" class=\"zero\">none"
                         "</td></tr>\n");
    table_end(out);
}

void report_verdicts(const struct report *report, struct buffer *out)
{
    const size_t *verdicts = report->traffic->verdicts;
    size_t shown = 0;
    table(out, "Mail from outside, by verdict");
    for (int i = 0; i < VERDICTS; i++) {
        if (!verdicts[i])
            continue;
        shown++;
        buffer_text(out, "<tr>");
        page_element(out, "td", NULL, i == VERDICT_NONE
                                          ? "none: plain mail"
                                          : verdict_word((enum verdict)i));
        page_number(out, verdicts[i]);
        buffer_text(out, "</tr>\n");
    }
    if (!shown)
        buffer_text(out, "<tr><td class=\"zero\">none</td></tr>\n");
    table_end(out);
}

static int waiting_row(const struct report *report, struct buffer *out,
                       const struct spool *spool, const struct spool_id *id)
{
    struct spool_message message;
    struct pool *pool = pool_new();
    int rc = pool ? spool_read(spool, id, pool, &message, NULL) : 0;
    if (rc > 0) {
        const struct held_reason *reason = held_why(&message);
        buffer_text(out, "<tr>");
        page_element(out, "td", "w",
                     held_age(pool, (long long)report->now -
                                        message.received));
        buffer_text(out, "<td>");
        page_text(out, *message.sender ? message.sender : "<>");
        buffer_text(out, " to ");
        page_text(out, message.count ? message.recipients[0].address : "nobody");
        if (message.count > 1)
            buffer_format(out, " and %zu more", message.count - 1);
        buffer_text(out, "<br>");
        page_element(out, "b", NULL, reason->word);
        buffer_text(out, "<br>");
        page_element(out, "span", "soft",
                     reason->step ? reason->step
                                  : "is tried again by itself");
        buffer_text(out, "</td></tr>\n");
    }
    pool_free(&pool);
    return rc > 0;
}

void report_waiting(const struct report *report, struct buffer *out)
{
    struct spool spool = {0};
    size_t shown = 0;
    table(out, "What waits");
    if (!report->waiting.count ||
        spool_open(report->waiting.spool, &spool, NULL) < 0) {
        buffer_text(out, "<tr><td class=\"zero\">nothing</td></tr>\n");
        table_end(out);
        return;
    }
    buffer_text(out, "<tr><th>for</th><th>why, and what to do</th></tr>\n");
    for (size_t i = 0; i < spool.count && shown < WAITING_SHOWN; i++)
        shown += (size_t)waiting_row(report, out, &spool, &spool.ids[i]);
    if (shown < report->waiting.count)
        buffer_format(out, "<tr><td colspan=\"2\" class=\"soft\">and %zu more: "
                      "seemail queue list</td></tr>\n",
                      report->waiting.count - shown);
    spool_close(&spool);
    table_end(out);
}

/* A cell: a time is as good as its age. */
static void health_cell(const struct report *report, struct buffer *out,
                        const json_t *row, const char *key)
{
    const json_t *value = json_object_get(row, key);
    long long when = facts_time(row, key);
    if (when) {
        const char *text = pool_format(
            report->console.pool, when > report->now ? "in %s" : "%s ago",
            held_age(report->console.pool,
                     when > report->now ? when - (long long)report->now
                                        : (long long)report->now - when));
        page_element(out, "td", "w", text ? text : "");
    } else if (json_is_string(value)) {
        page_element(out, "td", NULL, json_string_value(value));
    } else if (json_is_integer(value)) {
        page_number(out, json_integer_value(value) > 0
                             ? (size_t)json_integer_value(value) : 0);
    } else {
        page_element(out, "td", NULL, json_is_true(value)    ? "yes"
                                      : json_is_false(value) ? "no" : "");
    }
}

/* Of a CRL there is more to know than fits here: seemail-certs crl list. */
static int is_minor(const char *key)
{
    static const char *const minor[] = {"number", "kind", "this-update",
                                        "taken-in", "from", "asked"};
    for (size_t i = 0; i < sizeof minor / sizeof minor[0]; i++)
        if (strcmp(key, minor[i]) == 0)
            return 1;
    return 0;
}

/* The members of a row that a cell can show. */
static size_t columns_of(const json_t *row, const char *keys[COLUMNS_MOST])
{
    size_t count = 0;
    void *at = json_object_iter((json_t *)(size_t)row);
    for (; at && count < COLUMNS_MOST;
         at = json_object_iter_next((json_t *)(size_t)row, at)) {
        const json_t *value = json_object_iter_value(at);
        if (!json_is_array(value) && !json_is_object(value) &&
            !is_minor(json_object_iter_key(at)))
            keys[count++] = json_object_iter_key(at);
    }
    return count;
}

static void health_table(const struct report *report, struct buffer *out,
                         const char *title, const json_t *rows)
{
    const char *keys[COLUMNS_MOST];
    size_t widest = 0, count = 0;
    for (size_t i = 0; i < json_array_size(rows); i++)
        if (json_object_size(json_array_get(rows, i)) > widest) {
            widest = json_object_size(json_array_get(rows, i));
            count = columns_of(json_array_get(rows, i), keys);
        }
    table(out, title);
    buffer_text(out, "<tr>");
    for (size_t k = 0; k < count; k++)
        page_element(out, "th",
                     json_is_integer(json_object_get(json_array_get(rows, 0),
                                                     keys[k])) ? "n" : NULL,
                     keys[k]);
    buffer_text(out, "</tr>\n");
    for (size_t i = 0; i < json_array_size(rows) && i < ROWS_MOST; i++) {
        buffer_text(out, "<tr>");
        for (size_t k = 0; k < count; k++)
            health_cell(report, out, json_array_get(rows, i), keys[k]);
        buffer_text(out, "</tr>\n");
    }
    table_end(out);
}

/* Each list of rows in an object, and in those within it. */
static void health_object(const struct report *report, struct buffer *out,
                          const char *prefix, json_t *object)
{
    for (void *at = json_object_iter(object); at;
         at = json_object_iter_next(object, at)) {
        const char *key = json_object_iter_key(at);
        json_t *value = json_object_iter_value(at);
        const char *title =
            *prefix && strcmp(key, "list") == 0
                ? prefix
                : pool_format(report->console.pool, "%s%s%s", key,
                              *prefix ? " of " : "", prefix);
        if (!title || strcmp(key, "own") == 0)
            continue; /* ours have a picture */
        if (json_is_object(value) && !*prefix)
            health_object(report, out,
                          strcmp(key, "crls") == 0 ? "CRLs" : key, value);
        else if (json_is_object(json_array_get(value, 0)))
            health_table(report, out, title, value);
    }
}

/* All that seemail-certs tells in rows: lists, directories, revocation. */
void report_health(const struct report *report, struct buffer *out)
{
    health_object(report, out, "",
                  json_object_get(report->status, "certificates"));
}
