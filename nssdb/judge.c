/* judge: see judge.h. */
#include "judge.h"

#include "failure.h"

#include <prerror.h>
#include <prtime.h>
#include <secerr.h>
#include <secport.h>
#include <stdio.h>

static void say(struct judgement *judgement, enum judge_status status,
                const char *words, int code)
{
    const char *name = code ? PR_ErrorToName(code) : NULL;
    judgement->status = status;
    snprintf(judgement->reason, sizeof judgement->reason, "%s%s%s%s", words,
             name ? " (" : "", name ? name : "", name ? ")" : "");
}

/* Path validation with revocation off: 0, or NSS's error. */
static int validate(CERTCertificate *certificate, enum judge_use use,
                    PRTime when)
{
    CERTRevocationMethodIndex preferred[1] = {cert_revocation_method_crl};
    PRUint64 methods[2] = {0, 0};
    CERTRevocationTests none = {2, methods, 1, preferred, 0};
    CERTRevocationFlags off = {none, none};
    CERTValInParam in[3];
    in[0].type = cert_pi_date;
    in[0].value.scalar.time = when;
    in[1].type = cert_pi_revocationFlags;
    in[1].value.pointer.revocation = &off;
    in[2].type = cert_pi_end;
    CERTValOutParam out[1];
    out[0].type = cert_po_end;
    SECCertificateUsage usage = use == JUDGE_SIGNER
                                    ? certificateUsageEmailSigner
                                    : certificateUsageEmailRecipient;
    PORT_SetError(0);
    if (CERT_PKIXVerifyCert(certificate, usage, in, out, NULL) == SECSuccess)
        return 0;
    int code = PORT_GetError();
    return code ? code : SEC_ERROR_LIBRARY_FAILURE;
}

static int judge_path(int code, struct judgement *judgement,
                      struct failure *why)
{
    switch (code) {
    case SEC_ERROR_NO_MEMORY:
        return failure_memory(why);
    case SEC_ERROR_UNKNOWN_ISSUER:
    case SEC_ERROR_UNTRUSTED_ISSUER:
    case SEC_ERROR_UNTRUSTED_CERT:
    case SEC_ERROR_CA_CERT_INVALID:
        say(judgement, JUDGE_UNKNOWN_CA, "no path to a trusted root", code);
        break;
    case SEC_ERROR_EXPIRED_CERTIFICATE:
    case SEC_ERROR_EXPIRED_ISSUER_CERTIFICATE:
        say(judgement, JUDGE_EXPIRED, "a certificate above it has expired",
            code);
        break;
    default:
        say(judgement, JUDGE_BAD, "must not be used for this", code);
    }
    return 0;
}

int judge_certificate(CERTCertificate *certificate, enum judge_use use,
                      time_t now, struct judgement *judgement_r,
                      struct failure *why)
{
    PRTime before, after, when = (PRTime)now * PR_USEC_PER_SEC;
    *judgement_r = (struct judgement){.status = JUDGE_GOOD,
                                      .revocation = REVOCATION_NOT_CHECKABLE};
    if (CERT_GetCertTimes(certificate, &before, &after) != SECSuccess) {
        say(judgement_r, JUDGE_BAD, "its times cannot be read", 0);
        return 0;
    }
    /* Out of its time, the path is looked at as of when it was in it: an
     * expired certificate of an unknown CA is first of all untrusted. */
    PRTime asked = when < before ? before : when > after ? after : when;
    int code = validate(certificate, use, asked);
    if (code)
        return judge_path(code, judgement_r, why);
    if (when > after)
        say(judgement_r, JUDGE_EXPIRED, "expired", 0);
    else if (when < before)
        say(judgement_r, JUDGE_NOT_YET_VALID, "not valid yet", 0);
    return 0;
}
