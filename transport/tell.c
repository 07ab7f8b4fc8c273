/* tell: see tell.h. */
#include "tell.h"

#include "failure.h"
#include "policy.h"

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
}
