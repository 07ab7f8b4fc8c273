/* report: what is collected, and its pictures; see report.h. */
#include "report.h"

#include "background.h"
#include "buffer.h"
#include "chart.h"
#include "facts.h"
#include "failure.h"
#include "held.h"
#include "maillog.h"
#include "page.h"
#include "pool.h"
#include "run.h"

#include <stdio.h>
#include <string.h>

#define OUTPUT_MOST (32 << 20)
#define SPANS_MOST 20

static const struct chart_series series[TRAFFIC_KINDS] = {
    [TRAFFIC_SEALED] = {"sealed, to partners", "--sealed"},
    [TRAFFIC_VERIFIED] = {"verified, from partners", "--verified"},
    [TRAFFIC_WARNED] = {"with a warning", "--warned"},
    [TRAFFIC_PLAIN_OUT] = {"plain, out", "--plain-out"},
    [TRAFFIC_PLAIN_IN] = {"plain, in", "--plain-in"},
    [TRAFFIC_REFUSED] = {"refused, or for now", "--refused"},
};

/* seemail-status knows how the hub is; its exit status is in what it says. */
static int get_status(struct report *report, struct failure *why)
{
    char program[4096];
    const struct console *console = &report->console;
    struct buffer output = {0};
    int status = 0;
    if (background_path("seemail-status", program, sizeof program, why) < 0)
        return -1;
    const char *argv[] = {program, "--json", NULL, NULL, NULL};
    if (console->policies) {
        argv[2] = "--policies";
        argv[3] = console->policies;
    }
    struct run run = {.argv = argv, .pass_fd = -1, .seconds = 120,
                      .output_most = OUTPUT_MOST};
    int rc = run_program(&run, &output, &status, why);
    if (rc == 0)
        report->status = json_loadb(buffer_string(&output), output.length, 0,
                                    NULL);
    buffer_free(&output);
    if (rc == 0 && !json_is_object(report->status))
        rc = failure(why, FAILURE_CHILD, "seemail-status: exit status %d, and "
                                         "no answer", status);
    return rc;
}

int report_collect(struct report *report, struct failure *why)
{
    const char *log = NULL;
    struct console *console = &report->console;
    report->hub = "";
    if (exim_find(&console->exim, why) < 0 ||
        exim_option(&console->exim, console->pool, "primary_hostname",
                    &report->hub, why) < 0 ||
        maillog_path(&console->exim, console->pool, &log, why) < 0 ||
        traffic_read(console->pool, log, report->days, report->now,
                     &report->traffic, why) < 0 ||
        waiting_count(&console->exim, console->pool, &report->waiting,
                      why) < 0)
        return -1;
    return get_status(report, why);
}

static void tile(struct buffer *out, size_t number, const char *text)
{
    buffer_format(out, "<div class=\"tile\"><b>%zu</b>", number);
    page_element(out, "span", NULL, text);
    buffer_text(out, "</div>");
}

static void write_tiles(const struct report *report, struct buffer *out)
{
    const size_t *sum = report->traffic->sum;
    buffer_text(out, "<div class=\"tiles\">");
    tile(out, sum[TRAFFIC_SEALED], "sealed, to partners");
    tile(out, sum[TRAFFIC_VERIFIED], "verified, from partners");
    tile(out, sum[TRAFFIC_WARNED], "with a warning");
    tile(out, sum[TRAFFIC_PLAIN_OUT] + sum[TRAFFIC_PLAIN_IN], "plain");
    tile(out, sum[TRAFFIC_REFUSED], "refused, or for now");
    tile(out, report->waiting.count, "wait now");
    buffer_text(out, "</div>\n");
}

static void write_days(const struct report *report, struct buffer *out)
{
    const struct traffic *traffic = report->traffic;
    struct chart_bar bars[TRAFFIC_DAYS_MOST];
    size_t each = traffic->day_count > 8 ? traffic->day_count / 7 : 1;
    for (size_t i = 0; i < traffic->day_count; i++) {
        const struct traffic_day *day = &traffic->days[i];
        const size_t *c = day->counts;
        const char *title = pool_format(
            report->console.pool,
            "%s: %zu sealed, %zu verified, %zu with a warning, %zu plain out, "
            "%zu plain in, %zu refused", day->date, c[TRAFFIC_SEALED],
            c[TRAFFIC_VERIFIED], c[TRAFFIC_WARNED], c[TRAFFIC_PLAIN_OUT],
            c[TRAFFIC_PLAIN_IN], c[TRAFFIC_REFUSED]);
        int labelled = (traffic->day_count - 1 - i) % each == 0 &&
                       (i > 0 || each == 1);
        bars[i] = (struct chart_bar){labelled ? day->date + 5 : NULL,
                                     title ? title : day->date, c};
    }
    buffer_text(out, "<section><h2>Mail by day</h2>\n");
    chart_bars(out, "Mail by day", series, TRAFFIC_KINDS, bars,
               traffic->day_count);
    chart_key(out, series, TRAFFIC_KINDS);
    buffer_text(out, "</section>\n");
}

static const char *color_of(const char *level)
{
    return strcmp(level, "good") == 0      ? "--verified"
           : strcmp(level, "warning") == 0 ? "--warned" : "--refused";
}

static void write_expiry(const struct report *report, struct buffer *out)
{
    struct pool *pool = report->console.pool;
    const json_t *own = json_object_get(
        json_object_get(report->status, "certificates"), "own");
    struct chart_span spans[SPANS_MOST];
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(own) && count < SPANS_MOST; i++) {
        const json_t *one = json_array_get(own, i);
        long long to = facts_time(one, "to");
        long long days = facts_number(one, "days", 0);
        if (!to)
            continue;
        const char *note = pool_format(
            pool, days < 0 ? "expired %.10s" : "until %.10s, %lld days",
            facts_text(one, "to"), days);
        spans[count++] = (struct chart_span){
            facts_text(one, "nickname"), note ? note : "",
            color_of(facts_text(one, "level")),
            (time_t)facts_time(one, "from"), (time_t)to};
    }
    buffer_text(out, "<section><h2>Our certificates and keys</h2>\n");
    if (count)
        chart_spans(out, "When our certificates expire", spans, count,
                    report->now);
    else
        page_element(out, "p", "soft", "There are none to show.");
    buffer_text(out, "</section>\n");
}

static void write_header(const struct report *report, struct buffer *out)
{
    char stamp[64] = "";
    struct tm tm;
    const char *level = facts_text(report->status, "level");
    if (localtime_r(&report->now, &tm))
        strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M %Z", &tm);
    buffer_text(out, "<header><h1>SEEMail, ");
    page_text(out, report->hub);
    buffer_format(out, " <span class=\"badge %s\">",
                  strcmp(level, "good") == 0      ? "good"
                  : strcmp(level, "warning") == 0 ? "warning" : "critical");
    page_text(out, level);
    buffer_text(out, "</span></h1>\n<p class=\"soft\">");
    page_text(out, stamp);
    buffer_format(out, ", the last %zu days. Mails are counted: one that goes "
                  "to several partners once for each, however many people it "
                  "is for.</p></header>\n", report->traffic->day_count);
}

void report_write(const struct report *report, struct buffer *out)
{
    const char *title = pool_format(report->console.pool, "SEEMail, %s",
                                    report->hub);
    page_start(out, title ? title : "SEEMail");
    write_header(report, out);
    report_problems(report, out);
    write_tiles(report, out);
    buffer_text(out, "<div class=\"two\">\n");
    write_days(report, out);
    write_expiry(report, out);
    buffer_text(out, "</div>\n<div class=\"two\">\n");
    report_partners(report, out);
    report_verdicts(report, out);
    buffer_text(out, "</div>\n");
    report_waiting(report, out);
    report_health(report, out);
    page_end(out);
}
