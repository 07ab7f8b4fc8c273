/* renew: looking for renewed certificates in directories; see renew.h. */
#include "renew.h"

#include "certificate.h"
#include "discovery_ask.h"
#include "failure.h"
#include "keystore.h"
#include "own.h"
#include "policy.h"
#include "pool.h"

#include <secport.h>
#include <string.h>
#include <strings.h>

#define ISSUER_NAMES 3 /* CN, O, OU */
#define FOUND_MOST 1000

struct finding {
    struct keystore *keystore;
    const struct policy *policy;
    struct pool *pool;
    struct bundle *bundle;
    renew_fault *fault;
    void *context;
    size_t asked;
    struct failure *why;
};

static int add_name(struct finding *f, const char *kind, char *value,
                    const char **names, size_t *count)
{
    if (!value)
        return 0;
    names[*count] = pool_format(f->pool, "%s=%s", kind, value);
    PORT_Free(value);
    return names[(*count)++] ? 0 : failure_memory(f->why);
}

/* Who has issued what is in use: his directory has the next one. */
static int find_issuer(struct finding *f, const char *nickname,
                       const char **names, size_t *count_r)
{
    CERTCertList *list;
    *count_r = 0;
    if (keystore_own(f->keystore, nickname, &list, NULL) < 0)
        return 0;
    CERTName *issuer = &CERT_LIST_HEAD(list)->cert->issuer;
    int rc = add_name(f, "CN", CERT_GetCommonName(issuer), names, count_r);
    if (rc == 0)
        rc = add_name(f, "O", CERT_GetOrgName(issuer), names, count_r);
    if (rc == 0)
        rc = add_name(f, "OU", CERT_GetOrgUnitName(issuer), names, count_r);
    CERT_DestroyCertList(list);
    return rc;
}

static int take(struct finding *f, const struct candidates *candidates)
{
    for (size_t i = 0; i < candidates->count; i++) {
        if (f->bundle->count == FOUND_MOST)
            return failure(f->why, FAILURE_LIMIT, "the directories have more "
                           "than %d certificates for us", FOUND_MOST);
        f->bundle->certificates[f->bundle->count++] = candidates->found[i];
    }
    return 0;
}

static int ask(struct finding *f, const struct directory *row,
               const char *address)
{
    struct failure fault = {0};
    struct candidates *candidates = pool_alloc(f->pool, sizeof *candidates);
    if (!candidates)
        return failure_memory(f->why);
    f->asked++;
    if (discovery_ask(f->pool, f->policy, row, address,
                      (unsigned)f->policy->settings.fetch_timeout, candidates,
                      &fault) < 0)
        f->fault(f->context, row, &fault);
    return take(f, candidates);
}

static int ask_rows(struct finding *f, const char *nickname,
                    const char *authority, const char *domain)
{
    const char *names[ISSUER_NAMES];
    size_t count;
    const char *address = pool_format(f->pool, "%s@%s", authority, domain);
    if (!address)
        return failure_memory(f->why);
    if (find_issuer(f, nickname, names, &count) < 0)
        return -1;
    for (size_t i = 0; i < f->policy->directory_count; i++) {
        const struct directory *row = &f->policy->directories[i];
        if (row->purpose == DIRECTORY_DISCOVER &&
            policy_directory_serves(row, domain, names, count) &&
            ask(f, row, address) < 0)
            return -1;
    }
    return 0;
}

/* ".domain" stands beside "domain" as a rule: once is enough. */
static int asked_already(const struct own *own, size_t index)
{
    const char *domain = own->domains[index] + (*own->domains[index] == '.');
    for (size_t i = 0; i < own->domain_count; i++)
        if (strcmp(own->domains[i], domain) == 0 && i != index &&
            *own->domains[index] == '.')
            return 1;
    return 0;
}

int renew_find(struct keystore *keystore, const struct policy *policy,
               struct pool *pool, struct bundle *bundle_r, size_t *asked_r,
               renew_fault *fault, void *context, struct failure *why)
{
    struct finding f = {keystore, policy, pool, bundle_r, fault, context, 0,
                        why};
    struct own *own;
    size_t count;
    if (own_nicknames(policy, pool, &own, &count, why) < 0)
        return -1;
    *bundle_r = (struct bundle){
        pool_array(pool, FOUND_MOST, sizeof(struct der)), 0};
    if (!bundle_r->certificates)
        return failure_memory(why);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < own[i].domain_count; k++) {
            const char *domain = own[i].domains[k];
            if (!asked_already(&own[i], k) &&
                ask_rows(&f, own[i].nickname,
                         own[i].uses & OWN_RECEIVES ? CERT_DCA : CERT_DSA,
                         domain + (*domain == '.')) < 0)
                return -1;
        }
    *asked_r = f.asked;
    return 0;
}
