/* seemail-trace: the life of one message. See its man page. */
#include "console.h"
#include "failure.h"
#include "held.h"
#include "maillog.h"
#include "policy.h"
#include "pool.h"
#include "trace.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define OLD_LOGS 30
#define NOT_FOUND 1

/* Is it still in the queue, and why? */
static int find_now(struct console *console, struct trace *trace,
                    struct failure *why)
{
    struct spool spool;
    const char *folder = "";
    if (exim_option(&console->exim, console->pool, "spool_directory", &folder,
                    why) < 0 || spool_open(folder, &spool, why) < 0)
        return -1;
    int rc = 0;
    for (size_t i = 0; rc >= 0 && i < spool.count; i++) {
        struct spool_message message;
        const char *id = spool.ids[i].text;
        if (!trace_has(trace, id))
            continue;
        rc = spool_read(&spool, &spool.ids[i], console->pool, &message, why);
        if (rc > 0)
            rc = trace_waits(trace, id, &message);
    }
    spool_close(&spool);
    return rc < 0 ? -1 : 0;
}

static int look(struct console *console, const char *wanted,
                struct trace *trace, struct failure *why)
{
    const char *path = NULL;
    struct policy *policy = console_policy(console);
    if (exim_find(&console->exim, why) < 0 ||
        maillog_path(&console->exim, console->pool, &path, why) < 0)
        return -1;
    int rc = trace_find(trace, path, OLD_LOGS, wanted, why);
    if (rc > 0 && policy && *policy->settings.log == '/')
        rc = trace_ours(trace, policy->settings.log, why) < 0 ? -1 : 1;
    if (rc > 0 && find_now(console, trace, why) < 0)
        rc = -1;
    policy_free(&policy);
    return rc;
}

static int run(struct console *console)
{
    struct failure why = {0};
    struct trace trace = {.pool = console->pool};
    if (console->argc != 1 || *console->argv[0] == '-')
        return console_usage(console);
    int rc = look(console, console->argv[0], &trace, &why);
    if (rc < 0)
        return console_complain(console, &why);
    if (rc == 0) {
        fprintf(stderr, "%s: no such message in Exim's log, or in the last %d "
                        "old ones\n", console->name, OLD_LOGS);
        return NOT_FOUND;
    }
    return trace_print(&trace, console->json) < 0 ? EX_TEMPFAIL : EX_OK;
}

int main(int argc, char **argv)
{
    struct console console = {.name = "seemail-trace", .pool = pool_new(),
                              .usage = "[--json] ID|MESSAGE-ID"};
    int status = EX_TEMPFAIL;
    if (console.pool) {
        console_options(&console, argc, argv);
        status = run(&console);
    }
    pool_free(&console.pool);
    if (fflush(stdout) != 0 || ferror(stdout))
        return EX_IOERR;
    return status;
}
