/* open_signature: see open_signature.h. */
#include "open_signature.h"

#include "certificate.h"
#include "failure.h"
#include "pool.h"

#include <stdio.h>

/* Of the certificate's validity. */
static enum verdict verdict_of(const struct judgement *judgement)
{
    if (judgement->revocation == REVOCATION_REVOKED)
        return VERDICT_REVOKED;
    switch (judgement->status) {
    case JUDGE_GOOD:
        return VERDICT_GOOD;
    case JUDGE_EXPIRED:
        return VERDICT_EXPIRED;
    case JUDGE_NOT_YET_VALID:
        return VERDICT_NOT_YET_VALID;
    case JUDGE_UNKNOWN_CA:
        return VERDICT_UNKNOWN_CA;
    default:
        return VERDICT_BAD_CERTIFICATE;
    }
}

/* Of the certificate's names. */
static enum verdict verdict_of_names(CERTCertificate *certificate,
                                     const struct address *from)
{
    if (cert_address_count(certificate) == 0)
        return VERDICT_NO_ADDRESS;
    if (!from->domain)
        return VERDICT_AMBIGUOUS_FROM;
    return cert_speaks_for(certificate, from->domain) ? VERDICT_GOOD
                                                      : VERDICT_WRONG_ADDRESS;
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

static int judge_domain(struct gateway *gateway, struct pool *pool,
                        const struct cms_signature *signature,
                        const struct address *from,
                        struct signature_finding *one, struct failure *why)
{
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
    if (judge_certificate(signature->certificate, JUDGE_SIGNER, gateway->now,
                          &judgement, why) < 0)
        return -1;
    enum verdict names = verdict_of_names(signature->certificate, from);
    one->verdict = verdict_worse(verdict_of(&judgement), names);
    one->reason = pool_string(pool, judgement.reason);
    return one->reason ? 0 : failure_memory(why);
}

/* An individual's signature counts for what it says of the one in From. */
static int judge_person(struct gateway *gateway,
                        const struct cms_signature *signature,
                        const struct address *from, struct failure *why)
{
    struct judgement judgement;
    char address[400];
    if (signature->status != CMS_GOOD || !from->domain)
        return 0;
    snprintf(address, sizeof address, "%s@%s", from->local, from->domain);
    if (!cert_has_address(signature->certificate, address))
        return 0;
    if (judge_certificate(signature->certificate, JUDGE_SIGNER, gateway->now,
                          &judgement, why) < 0)
        return -1;
    return verdict_of(&judgement) == VERDICT_GOOD;
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
                one.person = finding_r->person;
                *finding_r = one;
            }
        } else if (signature->certificate) {
            rc = judge_person(gateway, signature, from, why);
            finding_r->person |= rc > 0;
        }
        if (rc < 0)
            return -1;
    }
    return 0;
}
