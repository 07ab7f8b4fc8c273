/* revocation_ocsp: see revocation_ocsp.h. */
#include "revocation_ocsp.h"

#include "ocsp.h"
#include "state.h"

#include <stdio.h>

enum { HOLD = 6 }; /* of CRLReason */

/* The answer that is kept, of a responder that is still one: 1, 0, -1. */
static int find(struct state *state, struct pool *pool,
                CERTCertificate *certificate, CERTCertificate *issuer,
                time_t now, struct ocsp_answer *answer_r, struct failure *why)
{
    const struct ocsp_reader reader = {.state = state, .pool = pool,
                                       .now = now};
    if (!state)
        return 0;
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    int rc = state_end(state, ocsp_find(state, pool, certificate, issuer,
                                        answer_r, why), why);
    if (rc <= 0)
        return rc;
    rc = ocsp_disowned(&reader, answer_r, issuer, why);
    return rc < 0 ? -1 : !rc;
}

static void take(const struct ocsp_answer *answer, time_t now,
                 struct revocation *result)
{
    int hold = answer->reason == HOLD;
    int revoked = answer->status == OCSP_REVOKED;
    result->status = !revoked ? REVOCATION_GOOD
                     : hold   ? REVOCATION_SUSPENDED : REVOCATION_REVOKED;
    result->reason = revoked ? answer->reason : REVOCATION_NO_REASON;
    result->since = answer->revoked_at;
    result->crl_number = "";
    result->this_update = answer->this_update;
    result->next_update = answer->next_update;
    result->within_grace = !ocsp_current(answer, now, 0);
    result->url_count = 0;
    snprintf(result->text, sizeof result->text, "%s by OCSP%s",
             !revoked ? "good" : hold ? "suspended" : "revoked",
             result->within_grace ? ", in an answer past its time" : "");
}

int revocation_ask_ocsp(struct state *state, struct pool *pool,
                        CERTCertificate *certificate, CERTCertificate *issuer,
                        time_t now, long grace, struct revocation *result,
                        const char **url_r, struct failure *why)
{
    struct ocsp_answer answer;
    *url_r = NULL;
    if (result->status == REVOCATION_REVOKED)
        return 0;
    int rc = find(state, pool, certificate, issuer, now, &answer, why);
    if (rc < 0)
        return -1;
    /* Once revoked is revoked, whatever the age of the answer; but a CRL that
     * was made after it knows better. */
    int ended = rc > 0 && answer.status == OCSP_REVOKED &&
                answer.reason != HOLD;
    if (result->status <= REVOCATION_SUSPENDED) {
        if (rc > 0 && answer.status == OCSP_REVOKED &&
            answer.this_update > result->this_update &&
            (ended || ocsp_current(&answer, now, grace)))
            take(&answer, now, result);
        return 0;
    }
    if (ended || (rc > 0 && answer.status != OCSP_NOT_KNOWN &&
                  ocsp_current(&answer, now, grace))) {
        take(&answer, now, result);
        return 0;
    }
    return ocsp_url(pool, certificate, url_r, why) < 0 ? -1 : 0;
}
