/* policy_events: what is told to whom, and in whose name; see policy.h. */
#include "policy_load.h"

#include "address.h"
#include "failure.h"
#include "pool.h"

#include <string.h>
#include <strings.h>

#define MINUTES_DEFAULT 60

/* "administrator" and "sender", each at most once. */
static unsigned read_to(struct loader *loader, const struct table_row *row)
{
    unsigned to = 0;
    for (size_t i = 0; i < row->cells[3].count; i++) {
        unsigned one = strcmp(row->cells[3].items[i], "sender") == 0
                           ? NOTIFY_SENDER
                           : NOTIFY_ADMINISTRATOR;
        if (to & one)
            row_error(loader, row, 3, "each of them once");
        to |= one;
    }
    return to;
}

/* An event without a row goes into the administrator's hourly digest. */
int load_events(struct loader *loader)
{
    struct table table;
    struct event_rule *rules = loader->policy->events;
    for (int kind = 0; kind < EVENT_KINDS; kind++)
        rules[kind] = (struct event_rule){{"default", 0}, NOTIFY_DIGEST,
                                          MINUTES_DEFAULT,
                                          NOTIFY_ADMINISTRATOR};
    if (load_table(loader, POLICY_EVENTS, &table) < 0)
        return -1;
    for (const struct table_row *row = table.rows; row; row = row->next) {
        const struct table_cell *cells = row->cells;
        rules[cells[0].number] = (struct event_rule){
            rule_of(row), (enum notify)cells[1].number, cells[2].number,
            read_to(loader, row)};
        if (seen_before(&table, row, 0))
            row_error(loader, row, 0, "each event once");
    }
    return 0;
}

/* Notices are from us and for us, and nobody else [2.12-postmaster]. */
static void check_own(struct loader *loader, const char *name,
                      const char *address, int postmaster)
{
    const char *at = strrchr(address, '@');
    if (at && *address != '*' && policy_identity(loader->policy, at + 1) &&
        (!postmaster || strncasecmp(address, "postmaster@", 11) == 0))
        return;
    struct buffer expected = {0};
    buffer_format(&expected, "%s domain of the table identity as %s",
                  postmaster ? "postmaster@ a" : "an address in a", name);
    table_error(loader->errors, policy_schemas[POLICY_SETTINGS].name, 0, 0,
                address, buffer_string(&expected));
    buffer_free(&expected);
}

int load_postmaster(struct loader *loader)
{
    struct policy *policy = loader->policy;
    struct settings *settings = &policy->settings;
    if (!policy->identity_count)
        return 0; /* which is an error of its own */
    const char *first = policy->identities[0].domain;
    if (!settings->postmaster)
        settings->postmaster = pool_format(policy->pool, "postmaster@%s",
                                           first + (*first == '.'));
    if (!settings->administrator)
        settings->administrator = settings->postmaster;
    if (!settings->postmaster)
        return failure_memory(loader->why);
    check_own(loader, "postmaster", settings->postmaster, 1);
    if (settings->administrator != settings->postmaster)
        check_own(loader, "administrator", settings->administrator, 0);
    return 0;
}
