/* receive: see receive.h. */
#include "receive.h"

#include "address.h"
#include "automatic.h"
#include "background.h"
#include "blob.h"
#include "failure.h"
#include "head.h"
#include "interface.h"
#include "mailbox.h"
#include "pool.h"
#include "state.h"
#include "state_list.h"
#include "verdict.h"

#include <string.h>
#include <strings.h>

#define REQUEST_MOST 32768 /* bytes of our own request for a certificate */
#define POSSIBLE_MOST 100 /* readings of From; no honest mail has so many */

/* The lists, opened when the first recipient is looked up. */
struct lists {
    const struct policy *policy;
    struct state *state;
    int missing; /* there is none */
};

static enum directory_purpose purpose_of(const char *list)
{
    return strcmp(list, LIST_VENDOR) == 0 ? DIRECTORY_VENDOR
                                          : DIRECTORY_SEEMAIL;
}

/* Does the policy have the list at all? */
static int configured(const struct policy *policy, const char *list)
{
    for (size_t i = 0; i < policy->directory_count; i++)
        if (policy->directories[i].purpose == purpose_of(list))
            return 1;
    return 0;
}

/* Unattended, and once for any number of mails: see seemail-certs(8). */
static void start_refresh(const struct policy *policy)
{
    char program[4096];
    const char *argv[] = {program,   "--policies", policy->folder,
                          "refresh", "--if-due",   NULL};
    if (background_path("seemail-certs", program, sizeof program, NULL) == 0)
        background_start(argv, NULL);
}

/* A list that should be there and is not would turn partners into strangers:
 * mail waits until it was fetched (design rule 1). */
static int listed(void *context, const char *list, const char *domain,
                  char *entry_r, size_t size, struct failure *why)
{
    struct lists *lists = context;
    long long fetched;
    size_t count;
    if (!configured(lists->policy, list))
        return 0;
    if (!lists->state && !lists->missing) {
        int rc = state_open(lists->policy->settings.state, STATE_READ,
                            &lists->state, why);
        if (rc < 0)
            return -1;
        lists->missing = rc > 0;
    }
    if (!lists->missing) {
        int rc = state_listed(lists->state, list, domain, entry_r, size, why);
        if (rc != 0)
            return rc;
        rc = state_list_info(lists->state, list, &fetched, &count, why);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
    }
    start_refresh(lists->policy);
    return failure(why, FAILURE_STATE, "the list %s was never fetched: run "
                                       "seemail-certs refresh", list);
}

/* The one address in From (domain NULL = ambiguous), and the header. */
static int read_from(struct pool *pool, const struct policy *policy,
                     const struct blob *message, struct address *from_r,
                     struct header *header_r, struct failure *why)
{
    struct blob_source in;
    struct head head;
    blob_source_init(&in, message, 0, message->length);
    *from_r = (struct address){NULL, NULL};
    int rc = head_read(pool, &in.source,
                       (size_t)policy->settings.header_limit, &head, why);
    if (rc == 0) {
        *header_r = head.header;
        rc = mailbox_from(pool, &head.header, from_r);
        if (rc == 0)
            *from_r = (struct address){NULL, NULL};
        rc = rc < 0 ? failure_memory(why) : 0;
    }
    head_free(&head);
    return rc;
}

/* Is the sender's domain one that secures its mail to us? 1, 0, -1. */
static int is_partner(struct lists *lists, const struct address *from,
                      struct failure *why)
{
    const struct policy *policy = lists->policy;
    char entry[512];
    for (size_t i = 0; i < policy->partner_count; i++)
        if (address_covered(from, policy->partners[i].entry))
            return 1;
    int rc = listed(lists, LIST_SEEMAIL, from->domain, entry, sizeof entry,
                    why);
    if (rc == 0 && policy->settings.vendors) /* as for sending */
        rc = listed(lists, LIST_VENDOR, from->domain, entry, sizeof entry,
                    why);
    return rc;
}

/* Could a reader take a From that is ambiguous, or shows other addresses than
 * its own, for a partner's? Where it has none, the envelope's sender may be
 * shown. 1, 0, -1. */
static int poses_as_partner(struct pool *pool, struct lists *lists,
                            const struct address *from, const char *sender,
                            const struct header *header, struct failure *why)
{
    struct address list[POSSIBLE_MOST + 1];
    int rc = 0, count =
        from->domain ? mailbox_named(pool, header, from, list, POSSIBLE_MOST)
                     : mailbox_possible(pool, header, list, POSSIBLE_MOST);
    if (count >= 0 && !from->domain)
        rc = address_parse(pool, sender, strlen(sender), &list[count]);
    if (count < 0 || rc < 0)
        return failure_memory(why);
    int most = count + rc;
    rc = 0;
    for (int i = 0; rc == 0 && i < most; i++)
        rc = is_partner(lists, &list[i], why);
    return rc == 0 && count == POSSIBLE_MOST ? 1 : rc;
}

/* A partner's mail that no domain has secured [1.2-auth]. An individual's
 * signature vouches for him, not for the partner. */
static int find_verdict(struct pool *pool, struct lists *lists,
                        const struct reception *reception,
                        const struct address *from,
                        const struct header *header, const char **verdict_r,
                        struct failure *why)
{
    const char *found = reception->verdict;
    if (!found)
        found = verdict_word(VERDICT_NONE);
    *verdict_r = reception->verdict;
    if (reception->direction != DIRECTION_OUTSIDE)
        return 0;
    *verdict_r = found;
    int verdict = verdict_find(found);
    int person = reception->personal &&
                 (verdict == VERDICT_GOOD ||
                  (verdict >= VERDICT_NO_CRL_POINTER &&
                   verdict <= VERDICT_EXPIRED));
    if (!person && verdict != VERDICT_NONE)
        return 0;
    int rc = from->domain ? is_partner(lists, from, why) : 0;
    if (rc > 0)
        *verdict_r = verdict_word(reception->closed ? VERDICT_UNDECRYPTABLE
                                                    : VERDICT_NO_SIGNATURE);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    rc = poses_as_partner(pool, lists, from, reception->sender, header, why);
    if (rc > 0)
        *verdict_r = verdict_word(reception->closed && !from->domain
                                      ? VERDICT_UNDECRYPTABLE
                                      : VERDICT_AMBIGUOUS_FROM);
    return rc < 0 ? -1 : 0;
}

/* Whatever reads the header later must be able to, or mail that was accepted
 * would fail for good. */
static int check_header(struct pool *pool, const struct policy *policy,
                        const struct blob *message, struct failure *why)
{
    struct blob_source in;
    struct head head;
    blob_source_init(&in, message, 0, message->length);
    size_t most = (size_t)policy->settings.header_limit - HEADER_BYTES_ADDED;
    int rc = head_read(pool, &in.source, most, &head, why);
    if (rc == 0 &&
        head.header.count > HEADER_FIELDS_MOST - HEADER_FIELDS_ADDED)
        rc = failure(why, FAILURE_LIMIT, "more than %d header fields",
                     HEADER_FIELDS_MOST - HEADER_FIELDS_ADDED);
    head_free(&head);
    return rc;
}

int receive_secured(struct pool *pool, const struct policy *policy,
                    const struct reception *reception, struct failure *why)
{
    if (check_header(pool, policy, reception->message, why) < 0)
        return -1;
    if (reception->direction != DIRECTION_OUTSIDE)
        return 0;
    return scan_smime(pool, policy, reception->message, why);
}

const char *receive_address(struct pool *pool, const char *recipient)
{
    const char *end = strrchr(recipient, '@');
    struct address address;
    if (*recipient != '"' || !end || end < recipient + 3 || end[-1] != '"')
        return recipient;
    char *text = pool_string(pool, recipient + 1), *to = text;
    if (!text)
        return NULL;
    for (const char *from = recipient + 1; from < end - 1; from++) {
        if (*from == '\\' && from + 1 < end - 1)
            from++;
        *to++ = *from;
    }
    memmove(to, end, strlen(end) + 1);
    int rc = *text == '"' ? 0
                          : address_parse(pool, text, strlen(text), &address);
    return rc < 0 ? NULL : rc > 0 ? text : recipient;
}

/* An unverified sender's (2B) from a server that we trust [2.11-listserv]. */
static int trust_server(struct pool *pool, const struct policy *policy,
                        const struct reception *reception,
                        const struct address *from, const char **verdict_r,
                        struct failure *why)
{
    struct address sender = {NULL, NULL};
    int verdict = *verdict_r ? verdict_find(*verdict_r) : VERDICT_NONE;
    if (verdict != VERDICT_NO_SIGNATURE && verdict != VERDICT_ENCRYPTED_ONLY)
        return 0;
    if (address_parse(pool, reception->sender, strlen(reception->sender),
                      &sender) < 0)
        return failure_memory(why);
    const struct trusted_server *server = policy_server(
        policy, reception->host ? reception->host : "", &sender, from);
    if (server)
        *verdict_r = verdict_word(server->kind == SERVER_LISTSERV
                                      ? VERDICT_TRUSTED_LISTSERV
                                      : VERDICT_TRUSTED_SERVER);
    return 0;
}

static int take_recipients(struct pool *pool, const struct reception *reception,
                           struct mail_facts *facts, struct failure *why)
{
    size_t count = reception->recipient_count;
    const char **recipients = pool_array(pool, count + 1, sizeof *recipients);
    if (!recipients)
        return failure_memory(why);
    for (size_t i = 0; i < count; i++)
        if (!(recipients[i] = receive_address(pool,
                                              reception->recipients[i])))
            return failure_memory(why);
    facts->recipients = recipients;
    facts->recipient_count = count;
    return 0;
}

/* Who may be told of exceptions with it, if anybody: by an address in which
 * nothing acts, with the domain as the policy writes it. */
static int find_told(struct pool *pool, const struct policy *policy,
                     const struct reception *reception,
                     const struct header *header, struct decision *decision,
                     struct failure *why)
{
    const char *at = strrchr(reception->sender, '@');
    char *domain, *told;
    decision->quiet = automatic(pool, reception->sender, header);
    int rc = at ? domain_canonical(pool, at + 1, strlen(at + 1), &domain) : 0;
    if (decision->quiet < 0 || rc < 0)
        return failure_memory(why);
    if (reception->direction != DIRECTION_INSIDE || decision->quiet ||
        rc == 0 || !policy_identity(policy, domain))
        return 0;
    for (const char *c = reception->sender; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            return 0;
    told = pool_format(pool, "%.*s%s", (int)(at + 1 - reception->sender),
                       reception->sender, domain);
    decision->told = told ? address_word(pool, told) : NULL;
    return decision->told ? 0 : failure_memory(why);
}

/* The value of the one field of that name: 1, 0 = none or several, -1. */
static int one_field(struct pool *pool, const struct header *header,
                     const char *name, const char **value_r)
{
    size_t at = 0;
    const struct header_field *field = header_next(header, name, &at);
    if (!field || header_next(header, name, &at))
        return 0;
    *value_r = header_unfold(pool, field);
    return *value_r ? 1 : -1;
}

/*
 * Has the hub itself written it, to ask for the certificate of a partner that
 * it has none of [2.8-mail-request]? Such a mail alone goes to a partner
 * without being sealed, so everything must be as seemail-responder makes it:
 * from this machine, between the two addresses of their own, small, signed,
 * not marked, and its subject no more than an address of that domain. 1, 0,
 * -1 = memory.
 */
static int is_request(struct pool *pool, const struct policy *policy,
                      const struct reception *reception,
                      const struct header *header,
                      const struct mail_facts *facts)
{
    static const char signature[] = "multipart/signed";
    struct address from = {NULL, NULL}, to = {NULL, NULL}, wanted;
    const char *type, *subject;
    if (!reception->local || reception->direction != DIRECTION_INSIDE ||
        facts->recipient_count != 1 || facts->markings ||
        facts->unscannable || reception->message->length > REQUEST_MOST)
        return 0;
    const char *sender = reception->sender, *recipient = facts->recipients[0];
    int rc = address_parse(pool, sender, strlen(sender), &from);
    if (rc > 0)
        rc = address_parse(pool, recipient, strlen(recipient), &to);
    if (rc <= 0 || strcmp(from.local, LOCAL_REQUEST) != 0 ||
        strcmp(to.local, LOCAL_REQUEST) != 0 ||
        !policy_identity(policy, from.domain))
        return rc < 0 ? -1 : 0;
    if ((rc = one_field(pool, header, "Content-Type", &type)) <= 0 ||
        (rc = one_field(pool, header, "Subject", &subject)) <= 0 ||
        strncasecmp(type, signature, sizeof signature - 1) != 0)
        return rc < 0 ? -1 : 0;
    rc = address_parse(pool, subject, strlen(subject), &wanted);
    return rc > 0 ? strcmp(wanted.domain, to.domain) == 0 : rc;
}

static int take(struct pool *pool, const struct policy *policy,
                const struct reception *reception, struct lists *lists,
                struct received *received, struct failure *why)
{
    struct decide_lists look_up = {listed, lists};
    struct mail_facts facts = {.direction = reception->direction,
                               .sender = reception->sender};
    struct address from;
    struct header header;
    if (take_recipients(pool, reception, &facts, why) < 0 ||
        read_from(pool, policy, reception->message, &from, &header, why) < 0 ||
        find_verdict(pool, lists, reception, &from, &header, &facts.verdict,
                     why) < 0 ||
        trust_server(pool, policy, reception, &from, &facts.verdict, why) < 0)
        return -1;
    /* What comes from outside goes to our own people: nothing to look for. */
    if (reception->direction != DIRECTION_OUTSIDE &&
        scan_message(pool, policy, reception->message, &received->scan,
                     why) < 0)
        return -1;
    facts.markings = received->scan.markings;
    facts.unscannable = received->scan.unscannable;
    facts.request = is_request(pool, policy, reception, &header, &facts);
    if (facts.request < 0)
        return failure_memory(why);
    received->from_domain = from.domain ? from.domain : "";
    if (from.domain) {
        facts.from = pool_format(pool, "%s@%s", from.local, from.domain);
        if (!facts.from)
            return failure_memory(why);
    }
    if (decide(pool, policy, &facts, &look_up, &received->decision, why) < 0)
        return -1;
    return find_told(pool, policy, reception, &header, &received->decision,
                     why);
}

int receive(struct pool *pool, const struct policy *policy,
            const struct reception *reception, struct received *received_r,
            struct failure *why)
{
    struct lists lists = {policy, NULL, 0};
    *received_r = (struct received){0};
    int rc = take(pool, policy, reception, &lists, received_r, why);
    if (lists.state)
        state_close(&lists.state);
    return rc;
}
