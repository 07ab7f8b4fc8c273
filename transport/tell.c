/* tell: see tell.h. */
#include "tell.h"

#include "failure.h"

#define NOTHING EVENT_KINDS

/* [2.8-table-recv] */
static const enum event_kind of_verdict[VERDICTS] = {
    [VERDICT_NONE] = NOTHING,
    [VERDICT_GOOD] = NOTHING,
    [VERDICT_ENCRYPTED_ONLY] = EVENT_RECEIVED_UNVERIFIED,
    [VERDICT_NO_SIGNATURE] = EVENT_RECEIVED_UNVERIFIED,
    [VERDICT_NO_CRL_POINTER] = EVENT_RECEIVED_UNKNOWN,
    [VERDICT_CRL_NOT_CHECKABLE] = EVENT_RECEIVED_UNKNOWN,
    [VERDICT_CRL_EXPIRED] = EVENT_RECEIVED_UNKNOWN,
    [VERDICT_CRL_INVALID] = EVENT_RECEIVED_UNKNOWN,
    [VERDICT_EXPIRED] = EVENT_RECEIVED_EXPIRED,
    [VERDICT_NOT_YET_VALID] = EVENT_RECEIVED_EXPIRED,
    [VERDICT_NO_ADDRESS] = EVENT_RECEIVED_UNVERIFIED,
    [VERDICT_WRONG_ADDRESS] = EVENT_RECEIVED_UNVERIFIED,
    [VERDICT_AMBIGUOUS_FROM] = EVENT_RECEIVED_UNVERIFIED,
    [VERDICT_WEAK_KEY] = EVENT_RECEIVED_UNTRUSTED,
    [VERDICT_WRONG_USAGE] = EVENT_RECEIVED_UNTRUSTED,
    [VERDICT_SELF_SIGNED] = EVENT_RECEIVED_UNTRUSTED,
    [VERDICT_UNKNOWN_CA] = EVENT_RECEIVED_UNTRUSTED,
    [VERDICT_BAD_CERTIFICATE] = EVENT_RECEIVED_UNTRUSTED,
    [VERDICT_NO_CERTIFICATE] = EVENT_RECEIVED_UNTRUSTED,
    [VERDICT_SUSPENDED] = EVENT_RECEIVED_REVOKED,
    [VERDICT_REVOKED] = EVENT_RECEIVED_REVOKED,
    [VERDICT_ALTERED] = EVENT_RECEIVED_UNVERIFIED,
    [VERDICT_UNSUPPORTED] = EVENT_RECEIVED_UNVERIFIED,
    [VERDICT_UNDECRYPTABLE] = EVENT_RECEIVED_UNVERIFIED,
    [VERDICT_MALFORMED] = EVENT_RECEIVED_UNVERIFIED,
    [VERDICT_TOO_DEEP] = EVENT_RECEIVED_UNVERIFIED,
};

void tell_verdict(const struct policy *policy, enum verdict verdict,
                  const struct event *event)
{
    struct event one = *event;
    one.kind = of_verdict[verdict];
    if (one.kind != NOTHING)
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
