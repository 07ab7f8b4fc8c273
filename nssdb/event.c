/* event: see event.h. */
#include "event.h"

#include "background.h"
#include "event_journal.h"
#include "failure.h"
#include "interface.h"
#include "logline.h"
#include "policy.h"

#include <time.h>
#include <unistd.h>

#define LONGEST_WAIT (8 * 86400) /* of a digest; a clock may have jumped */

static void write_log(const struct policy *policy, const struct event *event,
                      const struct failure *why)
{
    struct logline line = {0};
    logline_field(&line, LOG_EVENT, event_word(event->kind));
    logline_field(&line, LOG_ABOUT, event->about);
    logline_field(&line, LOG_ID, event->id);
    if (why->kind) /* of the event there is the log alone */
        logline_field(&line, LOG_FAILURE, failure_answer(why->kind)->word);
    logline_field(&line, LOG_REASON, event->reason);
    logline_write(&line, policy->settings.log,
                  (enum log_format)policy->settings.log_format);
    logline_free(&line);
}

/* Is there something to do before the next time that flush is run? */
static int time_to_count(const struct policy *policy,
                         const struct event *event)
{
    const struct event_rule *rule = &policy->events[event->kind];
    long long due, now = time(NULL);
    unsigned muted;
    if (rule->how <= NOTIFY_LOG || event->quiet)
        return 0;
    journal_due(policy->settings.state, &due, &muted);
    return now >= due || due - now > LONGEST_WAIT ||
           (rule->how == NOTIFY_MAIL && !(muted >> event->kind & 1));
}

/* Not if it runs: then it looks again before it ends. */
static void start_flush(const struct policy *policy)
{
    char program[4096];
    int fd;
    const char *argv[] = {program, "--policies", policy->folder, "flush",
                          NULL};
    if (journal_lock(policy->settings.state, 0, &fd, NULL) <= 0)
        return;
    close(fd);
    if (background_path("seemail-responder", program, sizeof program,
                        NULL) == 0)
        background_start(argv, NULL);
}

void event_record(const struct policy *policy, const struct event *event)
{
    struct failure why = {0};
    struct journal_line line = {
        .when = time(NULL), .kind = event->kind, .quiet = event->quiet,
        .id = event->id, .sender = event->sender, .about = event->about,
        .reason = event->reason};
    int rc = journal_append(policy->settings.state, &line, &why);
    if (rc < 0 || policy->events[event->kind].how >= NOTIFY_LOG)
        write_log(policy, event, &why);
    if (rc > 0 || (rc == 0 && time_to_count(policy, event)))
        start_flush(policy);
}
