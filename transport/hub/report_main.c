/* seemail-report: one page about the hub. See its man page. */
#include "buffer.h"
#include "failure.h"
#include "pool.h"
#include "report.h"

#include <stdlib.h>
#include <sysexits.h>

#define DAYS 14

static int run(struct report *report, const char *path)
{
    struct failure why = {0};
    struct buffer page = {0};
    int status = EX_OK;
    if (report_collect(report, &why) < 0)
        return console_complain(&report->console, &why);
    report_write(report, &page);
    if (page.failed)
        status = EX_TEMPFAIL;
    else if (console_write(path, page.data, page.length, &why) < 0)
        status = console_complain(&report->console, &why);
    buffer_free(&page);
    return status;
}

int main(int argc, char **argv)
{
    struct report report = {.now = time(NULL), .days = DAYS};
    const char *path = NULL, *days = NULL;
    char *end = NULL;
    int status = EX_TEMPFAIL;
    report.console = (struct console){.name = "seemail-report",
                                      .usage = "[--days N] --html FILE|-",
                                      .pool = pool_new()};
    if (report.console.pool) {
        console_options(&report.console, argc, argv);
        console_value(&report.console, "--html", &path);
        if (console_value(&report.console, "--days", &days))
            report.days = strtoul(days, &end, 10);
        status = !path || report.console.argc || (end && (*end || !*days)) ||
                         report.days < 1 || report.days > TRAFFIC_DAYS_MOST
                     ? console_usage(&report.console) : run(&report, path);
    }
    json_decref(report.status);
    pool_free(&report.console.pool);
    return status;
}
