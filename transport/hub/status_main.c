/* seemail-status: whether the hub is well. See its man page. */
#include "failure.h"
#include "json.h"
#include "policy.h"
#include "pool.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

static const struct {
    const char *name;
    status_section *look;
} sections[] = {
    {"policy", status_policy},
    {"programs", status_programs},
    {"exim", status_smtp},
    {"hook", status_hook},
    {"certificates", status_certificates},
    {"queue", status_queue},
    {"notices", status_notices},
    {"errors", status_errors},
    {"log", status_log},
    {"disk", status_disk},
};

static void look(struct status *status)
{
    struct failure why = {0};
    json_open(&status->json, NULL, '{');
    json_open(&status->json, "findings", '[');
    status->section = "exim";
    int exim = exim_find(&status->console.exim, &why);
    if (exim < 0)
        status_find(status, STATUS_CRITICAL, "install Exim", "%s", why.text);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        why = (struct failure){0};
        status->section = sections[i].name;
        if (sections[i].look(status, &why) < 0 && exim == 0)
            status_find(status, STATUS_CRITICAL, "mend what it names", "%s",
                        why.text);
    }
    json_close(&status->json, ']');
    if (status->facts)
        buffer_format(&status->json, ",\"certificates\":%s", status->facts);
    json_text(&status->json, "level", status_word(status->level));
    json_time(&status->json, "time", status->now);
    json_close(&status->json, '}');
}

static int run(struct status *status)
{
    if (status->console.argc)
        return console_usage(&status->console);
    look(status);
    if (status->text.failed || status->json.failed)
        return EX_TEMPFAIL;
    if (status->console.json)
        printf("%s\n", buffer_string(&status->json));
    else if (status->level == STATUS_GOOD)
        printf("good: the hub is well\n\n%s", buffer_string(&status->text));
    else
        printf("%s: %zu problem%s\n\n%s", status_word(status->level),
               status->problems, status->problems == 1 ? "" : "s",
               buffer_string(&status->text));
    return (int)status->level;
}

int main(int argc, char **argv)
{
    struct status status = {.now = time(NULL)};
    int result = EX_TEMPFAIL;
    status.console = (struct console){.name = "seemail-status", .usage = "[--json]",
                                      .pool = pool_new()};
    if (status.console.pool) {
        console_options(&status.console, argc, argv);
        result = run(&status);
    }
    free(status.facts);
    policy_free(&status.policy);
    buffer_free(&status.text);
    buffer_free(&status.json);
    pool_free(&status.console.pool);
    if (fflush(stdout) != 0 || ferror(stdout))
        return EX_IOERR;
    return result;
}
