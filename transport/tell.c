/* tell: see tell.h. */
#include "tell.h"

#include "background.h"
#include "certificate.h"
#include "failure.h"
#include "policy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ASK_SECONDS 60
#define NOTHING EVENT_KINDS

void tell_verdict(const struct policy *policy, enum verdict verdict,
                  const struct event *event)
{
    const struct outcome_rule *rule =
        policy_outcome(policy, verdict_word(verdict));
    struct event one = *event;
    if (!rule || rule->receiving_event < 0)
        return;
    one.kind = (enum event_kind)rule->receiving_event;
    event_record(policy, &one);
}

void tell_sealed(const struct policy *policy, enum judge_status status,
                 const struct event *event)
{
    const struct outcome_rule *rule =
        policy_outcome(policy, judge_word(status));
    struct event one = *event;
    if (!rule || rule->sending_event < 0)
        return;
    one.kind = (enum event_kind)rule->sending_event;
    one.reason = judge_word(status);
    event_record(policy, &one);
}

static enum event_kind of_failure(enum failure_kind kind)
{
    switch (kind) {
    case FAILURE_NONE:
    case FAILURE_POLICY: /* of which nobody can be told by mail */
    case FAILURE_USAGE:
        return NOTHING;
    case FAILURE_CERT:
        return EVENT_HELD;
    case FAILURE_KEYSTORE:
        return EVENT_KEYSTORE_FAILED;
    case FAILURE_STATE:
        return EVENT_STATE_FAILED;
    default:
        return EVENT_FAILED;
    }
}

/* Each mail that waits comes here, at each attempt: a file for the domain
 * tells when the last has asked. */
static int asked_just_now(const struct policy *policy, const char *domain)
{
    char folder[4096], path[4400];
    struct stat found;
    snprintf(folder, sizeof folder, "%s/asked", policy->settings.state);
    snprintf(path, sizeof path, "%s/%.255s", folder, domain);
    if (strchr(domain, '/') || (mkdir(folder, 0700) < 0 && errno != EEXIST))
        return 1;
    int there = stat(path, &found) == 0;
    if (there && llabs((long long)time(NULL) - found.st_mtime) < ASK_SECONDS)
        return 1;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return 1;
    int rc = futimens(fd, NULL);
    close(fd);
    return rc < 0;
}

/* A partner is asked for what is missing; whether it is time, who asks finds
 * out. */
static void ask_for(const struct policy *policy, const char *domain)
{
    char program[4096], address[400];
    const char *argv[] = {program, "--policies", policy->folder, "request",
                          address, NULL};
    snprintf(address, sizeof address, CERT_DCA "@%s", domain);
    if (policy->settings.request_hours > 0 && *domain &&
        !asked_just_now(policy, domain) &&
        background_path("seemail-responder", program, sizeof program,
                        NULL) == 0)
        background_start(argv, NULL);
}

void tell_failure(const struct policy *policy, const struct failure *why,
                  const struct event *event)
{
    struct event one = *event;
    one.kind = of_failure(why->kind);
    one.reason = why->text;
    if (one.kind != EVENT_HELD)
        one.about = "";
    if (one.kind != NOTHING)
        event_record(policy, &one);
    if (one.kind == EVENT_HELD)
        ask_for(policy, one.about);
}
