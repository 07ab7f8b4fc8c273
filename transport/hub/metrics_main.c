/* seemail-metrics: numbers for a monitor. See its man page. */
#include "buffer.h"
#include "console.h"
#include "facts.h"
#include "failure.h"
#include "maillog.h"
#include "policy.h"
#include "pool.h"
#include "tally.h"
#include "waiting.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

struct metrics {
    struct console console;
    struct policy *policy;
    struct buffer out;
    time_t now;
};

static void head(struct metrics *m, const char *name, const char *type,
                 const char *help)
{
    buffer_format(&m->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
                  type);
}

/* A label's value: no text breaks out of its quotes. */
static void label(struct metrics *m, const char *key, const char *text)
{
    buffer_format(&m->out, "{%s=\"", key);
    for (; *text; text++)
        if (*text == '"' || *text == '\\')
            buffer_format(&m->out, "\\%c", *text);
        else
            buffer_byte(&m->out, (unsigned char)*text < ' ' ||
                                 *text == 127 ? '?' : *text);
    buffer_text(&m->out, "\"}");
}

static void gauge(struct metrics *m, const char *name, long long value)
{
    buffer_format(&m->out, "%s %lld\n", name, value);
}

static int put_counters(struct metrics *m, struct failure *why)
{
    static const struct { const char *name, *help; } known[] = {
        {"seemail_messages_total", "Messages decided on."},
        {"seemail_verdicts_total", "Messages from outside, by verdict."},
        {"seemail_marked_total", "Messages with a marking."},
        {"seemail_recipients_total", "Recipients, by what was decided."},
        {"seemail_failures_total", "Messages answered 4xx, by what failed."},
        {"seemail_deliveries_total", "Recipients delivered to, by how."},
        {"seemail_deferrals_total", "Deliveries put off."},
        {"seemail_bounces_total", "Recipients that were given up."},
        {"seemail_log_gaps_total", "Times that log lines were missed."},
    };
    struct tally tally = {.pool = m->console.pool};
    const char *log = NULL;
    if (policy_load(m->console.policies, &m->policy, NULL, why) < 0 ||
        exim_find(&m->console.exim, why) < 0 ||
        maillog_path(&m->console.exim, m->console.pool, &log, why) < 0 ||
        tally_update(&tally, m->policy->settings.state, log, why) < 0)
        return -1;
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        head(m, known[k].name, "counter", known[k].help);
        for (size_t i = 0; i < tally.count; i++)
            if (strcmp(tally.counters[i].name, known[k].name) == 0)
                buffer_format(&m->out, "%s%s %lld\n", tally.counters[i].name,
                              tally.counters[i].labels,
                              tally.counters[i].value);
    }
    return 0;
}

static int put_queue(struct metrics *m, struct failure *why)
{
    struct waiting waiting;
    if (exim_find(&m->console.exim, why) < 0 ||
        waiting_count(&m->console.exim, m->console.pool, &waiting, why) < 0)
        return -1;
    head(m, "seemail_queue_messages", "gauge", "Messages that wait, by why.");
    for (size_t i = 0; i < held_reason_count; i++) {
        buffer_text(&m->out, "seemail_queue_messages");
        label(m, "reason", held_reasons[i].word);
        buffer_format(&m->out, " %zu\n", waiting.by_reason[i]);
    }
    head(m, "seemail_queue_oldest_seconds", "gauge",
         "Age of the message that waits longest.");
    gauge(m, "seemail_queue_oldest_seconds",
          waiting.oldest ? (long long)m->now - waiting.oldest : 0);
    return 0;
}

static void put_own(struct metrics *m, const json_t *facts)
{
    const json_t *list = json_object_get(facts, "own");
    head(m, "seemail_certificate_expiry_days", "gauge",
         "Days until a certificate of ours expires.");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *own = json_array_get(list, i);
        if (!json_object_get(own, "days"))
            continue;
        buffer_text(&m->out, "seemail_certificate_expiry_days");
        label(m, "nickname", facts_text(own, "nickname"));
        buffer_format(&m->out, " %lld\n", facts_number(own, "days", 0));
    }
}

static void put_lists(struct metrics *m, const json_t *facts)
{
    const json_t *lists = json_object_get(facts, "lists");
    head(m, "seemail_list_age_seconds", "gauge",
         "Time since a list was fetched.");
    for (size_t i = 0; i < json_array_size(lists); i++) {
        const json_t *list = json_array_get(lists, i);
        long long fetched = facts_time(list, "fetched");
        if (!fetched)
            continue;
        buffer_text(&m->out, "seemail_list_age_seconds");
        label(m, "list", facts_text(list, "name"));
        buffer_format(&m->out, " %lld\n", (long long)m->now - fetched);
    }
}

static void put_crls(struct metrics *m, const json_t *facts)
{
    const json_t *crls = json_object_get(facts, "crls");
    const json_t *list = json_object_get(crls, "list");
    head(m, "seemail_crl_next_update_seconds", "gauge",
         "Time until a CRL expires.");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *crl = json_array_get(list, i);
        const char *name = pool_format(
            m->console.pool, "%s, %s", facts_text(crl, "issuer"),
            facts_text(crl, "from"));
        buffer_text(&m->out, "seemail_crl_next_update_seconds");
        label(m, "crl", name ? name : "?");
        buffer_format(&m->out, " %lld\n",
                      facts_time(crl, "next-update") - (long long)m->now);
    }
    head(m, "seemail_crls_failing", "gauge",
         "CRLs that could not be fetched, or are not to be used.");
    gauge(m, "seemail_crls_failing", facts_number(crls, "failing", 0));
}

static int put_facts(struct metrics *m, struct failure *why)
{
    static const char *const levels[] = {"good", "warning", "critical"};
    json_t *facts = NULL;
    long long level = 2;
    if (facts_get(&m->console, &facts, why) < 0)
        return -1;
    put_own(m, facts);
    put_lists(m, facts);
    put_crls(m, facts);
    for (int i = 0; i < 3; i++)
        if (strcmp(facts_text(facts, "level"), levels[i]) == 0)
            level = i;
    head(m, "seemail_certificates_level", "gauge",
         "0 good, 1 warning, 2 critical: seemail-certs status.");
    gauge(m, "seemail_certificates_level", level);
    json_decref(facts);
    return 0;
}

/* Each part is given, whatever became of the others. */
static int (*const parts[])(struct metrics *m, struct failure *why) = {
    put_counters, put_queue, put_facts};
#define PARTS (sizeof parts / sizeof parts[0])

static int run(struct metrics *m, const char *output)
{
    struct failure why = {0};
    int status = EX_OK;
    if (!m->console.policies)
        return console_usage(&m->console);
    long long failed = 0;
    for (size_t i = 0; i < PARTS; i++)
        if (parts[i](m, &why) < 0) {
            status = console_complain(&m->console, &why);
            failed++;
        }
    head(m, "seemail_metrics_failed", "gauge",
         "Parts of these numbers that could not be found out.");
    gauge(m, "seemail_metrics_failed", failed);
    if (m->out.failed)
        return EX_TEMPFAIL;
    if (console_write(output, m->out.data, m->out.length, &why) < 0)
        status = console_complain(&m->console, &why);
    return status;
}

int main(int argc, char **argv)
{
    struct metrics m = {.now = time(NULL)};
    const char *output = "-";
    int status = EX_TEMPFAIL;
    m.console = (struct console){.name = "seemail-metrics",
                                 .usage = "[--output FILE]",
                                 .pool = pool_new()};
    if (m.console.pool) {
        console_options(&m.console, argc, argv);
        console_value(&m.console, "--output", &output);
        status = m.console.argc ? console_usage(&m.console) : run(&m, output);
    }
    buffer_free(&m.out);
    policy_free(&m.policy);
    pool_free(&m.console.pool);
    return status;
}
