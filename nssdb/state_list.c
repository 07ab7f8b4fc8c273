/* state_list: see state_list.h. */
#include "state_list.h"

#include "failure.h"
#include "state.h"

#include <stdio.h>
#include <string.h>

/* The key of an entry; its length, or 0 = too long to be there. */
static size_t entry_key(const char *list, const char *address, char *key_r)
{
    size_t first = strlen(list) + 1, second = strlen(address);
    if (first + second > STATE_KEY_MOST)
        return 0;
    memcpy(key_r, list, first);
    memcpy(key_r + first, address, second);
    return first + second;
}

static int put_entries(struct state *state, const char *list,
                       const struct state_entry *entries, size_t count,
                       size_t *kept_r, struct failure *why)
{
    char key[STATE_KEY_MOST];
    *kept_r = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = entry_key(list, entries[i].address, key);
        if (length == 0)
            continue;
        int rc = state_add(state, STATE_ENTRIES, key, length, entries[i].name,
                           strlen(entries[i].name), why);
        if (rc < 0)
            return -1;
        *kept_r += (size_t)rc; /* listed twice: once is enough */
    }
    return 0;
}

static int replace(struct state *state, const char *list,
                   const struct state_entry *entries, size_t count,
                   long long fetched, struct failure *why)
{
    char info[64];
    size_t kept;
    if (state_clear(state, STATE_ENTRIES, list, strlen(list) + 1, why) < 0 ||
        put_entries(state, list, entries, count, &kept, why) < 0)
        return -1;
    snprintf(info, sizeof info, "%lld %zu", fetched, kept);
    return state_put(state, STATE_LISTS, list, strlen(list), info,
                     strlen(info), why);
}

int state_list_replace(struct state *state, const char *list,
                       const struct state_entry *entries, size_t count,
                       long long fetched, struct failure *why)
{
    if (state_begin(state, STATE_WRITE, why) < 0)
        return -1;
    return state_end(state,
                     replace(state, list, entries, count, fetched, why), why);
}

static int look_up(struct state *state, const char *list, const char *prefix,
                   const char *domain, char *entry_r, size_t size,
                   struct failure *why)
{
    char key[STATE_KEY_MOST], address[300];
    struct der value;
    snprintf(address, sizeof address, "%s%s", prefix, domain);
    int rc = state_get(state, STATE_ENTRIES, key,
                       entry_key(list, address, key), &value, why);
    if (rc > 0)
        snprintf(entry_r, size, "%.*s", (int)value.length,
                 (const char *)value.data);
    return rc;
}

int state_listed(struct state *state, const char *list, const char *domain,
                 char *entry_r, size_t size, struct failure *why)
{
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    int rc = look_up(state, list, "*@", domain, entry_r, size, why);
    while (rc == 0 && domain) {
        rc = look_up(state, list, "*@.", domain, entry_r, size, why);
        domain = strchr(domain, '.');
        domain = domain ? domain + 1 : NULL;
    }
    return state_end(state, rc, why);
}

static int info(struct state *state, const char *list, long long *fetched_r,
                size_t *count_r, struct failure *why)
{
    char text[64];
    struct der value;
    int rc = state_get(state, STATE_LISTS, list, strlen(list), &value, why);
    if (rc <= 0)
        return rc;
    snprintf(text, sizeof text, "%.*s", (int)value.length,
             (const char *)value.data);
    if (sscanf(text, "%lld %zu", fetched_r, count_r) != 2)
        return failure(why, FAILURE_STATE, "state %s: a list is damaged",
                       state_folder(state));
    return 1;
}

int state_list_info(struct state *state, const char *list,
                    long long *fetched_r, size_t *count_r,
                    struct failure *why)
{
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    return state_end(state, info(state, list, fetched_r, count_r, why), why);
}

struct visiting {
    size_t prefix;
    int (*visit)(void *context, const struct state_entry *entry);
    void *context;
};

static int visit_entry(void *context, const struct der *key,
                       const struct der *value, struct failure *why)
{
    const struct visiting *visiting = context;
    char address[STATE_KEY_MOST + 1], name[1024];
    (void)why;
    snprintf(address, sizeof address, "%.*s",
             (int)(key->length - visiting->prefix),
             (const char *)key->data + visiting->prefix);
    snprintf(name, sizeof name, "%.*s", (int)value->length,
             (const char *)value->data);
    struct state_entry entry = {address, name};
    return visiting->visit(visiting->context, &entry) < 0;
}

int state_list_each(struct state *state, const char *list,
                    int (*visit)(void *context,
                                 const struct state_entry *entry),
                    void *context, struct failure *why)
{
    struct visiting visiting = {strlen(list) + 1, visit, context};
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    int rc = state_each(state, STATE_ENTRIES, list, visiting.prefix,
                        visit_entry, &visiting, why);
    return state_end(state, rc, why) < 0 ? -1 : 0;
}
