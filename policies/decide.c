/* decide: see decide.h. The rules. */
#include "decide.h"

#include "address.h"
#include "buffer.h"
#include "failure.h"
#include "interface.h"
#include "pool.h"

#include <string.h>

#define DEFAULT_RULE "default"

struct deciding {
    struct pool *pool;
    const struct policy *policy;
    const struct mail_facts *facts;
    const struct decide_lists *lists;
    struct decision *decision;
    marking_set needed; /* what a partner must be allowed to get it */
    size_t *slots;      /* hash of domains: index + 1; 0 = free */
    size_t slot_count;
    struct failure *why;
};

/* What is found out about a recipient, before the rules are applied. */
struct standing {
    struct address address; /* local NULL = odd, matches no single address */
    const struct partner *person, *domain; /* rows that allow the marking */
    const struct partner *barred;          /* a row that does not */
};

static int set(struct outcome *outcome, enum recipient_class class,
               const char *reason, const char *rule)
{
    outcome->class = class;
    outcome->reason = reason;
    outcome->rule = rule;
    return reason && rule ? 0 : -1;
}

static const char *place(struct deciding *d, const struct rule *rule)
{
    return pool_format(d->pool, "%s:%u", rule->file, rule->line);
}

/* Where the first marking that was found is defined. */
static const char *marking_place(struct deciding *d)
{
    const struct policy *policy = d->policy;
    for (size_t i = 0; i < policy->trigger_count; i++)
        if (d->facts->markings >> policy->trigger_markings[i] & 1)
            return place(d, &policy->trigger_rules[i]);
    return DEFAULT_RULE;
}

static const char *marking_names(struct pool *pool, const struct policy *policy,
                                 marking_set markings)
{
    struct buffer names = {0};
    for (size_t i = 0; i < policy->marking_count; i++)
        if (markings >> i & 1)
            buffer_format(&names, "%s%s", names.length ? ", " : "",
                          policy->markings[i]);
    char *text = names.failed ? NULL
                              : pool_string(pool, buffer_string(&names));
    buffer_free(&names);
    return text;
}

/*
 * The domain of a recipient, canonical. Underscores are no part of a domain
 * of mail, but in use; such a domain is on no list. 1, 0, -1.
 */
static int recipient_domain(struct pool *pool, const char *text, char **domain_r)
{
    size_t length = strlen(text);
    char *plain = pool_substring(pool, text, length);
    if (!plain)
        return -1;
    for (char *c = plain; *c; c++)
        if (*c == '_')
            *c = 'x';
    int rc = domain_canonical(pool, plain, length, domain_r);
    for (size_t i = 0; rc > 0 && i < length; i++)
        if (text[i] == '_')
            (*domain_r)[i] = '_';
    return rc;
}

static size_t hash(const char *text)
{
    size_t value = 5381;
    for (; *text; text++)
        value = value * 33 + (unsigned char)*text;
    return value;
}

/* The index of the domain among the decision's, added if it is new. */
static size_t domain_index(struct deciding *d, const char *name)
{
    struct decision *decision = d->decision;
    size_t slot = hash(name) & (d->slot_count - 1);
    for (; d->slots[slot]; slot = (slot + 1) & (d->slot_count - 1))
        if (strcmp(decision->domains[d->slots[slot] - 1].name, name) == 0)
            return d->slots[slot] - 1;
    size_t index = decision->domain_count++;
    decision->domains[index] = (struct decided_domain){.name = name};
    d->slots[slot] = index + 1;
    return index;
}

/*
 * Rows for the person go before rows for the domain. Several rows for one
 * partner add up [2.1-trusted-many].
 */
static void find_partner(struct deciding *d, struct standing *standing)
{
    marking_set allowed[2] = {0, 0};
    const struct partner *first[2] = {NULL, NULL};
    if (!standing->address.local)
        standing->address.local = "";
    for (size_t i = 0; i < d->policy->partner_count; i++) {
        const struct partner *row = &d->policy->partners[i];
        if (!address_covered(&standing->address, row->entry))
            continue;
        int person = row->person != 0;
        allowed[person] |= row->markings;
        /* Of several rows, show one that speaks of these markings. */
        if (!first[person] || (!(first[person]->markings & d->needed) &&
                               (row->markings & d->needed)))
            first[person] = row;
    }
    standing->person = d->needed & ~allowed[1] ? NULL : first[1];
    standing->domain = d->needed & ~allowed[0] ? NULL : first[0];
    standing->barred = first[1] ? first[1] : first[0];
}

/* 1 = on the list, and the outcome says so; 0; -1. */
static int seal_if_listed(struct deciding *d, const char *list,
                          const char *domain, struct outcome *outcome)
{
    char entry[512] = "";
    if (!d->lists || !d->lists->listed)
        return 0;
    int rc = d->lists->listed(d->lists->context, list, domain, entry,
                              sizeof entry, d->why);
    if (rc <= 0)
        return rc;
    const char *rule = pool_format(d->pool, "%s %s", list, entry);
    if (set(outcome, CLASS_SEAL,
            pool_format(d->pool, "the domain is on the list %s", list), rule))
        return failure_memory(d->why);
    return 1;
}

/* Is the recipient one whom we seal for? 1, 0, -1. */
static int seal_for(struct deciding *d, struct standing *standing,
                    struct outcome *outcome)
{
    const struct partner *row;
    const char *domain = standing->address.domain;
    find_partner(d, standing);
    if ((row = standing->person))
        return set(outcome, CLASS_PERSON, "a trusted person",
                   place(d, &row->rule)) < 0 ? failure_memory(d->why) : 1;
    if ((row = standing->domain))
        return set(outcome, CLASS_SEAL, "a trusted domain",
                   place(d, &row->rule)) < 0 ? failure_memory(d->why) : 1;
    int rc = seal_if_listed(d, LIST_SEEMAIL, domain, outcome);
    marking_set vendors = d->policy->settings.vendors;
    if (rc == 0 && vendors && !(d->needed & ~vendors))
        rc = seal_if_listed(d, LIST_VENDOR, domain, outcome);
    return rc;
}

/* What makes the mail one that not everybody may get. */
static const char *care(struct deciding *d)
{
    const char *marking = d->decision->marking;
    const char *unscannable = d->facts->unscannable;
    if (!unscannable ||
        d->policy->settings.unscannable == UNSCANNABLE_PLAIN)
        return pool_format(d->pool, "the mail is marked %s", marking);
    if (!*marking)
        return pool_format(d->pool, "the mail could not be searched for "
                                    "markings (%s)", unscannable);
    return pool_format(d->pool, "the mail is marked %s and could not be "
                                "searched for more (%s)", marking,
                       unscannable);
}

/* Marked, and the recipient may not get it. */
static int bar(struct deciding *d, const struct standing *standing,
               struct outcome *outcome)
{
    const struct partner *barred = standing->barred;
    enum recipient_class class = CLASS_REFUSE;
    const char *because = care(d);
    if (d->facts->direction == DIRECTION_OWN ||
        (!d->facts->markings &&
         d->policy->settings.unscannable == UNSCANNABLE_HOLD))
        class = CLASS_HOLD;
    if (!because)
        return failure_memory(d->why);
    const char *reason =
        barred ? pool_format(d->pool, "%s, which %s may not get", because,
                             barred->entry)
               : pool_format(d->pool, "%s, and %s is not on a list of secure "
                                      "mail", because,
                             standing->address.domain);
    const char *rule = barred ? place(d, &barred->rule) : marking_place(d);
    return set(outcome, class, reason, rule) < 0 ? failure_memory(d->why) : 0;
}

/* A recipient whose domain is ours. 1, 0, -1. */
static int ours(struct deciding *d, const struct address *address,
                struct outcome *outcome)
{
    const struct identity *identity =
        policy_identity(d->policy, address->domain);
    if (!identity)
        return 0;
    if (address->local && (strcmp(address->local, LOCAL_PING) == 0 ||
                           strcmp(address->local, LOCAL_REQUEST) == 0))
        return set(outcome, CLASS_ANSWER, "the hub itself answers",
                   place(d, &identity->rule)) < 0 ? failure_memory(d->why)
                                                  : 1;
    return set(outcome, CLASS_INSIDE, "our own domain",
               place(d, &identity->rule)) < 0 ? failure_memory(d->why) : 1;
}

static int by_rules(struct deciding *d, struct standing *standing,
                    struct outcome *outcome)
{
    int rc = ours(d, &standing->address, outcome);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    if (d->facts->direction == DIRECTION_OUTSIDE)
        return set(outcome, CLASS_REFUSE,
                   "mail from outside is not relayed to the outside",
                   DEFAULT_RULE);
    rc = seal_for(d, standing, outcome);
    /* It asks for what sealing it would need [2.8-mail-request]. */
    if (rc > 0 && d->facts->request && outcome->class == CLASS_SEAL)
        return set(outcome, CLASS_PLAIN, "the hub's own request for a "
                                         "certificate, signed",
                   outcome->rule) < 0 ? failure_memory(d->why) : 0;
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    if (d->needed)
        return bar(d, standing, outcome);
    return set(outcome, CLASS_PLAIN, "not marked, and on no list",
               DEFAULT_RULE);
}

/* An address that we cannot compare with our lists. */
static int no_domain(struct deciding *d, struct outcome *outcome)
{
    outcome->domain = domain_index(d, "-");
    return set(outcome, d->facts->direction == DIRECTION_OWN ? CLASS_HOLD
                                                             : CLASS_REFUSE,
               "its domain is not a domain in ASCII (an international one as "
               "xn--...)", DEFAULT_RULE);
}

static int decide_one(struct deciding *d, struct outcome *outcome)
{
    struct standing standing = {0};
    const char *at = strrchr(outcome->recipient, '@');
    char *domain = NULL;
    int rc = at ? recipient_domain(d->pool, at + 1, &domain) : 0;
    if (rc == 0)
        return no_domain(d, outcome);
    if (rc > 0)
        rc = address_parse(d->pool, outcome->recipient,
                           strlen(outcome->recipient), &standing.address);
    if (rc < 0)
        return failure_memory(d->why);
    standing.address.domain = domain;
    if (rc > 0) {
        outcome->address = pool_format(d->pool, "%s@%s",
                                       standing.address.local, domain);
        if (!outcome->address)
            return failure_memory(d->why);
    }
    outcome->domain = domain_index(d, domain);
    return by_rules(d, &standing, outcome);
}

/* One recipient who may not get it: by default nobody does [2.1-only-listed]. */
static int spread_refusal(struct deciding *d)
{
    struct decision *decision = d->decision;
    const struct outcome *cause = NULL;
    for (size_t i = 0; i < decision->count && !cause; i++)
        if (decision->outcomes[i].class == CLASS_REFUSE)
            cause = &decision->outcomes[i];
    decision->refused = cause;
    if (!cause || d->policy->settings.unlisted != UNLISTED_REFUSE_ALL)
        return 0;
    const char *reason = pool_format(d->pool, "refused for all, because of "
                                              "%s: %s", cause->recipient,
                                     cause->reason);
    if (!reason)
        return failure_memory(d->why);
    for (size_t i = 0; i < decision->count; i++)
        if (decision->outcomes[i].class != CLASS_REFUSE)
            set(&decision->outcomes[i], CLASS_REFUSE, reason, cause->rule);
    return 0;
}

static void sum_up_domains(struct decision *decision)
{
    for (size_t i = 0; i < decision->count; i++) {
        const struct outcome *outcome = &decision->outcomes[i];
        struct decided_domain *domain = &decision->domains[outcome->domain];
        if (class_is_single(outcome->class))
            continue;
        /* They agree; should they not, the most careful one counts. */
        if (!domain->has_class || outcome->class > domain->class)
            domain->class = outcome->class;
        domain->has_class = 1;
    }
}

/* Our domain of an address. 1, 0, -1. */
static int own_domain(struct deciding *d, const char *address,
                      const char **domain_r)
{
    const char *at = address ? strrchr(address, '@') : NULL;
    char *domain;
    int rc = at ? domain_canonical(d->pool, at + 1, strlen(at + 1), &domain)
                : 0;
    if (rc <= 0 || !policy_identity(d->policy, domain))
        return rc < 0 ? failure_memory(d->why) : 0;
    *domain_r = domain;
    return 1;
}

/* Who signs: the domain of From, or of the sender, or else our first. */
static int choose_signer(struct deciding *d)
{
    const char **from_r = &d->decision->from;
    *from_r = "";
    if (d->facts->direction == DIRECTION_OUTSIDE)
        return 0;
    int rc = own_domain(d, d->facts->from, from_r);
    if (rc == 0)
        rc = own_domain(d, d->facts->sender, from_r);
    if (rc == 0 && d->policy->identity_count) {
        const char *first = d->policy->identities[0].domain;
        *from_r = first + (*first == '.');
    }
    return rc < 0 ? -1 : 0;
}

static marking_set every_marking(const struct policy *policy)
{
    marking_set every = 0;
    for (size_t i = 0; i < policy->marking_count; i++)
        every |= (marking_set)1 << i;
    return every;
}

static int prepare(struct deciding *d)
{
    size_t count = d->facts->recipient_count;
    struct decision *decision = d->decision;
    if (count > (size_t)d->policy->settings.max_recipients)
        return failure(d->why, FAILURE_LIMIT, "%zu recipients, more than "
                       "max-recipients (%ld)", count,
                       d->policy->settings.max_recipients);
    for (d->slot_count = 8; d->slot_count < 2 * count;)
        d->slot_count *= 2;
    d->slots = pool_array(d->pool, d->slot_count, sizeof *d->slots);
    decision->outcomes = pool_array(d->pool, count + 1,
                                    sizeof *decision->outcomes);
    decision->domains = pool_array(d->pool, count + 1,
                                   sizeof *decision->domains);
    decision->marking = marking_names(d->pool, d->policy, d->facts->markings);
    if (!d->slots || !decision->outcomes || !decision->domains ||
        !decision->marking)
        return failure_memory(d->why);
    decision->count = count;
    decision->direction = d->facts->direction;
    decision->verdict = d->facts->verdict ? d->facts->verdict : "";
    d->needed = d->facts->markings;
    /* It may hold any marking. */
    if (d->facts->unscannable &&
        d->policy->settings.unscannable != UNSCANNABLE_PLAIN)
        d->needed = every_marking(d->policy);
    decision->never_clear =
        d->facts->markings ||
        (d->facts->unscannable &&
         d->policy->settings.unscannable == UNSCANNABLE_MARKED);
    return choose_signer(d);
}

static int decide_all(struct deciding *d)
{
    struct decision *decision = d->decision;
    if (prepare(d) < 0)
        return -1;
    for (size_t i = 0; i < decision->count; i++) {
        decision->outcomes[i].recipient = d->facts->recipients[i];
        if (decide_one(d, &decision->outcomes[i]) < 0)
            return -1;
    }
    if (spread_refusal(d) < 0)
        return -1;
    sum_up_domains(decision);
    return 0;
}

int decide(struct pool *pool, const struct policy *policy,
           const struct mail_facts *facts, const struct decide_lists *lists,
           struct decision *decision_r, struct failure *why)
{
    struct deciding d = {.pool = pool, .policy = policy, .facts = facts,
                         .lists = lists, .decision = decision_r, .why = why};
    *decision_r = (struct decision){0};
    int rc = decide_all(&d);
    if (rc < 0) /* nobody uses half a decision */
        *decision_r = (struct decision){0};
    return rc;
}
