/* discovery: see discovery.h. */
#include "discovery.h"

#include "certificate.h"
#include "choose.h"
#include "directory_row.h"
#include "discovery_ask.h"
#include "failure.h"
#include "judge.h"
#include "policy.h"
#include "pool.h"
#include "state.h"

#include <secport.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define ISSUERS_MOST 12 /* names: CN, O and OU of the last certificates' */

struct discovery {
    const struct recipient_search *search;
    const char *address;
    struct discovered *found;
    time_t end;
    const char *issuers[ISSUERS_MOST];
    size_t issuer_count;
};

/* Statuses that another day, or a CRL, may make good: such ones are kept. */
#define BIT(status) (1U << (status))
#define LOOKS_VALID                                                           \
    (BIT(JUDGE_GOOD) | BIT(JUDGE_NOT_YET_VALID) |                             \
     BIT(JUDGE_NO_CRL_POINTER) | BIT(JUDGE_CRL_NOT_CHECKABLE) |               \
     BIT(JUDGE_CRL_EXPIRED) | BIT(JUDGE_CRL_INVALID))

static void refuse(struct discovery *discovery, const char *reason)
{
    snprintf(discovery->found->refused, sizeof discovery->found->refused,
             "%.199s", reason);
}

/* 1 = worth keeping; 0; -1. */
static int consider(struct discovery *discovery, const struct der *der,
                    struct failure *why)
{
    const struct recipient_search *search = discovery->search;
    struct judge_request request = {.use = JUDGE_ENCRYPT,
                                    .state = search->state,
                                    .now = search->now};
    struct judgement judgement;
    CERTCertificate *certificate = cert_decode(der);
    if (!certificate) {
        refuse(discovery, "a certificate that cannot be read");
        return 0;
    }
    judge_by_policy(search->policy, &request);
    int rc = cert_has_address(certificate, discovery->address);
    if (rc == 0)
        refuse(discovery, "a certificate for another address");
    else if (judge_certificate(search->pool, certificate, &request,
                               &judgement, why) < 0)
        rc = -1;
    else if (!(LOOKS_VALID & BIT(judgement.status))) {
        refuse(discovery, judgement.reason);
        rc = 0;
    }
    CERT_DestroyCertificate(certificate);
    return rc;
}

static int put_all(struct discovery *discovery, const struct known *known,
                   size_t count, struct failure *why)
{
    const struct recipient_search *search = discovery->search;
    int rc = known_room(search->state, count,
                        (size_t)search->policy->settings.known_limit, why);
    for (size_t i = 0; rc >= 0 && i < count; i++)
        rc = known_put(search->state, &known[i], why);
    return rc < 0 ? -1 : 0;
}

/* Those that are worth it, in one transaction. */
static int keep(struct discovery *discovery, const struct directory *row,
                const struct candidates *candidates, struct failure *why)
{
    const struct recipient_search *search = discovery->search;
    struct discovered *found = discovery->found;
    struct known *known = pool_array(search->pool, candidates->count + 1,
                                     sizeof *known);
    size_t count = 0;
    if (!known)
        return failure_memory(why);
    for (size_t i = 0; i < candidates->count; i++) {
        int rc = consider(discovery, &candidates->found[i], why);
        known[count] = (struct known){
            .certificate = candidates->found[i],
            .source = candidates->source,
            .where = row->name,
            .first = (long long)search->now,
            .seen = (long long)search->now};
        if (rc > 0) {
            rc = known_news(search->state, &known[count], why);
            found->fresh += rc > 0;
            count++;
        }
        if (rc < 0)
            return -1;
    }
    found->met += candidates->count;
    found->kept += count;
    if (count == 0)
        return 0;
    if (state_begin(search->state, STATE_WRITE, why) < 0)
        return -1;
    return state_end(search->state, put_all(discovery, known, count, why),
                     why);
}

/* Is there one now? */
static int look(struct discovery *discovery, struct failure *why)
{
    CERTCertificate *certificate;
    int rc = recipient_find(discovery->search, discovery->address,
                            &certificate, &discovery->found->answer, why);
    if (rc > 0)
        CERT_DestroyCertificate(certificate);
    discovery->found->usable = rc > 0;
    return rc;
}

static int add_issuer(struct discovery *discovery, const char *kind,
                      char *value, struct failure *why)
{
    if (!value || discovery->issuer_count == ISSUERS_MOST) {
        PORT_Free(value);
        return 0;
    }
    char *text = pool_format(discovery->search->pool, "%s=%s", kind, value);
    PORT_Free(value);
    if (!text)
        return failure_memory(why);
    discovery->issuers[discovery->issuer_count++] = text;
    return 0;
}

/* Who issued what is known of the address, and fails by now. */
static int find_issuers(struct discovery *discovery, struct failure *why)
{
    const struct recipient_search *search = discovery->search;
    struct known *known;
    size_t count;
    int rc = choose_candidates(search->keystore, search->state, search->pool,
                               discovery->address, &known, &count, why);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        CERTCertificate *certificate = cert_decode(&known[i].certificate);
        if (!certificate)
            continue;
        CERTName *issuer = &certificate->issuer;
        if (add_issuer(discovery, "CN", CERT_GetCommonName(issuer), why) < 0 ||
            add_issuer(discovery, "O", CERT_GetOrgName(issuer), why) < 0 ||
            add_issuer(discovery, "OU", CERT_GetOrgUnitName(issuer), why) < 0)
            rc = -1;
        CERT_DestroyCertificate(certificate);
    }
    return rc;
}

/* A row that fails does not keep the next from being asked. 1 = found. */
static int ask_row(struct discovery *discovery, const struct directory *row,
                   struct failure *why)
{
    const struct recipient_search *search = discovery->search;
    struct discovered *found = discovery->found;
    struct candidates *candidates =
        pool_alloc(search->pool, sizeof *candidates);
    struct failure fault = {0};
    long left = (long)(discovery->end - time(NULL));
    if (!candidates)
        return failure_memory(why);
    found->asked++;
    int rc = left > 0 ? discovery_ask(search->pool, search->policy, row,
                                      discovery->address, (unsigned)left,
                                      candidates, &fault)
                      : failure(&fault, FAILURE_NETWORK, "directory %s: no "
                                "time was left for it", row->uri);
    if (rc < 0) {
        if (found->first->kind == FAILURE_NONE)
            *found->first = fault;
        found->failed++;
    }
    if (candidates->unread)
        refuse(discovery, "an entry that has no certificate in it");
    if (keep(discovery, row, candidates, why) < 0)
        return -1;
    return look(discovery, why);
}

int discovery_run(const struct recipient_search *search, const char *address,
                  unsigned seconds, struct discovered *found,
                  struct failure *why)
{
    const struct policy *policy = search->policy;
    struct discovery discovery = {.search = search,
                                  .address = address,
                                  .found = found,
                                  .end = time(NULL) + (time_t)seconds};
    const char *domain = strrchr(address, '@') + 1;
    int rc = find_issuers(&discovery, why);
    for (size_t i = 0; rc == 0 && i < policy->directory_count; i++) {
        const struct directory *row = &policy->directories[i];
        if (row->purpose == DIRECTORY_DISCOVER &&
            policy_directory_serves(row, domain, discovery.issuers,
                                    discovery.issuer_count))
            rc = ask_row(&discovery, row, why);
    }
    if (rc == 0 && found->asked == 0)
        rc = look(&discovery, why);
    return rc < 0 ? -1 : 0;
}
