/*
 * seemail-responder: the mail that the hub itself writes: notices, and
 * answers to pings and requests for certificates. See its man page.
 */
#include "responder.h"

#include "failure.h"
#include "interface.h"
#include "policy.h"
#include "pool.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const struct {
    const char *name, *arguments;
    responder_command *run;
} commands[] = {
    {"flush", "[--all]", responder_flush},
    {"answer", "ID DECISION RECIPIENT", responder_answer},
    {"request", "ADDRESS", responder_request},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

static int usage(struct failure *why)
{
    char names[200] = "";
    size_t used = 0;
    for (size_t i = 0; i < COMMANDS && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used,
                                 "%s%s%s%s", i ? " | " : "", commands[i].name,
                                 *commands[i].arguments ? " " : "",
                                 commands[i].arguments);
    return failure(why, FAILURE_USAGE, "usage: seemail-responder "
                                       "[--policies DIR] %s", names);
}

static int run(struct responder *r, int argc, char **argv,
               struct failure *why)
{
    const char *home = getenv(ENV_HOME);
    int at = 1;
    if (argc > 3 && strcmp(argv[1], "--policies") == 0) {
        r->folder = argv[2];
        at = 3;
    } else if (home) {
        r->folder = pool_format(r->pool, "%s/policies", home);
    }
    for (size_t i = 0; at < argc && i < COMMANDS; i++) {
        if (strcmp(argv[at], commands[i].name) != 0)
            continue;
        if (!r->folder)
            return failure(why, FAILURE_USAGE, "which policies? Run it as "
                           "\"seemail responder\", set " ENV_HOME ", or give "
                           "--policies DIR");
        logline_field(&r->log, "responder", commands[i].name);
        r->gateway.now = time(NULL);
        if (policy_load(r->folder, &r->gateway.policy, NULL, why) < 0)
            return -1;
        return commands[i].run(r, argc - at - 1, argv + at + 1, why);
    }
    return usage(why);
}

static void write_log(struct responder *r)
{
    const struct policy *policy = r->gateway.policy;
    logline_write(&r->log, policy ? policy->settings.log : NULL,
                  policy ? (enum log_format)policy->settings.log_format
                         : LOG_FORMAT_TEXT);
}

int main(int argc, char **argv)
{
    struct responder r = {.pool = pool_new()};
    struct failure why = {0};
    int status = EX_OK;
    signal(SIGPIPE, SIG_IGN);
    if (!r.pool)
        return EX_TEMPFAIL;
    int rc = run(&r, argc, argv, &why);
    if (rc < 0) {
        logline_failure(&r.log, &why);
        fprintf(stderr, "seemail-responder: %s\n", why.text);
        status = failure_answer(why.kind)->exit;
    }
    if (rc != 0) /* 0 = there was nothing to tell */
        write_log(&r);
    gateway_close(&r.gateway);
    logline_free(&r.log);
    pool_free(&r.pool);
    return status;
}
