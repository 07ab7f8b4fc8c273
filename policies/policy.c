/* policy: see policy.h. What is asked of a loaded policy. */
#include "policy.h"

#include "address.h"
#include "pool.h"

#include <string.h>

static int identity_covers(const struct identity *identity, const char *domain)
{
    return identity->domain[0] == '.'
               ? domain_within(domain, identity->domain + 1)
               : strcmp(domain, identity->domain) == 0;
}

const struct identity *policy_identity(const struct policy *policy,
                                       const char *domain)
{
    const struct identity *best = NULL;
    size_t length = 0;
    for (size_t i = 0; i < policy->identity_count; i++) {
        const struct identity *identity = &policy->identities[i];
        int below = identity->domain[0] == '.';
        /* example.org goes before .example.org */
        size_t closeness = 2 * strlen(identity->domain + below) + !below;
        if (closeness > length && identity_covers(identity, domain)) {
            best = identity;
            length = closeness;
        }
    }
    return best;
}

const struct host *policy_inside(const struct policy *policy,
                                 const char *address, long port)
{
    struct network host;
    if (!network_parse(address, &host) || host.bits != 128)
        return NULL;
    for (size_t i = 0; i < policy->host_count; i++) {
        const struct host *rule = &policy->hosts[i];
        if ((rule->port == 0 || rule->port == port) &&
            network_contains(&rule->network, &host))
            return rule;
    }
    return NULL;
}

const struct outcome_rule *policy_outcome(const struct policy *policy,
                                          const char *status)
{
    for (size_t i = 0; i < policy->outcome_count; i++)
        if (strcmp(policy->outcomes[i].status, status) == 0)
            return &policy->outcomes[i];
    return NULL;
}

marking_set policy_found(const struct policy *policy,
                         const struct trigger *trigger)
{
    marking_set found = 0;
    for (size_t i = 0; i < policy->trigger_count; i++)
        if (trigger_found(trigger, i))
            found |= (marking_set)1 << policy->trigger_markings[i];
    return found;
}

static int permitted(const struct algorithm *algorithm, int send)
{
    return algorithm->permit == PERMIT_BOTH ||
           algorithm->permit == (send ? PERMIT_SEND : PERMIT_RECEIVE) ||
           (!send && algorithm->permit == PERMIT_ANNOUNCED);
}

const struct algorithm *policy_algorithm(const struct policy *policy,
                                         enum algorithm_use use, int send)
{
    for (size_t i = 0; i < policy->algorithm_count; i++)
        if (policy->algorithms[i].use == use &&
            permitted(&policy->algorithms[i], send))
            return &policy->algorithms[i];
    return NULL;
}

const struct algorithm *policy_permits(const struct policy *policy,
                                       enum algorithm_use use,
                                       const char *name, int send)
{
    for (size_t i = 0; i < policy->algorithm_count; i++)
        if (policy->algorithms[i].use == use &&
            permitted(&policy->algorithms[i], send) &&
            strcmp(policy->algorithms[i].name, name) == 0)
            return &policy->algorithms[i];
    return NULL;
}
