/* open_signature: see open_signature.h. */
#include "open_signature.h"

#include "certificate.h"
#include "failure.h"
#include "learn.h"
#include "pool.h"

#include <stdio.h>

/* Certificates' statuses are verdicts of the same words. */
static enum verdict verdict_of(const struct judgement *judgement)
{
    int verdict = verdict_find(judge_word(judgement->status));
    return verdict < 0 ? VERDICT_BAD_CERTIFICATE : (enum verdict)verdict;
}

static enum verdict verdict_of_status(enum cms_status status)
{
    switch (status) {
    case CMS_GOOD:
        return VERDICT_GOOD;
    case CMS_NO_CERTIFICATE:
        return VERDICT_NO_CERTIFICATE;
    case CMS_BAD_ALGORITHM:
        return VERDICT_UNSUPPORTED;
    case CMS_ALTERED:
        return VERDICT_ALTERED;
    default:
        return VERDICT_MALFORMED;
    }
}

/* The domain that the certificate speaks for, of those that From is in. */
static int domain_announced(struct pool *pool,
                            const struct cms_signature *signature,
                            const struct address *from,
                            const struct announcement **announced_r,
                            struct failure *why)
{
    const char *domain;
    int rc = cert_authority(pool, signature->certificate, from->domain,
                            &domain);
    if (rc <= 0)
        return rc < 0 ? failure_memory(why) : 0;
    return learn_announced(pool, signature, domain, announced_r, why);
}

static int judge_domain(struct gateway *gateway, struct pool *pool,
                        const struct cms_signature *signature,
                        const struct address *from,
                        struct signature_finding *one, struct failure *why)
{
    struct judge_request request = {.use = JUDGE_VERIFY};
    struct judgement judgement;
    *one = (struct signature_finding){
        .verdict = verdict_of_status(signature->status),
        .signer = "", .reason = signature->reason};
    if (!signature->certificate)
        return 0;
    one->signer = cert_title(pool, signature->certificate);
    if (!one->signer)
        return failure_memory(why);
    if (signature->status != CMS_GOOD)
        return 0;
    request.domain = from->domain ? from->domain : "";
    if (gateway_judge(gateway, signature->certificate, &request, &judgement,
                      why) < 0)
        return -1;
    one->verdict = verdict_of(&judgement);
    one->reason = pool_string(pool, judgement.reason);
    if (!from->domain && judgement.status == JUDGE_WRONG_ADDRESS) {
        one->verdict = VERDICT_AMBIGUOUS_FROM;
        one->reason = "the From field is not of one address";
    }
    if (!one->reason)
        return failure_memory(why);
    return one->verdict == VERDICT_GOOD
               ? domain_announced(pool, signature, from, &one->announced,
                                  why)
               : 0;
}

/*
 * An individual's signature counts for what it says of the one in From. One
 * that only cannot be checked, or has expired, is better than none where
 * somebody signed what he encrypted to us; what is worse is none.
 */
static int judge_person(struct gateway *gateway, struct pool *pool,
                        const struct cms_signature *signature,
                        const struct address *from,
                        struct signature_finding *finding, struct failure *why)
{
    struct judge_request request = {.use = JUDGE_VERIFY};
    struct judgement judgement;
    char address[400];
    if (signature->status != CMS_GOOD || !from->domain)
        return 0;
    snprintf(address, sizeof address, "%s@%s", from->local, from->domain);
    request.address = address;
    if (gateway_judge(gateway, signature->certificate, &request, &judgement,
                      why) < 0)
        return -1;
    if (judgement.status > JUDGE_EXPIRED)
        return 0;
    enum verdict verdict = verdict_of(&judgement);
    if (finding->person != VERDICT_NONE && verdict >= finding->person)
        return 0;
    finding->person = verdict;
    return verdict == VERDICT_GOOD && !finding->domain
               ? learn_announced(pool, signature, address,
                                 &finding->announced, why)
               : 0;
}

int signature_judge(struct gateway *gateway, struct pool *pool,
                    const struct cms_signed *cms, const struct address *from,
                    struct signature_finding *finding_r, struct failure *why)
{
    *finding_r = (struct signature_finding){.signer = "", .reason = ""};
    for (size_t i = 0; i < cms->count; i++) {
        const struct cms_signature *signature = &cms->signatures[i];
        struct signature_finding one;
        int rc = 0;
        if (signature->domain || (signature->certificate &&
                                  cert_is_domain(signature->certificate))) {
            rc = judge_domain(gateway, pool, signature, from, &one, why);
            if (rc == 0 && (!finding_r->domain ||
                            one.verdict < finding_r->verdict)) {
                one.domain = 1;
                one.signature = signature;
                one.person = finding_r->person;
                *finding_r = one;
            }
        } else if (signature->certificate) {
            rc = judge_person(gateway, pool, signature, from, finding_r, why);
        }
        if (rc < 0)
            return -1;
    }
    return 0;
}
