/* partner: see partner.h. */
#include "partner.h"

#include "certificate.h"
#include "fetch.h"
#include "pool.h"
#include "recipient.h"

#include <stdio.h>
#include <string.h>

struct finding {
    struct gateway *gateway;
    struct recipient_search search;
    struct recipient_answer answer;
};

/* The gateway's own judgement, which may get what it lacks; for that it
 * closes the state. */
static int judge(void *context, CERTCertificate *certificate,
                 struct judge_request *request, struct judgement *judgement_r,
                 struct failure *why)
{
    struct finding *finding = context;
    if (gateway_judge(finding->gateway, certificate, request, judgement_r,
                      why) < 0 ||
        gateway_state(finding->gateway, why) < 0)
        return -1;
    finding->search.state = finding->gateway->state;
    return 0;
}

static int find(struct finding *finding, const char *address,
                CERTCertificate **certificate_r, struct failure *why)
{
    struct gateway *gateway = finding->gateway;
    if (gateway_keystore(gateway, why) < 0 || gateway_state(gateway, why) < 0)
        return -1;
    finding->search =
        (struct recipient_search){.keystore = gateway->keystore,
                                  .state = gateway->state,
                                  .policy = gateway->policy,
                                  .pool = gateway->policy->pool,
                                  .now = gateway->now,
                                  .judge = judge,
                                  .context = finding};
    return recipient_find(&finding->search, address, certificate_r,
                          &finding->answer, why);
}

/* A domain's authority; a certificate speaks for the domains below its own
 * too. The reason is that of the domain itself. */
static int find_domain(struct finding *finding, const char *domain,
                       CERTCertificate **certificate_r, struct failure *why)
{
    char address[512];
    snprintf(address, sizeof address, CERT_DCA "@%s", domain);
    int rc = find(finding, address, certificate_r, why);
    struct recipient_answer first = finding->answer;
    const char *above = strchr(domain, '.');
    while (rc == 0 && above && strchr(above + 1, '.')) {
        snprintf(address, sizeof address, CERT_DCA "@%s", above + 1);
        rc = find(finding, address, certificate_r, why);
        first.discover |= finding->answer.discover;
        above = strchr(above + 1, '.');
    }
    if (rc == 0)
        finding->answer = first;
    return rc;
}

static int look(struct finding *finding, const char *person,
                const char *domain, CERTCertificate **certificate_r,
                struct failure *why)
{
    return person ? find(finding, person, certificate_r, why)
                  : find_domain(finding, domain, certificate_r, why);
}

static int may_be_discovered(const struct finding *finding)
{
    const struct policy *policy = finding->gateway->policy;
    for (size_t i = 0; i < policy->directory_count; i++)
        if (policy->directories[i].purpose == DIRECTORY_DISCOVER)
            return finding->answer.discover;
    return 0;
}

int partner_find(struct gateway *gateway, const char *person,
                 const char *domain, struct partner_found *found_r,
                 struct failure *why)
{
    struct finding finding = {.gateway = gateway};
    CERTCertificate **certificate_r = &found_r->certificate;
    const char *said = "";
    int rc = look(&finding, person, domain, certificate_r, why);
    if (rc == 0 && may_be_discovered(&finding) &&
        fetch_certificate(gateway, person ? person : domain, &said))
        rc = look(&finding, person, domain, certificate_r, why);
    if (rc == 0)
        snprintf(found_r->reason, sizeof found_r->reason, "%s%s%s%s",
                 finding.answer.reason, *said ? " (" : "", said,
                 *said ? ")" : "");
    found_r->status = finding.answer.status;
    return rc;
}
