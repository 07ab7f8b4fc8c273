/* refresh_list: a list of partners, as a whole; see refresh.h. */
#include "refresh.h"

#include "address.h"
#include "buffer.h"
#include "decide.h"
#include "failure.h"
#include "policy.h"
#include "pool.h"
#include "state_list.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAMES_MOST 20 /* of who came or left that are told */

struct list {
    const struct refresh *refresh;
    const struct directory *row;
    const char *name;
    struct refreshed *refreshed;
    size_t most; /* entries */
    struct state_entry *entries;
    size_t count, room;
    const struct state_entry **before; /* borrowed for a moment */
    unsigned char *old; /* by entry: it was there before */
};

/* "*@domain" as a list has it: 1 and the canonical form, 0, -1. */
static int read_entry(struct pool *pool, const char *text, size_t length,
                      char **entry_r)
{
    char *domain;
    int below = length > 2 && text[2] == '.';
    if (length < 3 || text[0] != '*' || text[1] != '@')
        return 0;
    int rc = domain_canonical(pool, text + 2 + below,
                              length - 2 - (size_t)below, &domain);
    if (rc <= 0)
        return rc;
    *entry_r = pool_format(pool, "*@%s%s", below ? "." : "", domain);
    return *entry_r ? 1 : -1;
}

static int add_entry(struct list *list, const char *address, const char *dn,
                     struct failure *why)
{
    if (list->count == list->most)
        return failure(why, FAILURE_LIMIT, "%s: more than %zu entries",
                       list->row->uri, list->most);
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 64;
        struct state_entry *grown =
            pool_array(list->refresh->pool, room, sizeof *grown);
        if (!grown)
            return failure_memory(why);
        if (list->count)
            memcpy(grown, list->entries, list->count * sizeof *grown);
        list->entries = grown;
        list->room = room;
    }
    const char *name = pool_string(list->refresh->pool, dn);
    if (!name)
        return failure_memory(why);
    list->entries[list->count++] = (struct state_entry){address, name};
    return 0;
}

static int visit_value(void *context, const char *dn, const char *attribute,
                       const void *value, size_t length, struct failure *why)
{
    struct list *list = context;
    char *entry;
    (void)attribute;
    int rc = read_entry(list->refresh->pool, value, length, &entry);
    if (rc < 0)
        return failure_memory(why);
    if (rc > 0)
        return add_entry(list, entry, dn, why);
    buffer_format(&list->refreshed->faults,
                  "%.200s: \"%.*s\" is no *@domain: left out\n", dn,
                  length > 200 ? 200 : (int)length, (const char *)value);
    return 0;
}

static int by_address(const void *one, const void *other)
{
    const struct state_entry *a = one, *b = other;
    return strcmp(a->address, b->address);
}

/* One of the last time: marks it in the new list, or tells that it left. */
static int compare(void *context, const struct state_entry *before)
{
    struct list *list = context;
    struct refreshed *refreshed = list->refreshed;
    const struct state_entry *now =
        bsearch(before, list->entries, list->count, sizeof *before,
                by_address);
    if (now)
        list->old[now - list->entries] = 1;
    else if (refreshed->left++ < NAMES_MOST)
        buffer_format(&refreshed->changes, "%s left the list %s\n",
                      before->address, list->name);
    return 0;
}

static void tell_new(struct list *list)
{
    struct refreshed *refreshed = list->refreshed;
    for (size_t i = 0; i < list->count; i++)
        if (!list->old[i] && (i == 0 || by_address(&list->entries[i - 1],
                                                   &list->entries[i])) &&
            refreshed->came++ < NAMES_MOST)
            buffer_format(&refreshed->changes, "%s came to the list %s\n",
                          list->entries[i].address, list->name);
    if (refreshed->left > NAMES_MOST || refreshed->came > NAMES_MOST)
        buffer_format(&refreshed->changes,
                      "%zu came to the list %s, %zu left it\n",
                      refreshed->came, list->name, refreshed->left);
}

/* An empty answer to what was not empty before is more likely a fault of the
 * directory than the end of all partners. */
static int replace(struct list *list, struct failure *why)
{
    struct state *state = list->refresh->state;
    long long fetched;
    size_t before = 0;
    int rc = state_list_info(state, list->name, &fetched, &before, why);
    if (rc < 0)
        return -1;
    if (list->count == 0 && before > 0)
        return failure(why, FAILURE_NETWORK, "directory %s: the list %s is "
                       "empty now: kept the last one",
                       list->row->uri, list->name);
    if (list->count)
        qsort(list->entries, list->count, sizeof *list->entries, by_address);
    list->old = pool_alloc(list->refresh->pool, list->count + 1);
    if (!list->old)
        return failure_memory(why);
    if (rc > 0 &&
        state_list_each(state, list->name, compare, list, why) < 0)
        return -1;
    if (state_list_replace(state, list->name, list->entries, list->count,
                           (long long)time(NULL), why) < 0)
        return -1;
    if (rc > 0) /* the first time all are new */
        tell_new(list);
    return 0;
}

int refresh_list(const struct refresh *refresh, const struct directory *row,
                 struct directory_session *session,
                 const struct directory_query *query,
                 struct refreshed *refreshed, struct failure *why)
{
    struct list list = {.refresh = refresh,
                        .row = row,
                        .name = row->purpose == DIRECTORY_VENDOR
                                    ? LIST_VENDOR
                                    : LIST_SEEMAIL,
                        .refreshed = refreshed,
                        .most = query->entries_most};
    if (directory_search(session, query, visit_value, &list, why) < 0)
        return -1;
    refreshed->count = list.count;
    return replace(&list, why);
}
