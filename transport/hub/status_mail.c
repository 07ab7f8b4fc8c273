/* status: certificates and lists, what waits, what failed lately. */
#include "background.h"
#include "event_count.h"
#include "event_journal.h"
#include "facts.h"
#include "failure.h"
#include "interface.h"
#include "json.h"
#include "maillog.h"
#include "policy.h"
#include "pool.h"
#include "run.h"
#include "state.h"
#include "status.h"
#include "waiting.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define HOUR (60 * 60)
#define DAY (24 * HOUR)
#define EVENTS_OLD (2 * DAY) /* seconds: no digest collects so long */
#define LOG_TAIL (16L << 20) /* bytes of the log that are looked at */
#define OUTPUT_MOST (1 << 20)

/* What seemail-certs says to people, below our own line. */
static int show_certs(struct status *status, struct failure *why)
{
    const struct console *console = &status->console;
    char program[4096];
    struct buffer output = {0};
    int exit_status = 0;
    if (background_path("seemail-certs", program, sizeof program, why) < 0)
        return -1;
    const char *argv[] = {program, "--policies", console->policies, "status",
                          NULL};
    struct run run = {.argv = argv, .pass_fd = -1, .seconds = 60,
                      .output_most = OUTPUT_MOST};
    int rc = run_program(&run, &output, &exit_status, why);
    const char *at = buffer_string(&output);
    while (rc == 0 && *at) {
        int length = (int)strcspn(at, "\n");
        buffer_format(&status->text, "%24s%.*s\n", "", length, at);
        at += length + (at[length] == '\n');
    }
    buffer_free(&output);
    return rc;
}

int status_certificates(struct status *status, struct failure *why)
{
    json_t *facts = NULL;
    if (!status->policy)
        return 0; /* said */
    if (facts_get(&status->console, &facts, why) < 0)
        return -1;
    const char *word = facts_text(facts, "level");
    enum status_level level = STATUS_CRITICAL;
    for (int known = STATUS_GOOD; known <= STATUS_CRITICAL; known++)
        if (strcmp(word, status_word((enum status_level)known)) == 0)
            level = (enum status_level)known;
    status_find(status, level, level ? "see below, one step for each" : NULL,
                level ? "something is wrong with keys, certificates or lists"
                      : "keys, certificates and lists are in order");
    const json_t *faults = json_object_get(facts, "faults");
    for (size_t i = 0; i < json_array_size(faults); i++)
        status_find(status, STATUS_CRITICAL,
                    "mend it, then seemail certs status", "%s",
                    json_string_value(json_array_get(faults, i)));
    status->facts = json_dumps(facts, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(facts);
    return status->console.json ? 0 : show_certs(status, why);
}

/* Since whose fault it is that it waits: ours stops all mail. */
static enum status_level level_of(const char *reason, long long age)
{
    static const char *const ours[] = {"own-certificate", "keystore",
                                       "undecided", "filter"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (strcmp(reason, ours[i]) == 0)
            return STATUS_CRITICAL;
    if (strcmp(reason, "new") == 0 || strcmp(reason, "delivery") == 0)
        return age > HOUR ? STATUS_WARNING : STATUS_GOOD;
    return STATUS_WARNING;
}

int status_queue(struct status *status, struct failure *why)
{
    struct waiting waiting;
    struct pool *pool = status->console.pool;
    if (waiting_count(&status->console.exim, pool, &waiting, why) < 0)
        return -1;
    long long age = (long long)status->now - waiting.oldest;
    if (waiting.damaged)
        status_find(status, STATUS_CRITICAL,
                    "seemail queue list names them; look at Exim's panic log",
                    "%zu messages in the queue are damaged", waiting.damaged);
    if (!waiting.count) {
        status_find(status, STATUS_GOOD, NULL, "nothing waits");
        return 0;
    }
    status_find(status, age > 2 * DAY ? STATUS_WARNING : STATUS_GOOD,
                "seemail queue list", "%zu message%s, the oldest for %s",
                waiting.count, waiting.count == 1 ? " waits" : "s wait",
                held_age(pool, age));
    for (size_t i = 0; i < held_reason_count; i++)
        if (waiting.by_reason[i])
            status_find(status, level_of(held_reasons[i].word, age),
                        held_reasons[i].step, "%zu message%s: %s",
                        waiting.by_reason[i],
                        waiting.by_reason[i] == 1 ? " waits" : "s wait",
                        held_reasons[i].word);
    return 0;
}

/* What is in the state to be told. */
struct untold {
    size_t count;
    long long late; /* when the first came that should be told; 0 = none */
    long long mail; /* when the first was written that was not taken; 0 */
};

static int read_untold(const struct status *status, struct state *state,
                       struct untold *untold, struct failure *why)
{
    struct pool *pool = status->console.pool;
    struct event_pending *list;
    const char *name, *to, *mail;
    size_t count;
    int rc = event_mail_next(state, pool, "", &name, &to, &mail, why);
    if (rc > 0)
        untold->mail = event_mail_made(name);
    if (rc < 0 || event_pending_all(state, pool, &list, &count, why) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const struct event_rule *rule =
            &status->policy->events[list[i].kind];
        long long first = list[i].first;
        long wait = rule->how == NOTIFY_MAIL ? HOUR : rule->minutes * 60;
        if (first + wait + HOUR < (long long)status->now &&
            (!untold->late || first < untold->late))
            untold->late = first;
    }
    untold->count = count;
    return 0;
}

static int find_untold(const struct status *status, struct untold *untold,
                       struct failure *why)
{
    struct state *state;
    int rc = state_open(status->policy->settings.state, STATE_READ, &state,
                        why);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    rc = state_begin(state, STATE_READ, why);
    if (rc == 0)
        rc = state_end(state, read_untold(status, state, untold, why), why);
    state_close(&state);
    return rc;
}

/* Events wait in a file until seemail-responder counts them, no longer than a
 * digest is collected for, then in the state until they are due, and as mails
 * until those are taken. */
int status_notices(struct status *status, struct failure *why)
{
    struct pool *pool = status->console.pool;
    struct untold untold = {0, 0, 0};
    if (!status->policy)
        return 0; /* said */
    long long now = status->now;
    long long oldest = journal_oldest(status->policy->settings.state);
    int rc = find_untold(status, &untold, why);
    int stuck = untold.mail && now - untold.mail > HOUR;
    if (stuck)
        status_find(status, STATUS_WARNING,
                    "run seemail responder flush: it says why the program of "
                    "the setting sendmail takes none",
                    "mails that tell of events wait for %s",
                    held_age(pool, now - untold.mail));
    if (oldest && now - oldest > EVENTS_OLD &&
        (!untold.late || oldest < untold.late))
        untold.late = oldest;
    if (untold.late)
        status_find(status, STATUS_WARNING,
                    "run seemail responder flush, and from a timer",
                    "events wait for %s: nobody is told of them",
                    held_age(pool, now - untold.late));
    else if (rc == 0 && !stuck)
        status_find(status, STATUS_GOOD, NULL,
                    oldest || untold.count || untold.mail
                    ? "events are collected, to be told in a digest"
                    : "no events wait to be told");
    return rc;
}

struct errors {
    time_t since, last;
    size_t count;
    int still; /* the last decision failed */
    char text[400], word[100];
};

static int note(void *context, const struct maillog_line *line)
{
    struct errors *errors = context;
    char word[100];
    if (line->kind != MAILLOG_DECIDED || line->when < errors->since)
        return 0;
    if (!maillog_field(line, LOG_FAILURE, word, sizeof word)) {
        /* What was refused for good proves nothing. */
        if (!maillog_field(line, LOG_REASON, word, sizeof word))
            errors->still = 0;
        return 0;
    }
    errors->still = 1;
    errors->count++;
    errors->last = line->when;
    snprintf(errors->word, sizeof errors->word, "%s", word);
    maillog_field(line, LOG_REASON, errors->text, sizeof errors->text);
    return 0;
}

int status_errors(struct status *status, struct failure *why)
{
    struct errors errors = {.since = status->now - DAY};
    struct pool *pool = status->console.pool;
    struct stat found;
    const char *log = NULL;
    off_t end;
    if (maillog_path(&status->console.exim, pool, &log, why) < 0)
        return -1;
    off_t from = stat(log, &found) == 0 && found.st_size > LOG_TAIL
                     ? found.st_size - LOG_TAIL : 0;
    if (maillog_follow(log, from, &end, note, &errors, why) < 0)
        return -1;
    if (!errors.count)
        status_find(status, STATUS_GOOD, NULL,
                    "no mail was answered 4xx in the last 24 hours");
    else
        status_find(status, errors.still ? STATUS_CRITICAL : STATUS_WARNING,
                    errors.still ? "mend what it names: mail is answered 4xx"
                                 : "none, if that is over: mail came since",
                    "%zu mail%s answered 4xx in the last 24 hours, the last "
                    "%s ago: %s: %s", errors.count,
                    errors.count == 1 ? " was" : "s were",
                    held_age(pool, (long long)(status->now - errors.last)),
                    errors.word, errors.text);
    return 0;
}
