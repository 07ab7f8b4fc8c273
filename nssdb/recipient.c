/* recipient: see recipient.h. */
#include "recipient.h"

#include "choose.h"
#include "failure.h"
#include "policy.h"
#include "pool.h"

#include <stdio.h>
#include <string.h>

struct judging {
    const struct recipient_search *search;
    const char *address;
    struct recipient_answer *answer;
    const struct known *known;
    enum judge_status *statuses; /* of each, as far as they were judged */
};

static int approve(struct judging *judging, const struct known *known,
                   char *reason_r, size_t size, struct failure *why)
{
    const struct recipient_search *search = judging->search;
    enum consent consent;
    if (known->source == KNOWN_PINNED)
        return CHOOSE_GOOD;
    if (consent_of(search->state, search->policy,
                    known->fingerprint, judging->address, &consent, why) < 0)
        return -1;
    if (consent == CONSENT_DENIED)
        snprintf(reason_r, size, "denied by an administrator");
    if (consent == CONSENT_PENDING) {
        snprintf(reason_r, size, "waits for an approval: see seemail-certs "
                                 "pending");
        if (!judging->answer->pending)
            memcpy(judging->answer->fingerprint, known->fingerprint,
                   KNOWN_FINGERPRINT);
        judging->answer->pending = 1;
    }
    return consent == CONSENT_GIVEN ? CHOOSE_GOOD : 0;
}

static int judge_alone(const struct recipient_search *search,
                       CERTCertificate *candidate,
                       struct judge_request *request,
                       struct judgement *judgement_r, struct failure *why)
{
    request->state = search->state;
    request->now = search->now;
    judge_by_policy(search->policy, request);
    return judge_certificate(search->pool, candidate, request, judgement_r,
                             why);
}

static int judge(void *context, const struct known *known,
                 CERTCertificate *candidate, char *reason_r, size_t size,
                 struct failure *why)
{
    struct judging *judging = context;
    const struct recipient_search *search = judging->search;
    struct judge_request request = {.use = JUDGE_ENCRYPT,
                                    .address = judging->address};
    struct judgement judgement;
    int rc = search->judge ? search->judge(search->context, candidate,
                                           &request, &judgement, why)
                           : judge_alone(search, candidate, &request,
                                         &judgement, why);
    if (rc < 0)
        return -1;
    judging->statuses[known - judging->known] = judgement.status;
    const struct outcome_rule *rule =
        policy_outcome(search->policy, judge_word(judgement.status));
    enum sending sending = rule ? rule->sending : SENDING_HOLD;
    judging->answer->discover |= sending != SENDING_HOLD;
    snprintf(reason_r, size, "%s", judgement.reason);
    if (sending != SENDING_SEND)
        return judgement.key_out ? CHOOSE_KEY_OUT : 0;
    rc = approve(judging, known, reason_r, size, why);
    return rc > 0 && judgement.status != JUDGE_GOOD ? CHOOSE_TOLERATED : rc;
}

int recipient_find(const struct recipient_search *search, const char *address,
                   CERTCertificate **certificate_r,
                   struct recipient_answer *answer_r, struct failure *why)
{
    struct judging judging = {search, address, answer_r, NULL, NULL};
    struct known *known;
    char reason[200] = "";
    size_t which = 0;
    *answer_r = (struct recipient_answer){0};
    if (choose_candidates(search->keystore, search->state, search->pool,
                          address, &known, &answer_r->count, why) < 0)
        return -1;
    judging.known = known;
    judging.statuses = pool_array(search->pool, answer_r->count + 1,
                                  sizeof *judging.statuses);
    if (!judging.statuses)
        return failure_memory(why);
    int rc = choose(known, answer_r->count,
                    (enum known_source)search->policy->settings.seal_source,
                    judge, &judging, certificate_r, &which, reason,
                    sizeof reason, why);
    if (rc > 0)
        answer_r->status = judging.statuses[which];
    answer_r->discover |= answer_r->count == 0;
    if (rc == 0 && answer_r->count == 0)
        snprintf(answer_r->reason, sizeof answer_r->reason,
                 "no certificate is known for %.200s", address);
    else if (rc == 0)
        snprintf(answer_r->reason, sizeof answer_r->reason,
                 "the certificate of %.150s: %s", address, reason);
    return rc;
}
