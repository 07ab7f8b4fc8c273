/* state: see state.h. */
#include "state.h"

#include "buffer.h"
#include "der.h"
#include "failure.h"
#include "file.h"
#include "pool.h"

#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Four databases: `entries' has "LIST\0address" -> DN, `lists' has LIST ->
 * "fetched count", `certs' has address -> DER after DER, `format' one row.
 */
#define FORMAT "1"
#define MAP_BYTES ((size_t)1 << (sizeof(size_t) > 4 ? 32 : 29))
#define KEY_MOST 511 /* LMDB's own */

enum base { BASE_ENTRIES, BASE_LISTS, BASE_CERTS, BASE_FORMAT, BASES };
static const char *const names[BASES] = {"entries", "lists", "certs",
                                         "format"};

struct state {
    char *folder;
    MDB_env *env;
    MDB_dbi bases[BASES];
};

static int fail(const struct state *state, int rc, const char *what,
                struct failure *why)
{
    return failure(why, FAILURE_STATE, "state %s: %s: %s", state->folder, what,
                   mdb_strerror(rc));
}

static int begin(struct state *state, int writes, MDB_txn **txn_r,
                 struct failure *why)
{
    int rc = mdb_txn_begin(state->env, NULL, writes ? 0 : MDB_RDONLY, txn_r);
    return rc ? fail(state, rc, "beginning", why) : 0;
}

static int commit(struct state *state, MDB_txn *txn, int rc,
                  struct failure *why)
{
    if (rc < 0) {
        mdb_txn_abort(txn);
        return -1;
    }
    rc = mdb_txn_commit(txn);
    return rc ? fail(state, rc, "writing", why) : 0;
}

static int check_format(struct state *state, MDB_txn *txn, int writes,
                        struct failure *why)
{
    MDB_val key = {6, (void *)(size_t)"format"};
    MDB_val value = {1, (void *)(size_t)FORMAT};
    MDB_val found;
    int rc = mdb_get(txn, state->bases[BASE_FORMAT], &key, &found);
    if (rc == MDB_NOTFOUND && writes)
        rc = mdb_put(txn, state->bases[BASE_FORMAT], &key, &value, 0);
    else if (rc == 0 && (found.mv_size != 1 ||
                         memcmp(found.mv_data, FORMAT, 1) != 0))
        return failure(why, FAILURE_STATE, "state %s: of another version",
                       state->folder);
    return rc ? fail(state, rc, "reading its version", why) : 0;
}

static int open_bases(struct state *state, int writes, struct failure *why)
{
    MDB_txn *txn;
    int rc = 0;
    if (begin(state, writes, &txn, why) < 0)
        return -1;
    for (int i = 0; i < BASES && rc == 0; i++)
        rc = mdb_dbi_open(txn, names[i], writes ? MDB_CREATE : 0,
                          &state->bases[i]);
    rc = rc ? fail(state, rc, "opening", why)
            : check_format(state, txn, writes, why);
    /* Handles that a reader opened live on when he commits. */
    return commit(state, txn, rc, why);
}

/* LMDB maps its file: one that was cut short would be a SIGBUS later. */
static int check_size(struct state *state, struct failure *why)
{
    MDB_envinfo info;
    MDB_stat stat_r;
    struct stat file;
    int fd, rc = mdb_env_info(state->env, &info);
    if (rc == 0)
        rc = mdb_env_stat(state->env, &stat_r);
    if (rc == 0)
        rc = mdb_env_get_fd(state->env, &fd);
    if (rc || fstat(fd, &file) < 0)
        return fail(state, rc ? rc : errno, "looking at it", why);
    if ((size_t)file.st_size < (info.me_last_pgno + 1) * stat_r.ms_psize)
        return failure(why, FAILURE_STATE, "state %s: data.mdb was cut short",
                       state->folder);
    return 0;
}

static int open_environment(struct state *state, enum state_access access,
                            struct failure *why)
{
    int writes = access == STATE_WRITE, dead;
    int rc = mdb_env_create(&state->env);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(state->env, BASES);
    if (rc == 0)
        rc = mdb_env_set_mapsize(state->env, MAP_BYTES);
    if (rc == 0)
        rc = mdb_env_open(state->env, state->folder,
                          MDB_NOTLS | (writes ? 0 : MDB_RDONLY), 0600);
    if (rc)
        return fail(state, rc, "opening", why);
    if (writes)
        mdb_reader_check(state->env, &dead);
    if (check_size(state, why) < 0)
        return -1;
    return open_bases(state, writes, why);
}

int state_open(const char *folder, enum state_access access,
               struct state **state_r, struct failure *why)
{
    char data[4096];
    struct stat file;
    *state_r = NULL;
    snprintf(data, sizeof data, "%s/data.mdb", folder);
    if (access == STATE_READ && stat(data, &file) < 0 && errno == ENOENT)
        return 1;
    if (access == STATE_WRITE && mkdir(folder, 0700) < 0 && errno != EEXIST)
        return failure_errno(why, FAILURE_STATE, errno, "state %s", folder);
    if (file_check(folder, FILE_GUARDED, FAILURE_STATE, why) < 0)
        return -1;
    struct state *state = calloc(1, sizeof *state);
    if (!state || !(state->folder = strdup(folder))) {
        free(state);
        return failure_memory(why);
    }
    *state_r = state;
    if (open_environment(state, access, why) == 0)
        return 0;
    state_close(state_r);
    return -1;
}

void state_close(struct state **state)
{
    struct state *old = *state;
    *state = NULL;
    if (!old)
        return;
    if (old->env)
        mdb_env_close(old->env);
    free(old->folder);
    free(old);
}

/* The key of an entry: 1, or 0 = too long to be there. */
static int entry_key(const char *list, const char *address, char *space,
                     MDB_val *key_r)
{
    size_t first = strlen(list) + 1, second = strlen(address);
    if (first + second > KEY_MOST)
        return 0;
    memcpy(space, list, first);
    memcpy(space + first, address, second);
    *key_r = (MDB_val){first + second, space};
    return 1;
}

/* All entries of a list, one by one; deletes them if there is no visitor. */
static int each(struct state *state, MDB_txn *txn, const char *list,
                int (*visit)(void *, const struct state_entry *),
                void *context, struct failure *why)
{
    MDB_cursor *cursor;
    MDB_val key = {strlen(list) + 1, (void *)(size_t)list}, value;
    size_t prefix = key.mv_size;
    int rc = mdb_cursor_open(txn, state->bases[BASE_ENTRIES], &cursor);
    if (rc)
        return fail(state, rc, "reading a list", why);
    rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (rc == 0 && key.mv_size > prefix &&
           memcmp(key.mv_data, list, prefix) == 0) {
        char address[KEY_MOST + 1], name[1024];
        snprintf(address, sizeof address, "%.*s", (int)(key.mv_size - prefix),
                 (char *)key.mv_data + prefix);
        snprintf(name, sizeof name, "%.*s", (int)value.mv_size,
                 (char *)value.mv_data);
        struct state_entry entry = {address, name};
        if (visit ? visit(context, &entry) < 0
                  : (rc = mdb_cursor_del(cursor, 0)) != 0)
            break;
        rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return rc && rc != MDB_NOTFOUND ? fail(state, rc, "reading a list", why)
                                    : 0;
}

static int put_list(struct state *state, MDB_txn *txn, const char *list,
                    const struct state_entry *entries, size_t count,
                    long long fetched, struct failure *why)
{
    char space[KEY_MOST], info[64];
    int rc = each(state, txn, list, NULL, NULL, why);
    size_t kept = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        MDB_val key, value = {strlen(entries[i].name),
                              (void *)(size_t)entries[i].name};
        if (!entry_key(list, entries[i].address, space, &key))
            continue;
        int put = mdb_put(txn, state->bases[BASE_ENTRIES], &key, &value,
                          MDB_NOOVERWRITE);
        kept += put == 0;
        if (put && put != MDB_KEYEXIST) /* listed twice: once is enough */
            rc = fail(state, put, "writing a list", why);
    }
    snprintf(info, sizeof info, "%lld %zu", fetched, kept);
    MDB_val key = {strlen(list), (void *)(size_t)list};
    MDB_val value = {strlen(info), info};
    if (rc == 0 &&
        (rc = mdb_put(txn, state->bases[BASE_LISTS], &key, &value, 0)) != 0)
        rc = fail(state, rc, "writing a list", why);
    return rc;
}

int state_list_replace(struct state *state, const char *list,
                       const struct state_entry *entries, size_t count,
                       long long fetched, struct failure *why)
{
    MDB_txn *txn;
    if (begin(state, 1, &txn, why) < 0)
        return -1;
    return commit(state, txn,
                  put_list(state, txn, list, entries, count, fetched, why),
                  why);
}

static int look_up(struct state *state, MDB_txn *txn, const char *list,
                   const char *prefix, const char *domain, char *entry_r,
                   size_t size, struct failure *why)
{
    char space[KEY_MOST], address[300];
    MDB_val key, value;
    snprintf(address, sizeof address, "%s%s", prefix, domain);
    if (!entry_key(list, address, space, &key))
        return 0;
    int rc = mdb_get(txn, state->bases[BASE_ENTRIES], &key, &value);
    if (rc == MDB_NOTFOUND)
        return 0;
    if (rc)
        return fail(state, rc, "looking up a domain", why);
    snprintf(entry_r, size, "%.*s", (int)value.mv_size,
             (char *)value.mv_data);
    return 1;
}

int state_listed(struct state *state, const char *list, const char *domain,
                 char *entry_r, size_t size, struct failure *why)
{
    MDB_txn *txn;
    if (begin(state, 0, &txn, why) < 0)
        return -1;
    int rc = look_up(state, txn, list, "*@", domain, entry_r, size, why);
    while (rc == 0 && domain) {
        rc = look_up(state, txn, list, "*@.", domain, entry_r, size, why);
        domain = strchr(domain, '.');
        domain = domain ? domain + 1 : NULL;
    }
    mdb_txn_abort(txn);
    return rc;
}

int state_list_info(struct state *state, const char *list,
                    long long *fetched_r, size_t *count_r,
                    struct failure *why)
{
    MDB_txn *txn;
    MDB_val key = {strlen(list), (void *)(size_t)list}, value;
    char text[64];
    if (begin(state, 0, &txn, why) < 0)
        return -1;
    int rc = mdb_get(txn, state->bases[BASE_LISTS], &key, &value);
    if (rc == 0)
        snprintf(text, sizeof text, "%.*s", (int)value.mv_size,
                 (char *)value.mv_data);
    mdb_txn_abort(txn);
    if (rc == MDB_NOTFOUND)
        return 0;
    if (rc)
        return fail(state, rc, "reading a list", why);
    if (sscanf(text, "%lld %zu", fetched_r, count_r) != 2)
        return failure(why, FAILURE_STATE, "state %s: a list is damaged",
                       state->folder);
    return 1;
}

int state_list_each(struct state *state, const char *list,
                    int (*visit)(void *context,
                                 const struct state_entry *entry),
                    void *context, struct failure *why)
{
    MDB_txn *txn;
    if (begin(state, 0, &txn, why) < 0)
        return -1;
    int rc = each(state, txn, list, visit, context, why);
    mdb_txn_abort(txn);
    return rc;
}

int state_certs_replace(struct state *state, const char *address,
                        const struct der *certs, size_t count,
                        struct failure *why)
{
    struct buffer all = {0};
    MDB_txn *txn;
    int rc;
    for (size_t i = 0; i < count; i++)
        buffer_append(&all, certs[i].data, certs[i].length);
    MDB_val key = {strlen(address), (void *)(size_t)address};
    MDB_val value = {all.length, all.data};
    if (all.failed || key.mv_size > KEY_MOST || key.mv_size == 0) {
        buffer_free(&all);
        return failure(why, FAILURE_STATE, "state %s: cannot keep %s",
                       state->folder, address);
    }
    rc = begin(state, 1, &txn, why);
    if (rc == 0) {
        int put = count ? mdb_put(txn, state->bases[BASE_CERTS], &key, &value,
                                  0)
                        : mdb_del(txn, state->bases[BASE_CERTS], &key, NULL);
        if (put && put != MDB_NOTFOUND)
            rc = fail(state, put, "writing a certificate", why);
        rc = commit(state, txn, rc, why);
    }
    buffer_free(&all);
    return rc;
}

/* DER tells its own length; values of one address stand one after another. */
static int split(struct pool *pool, const MDB_val *value,
                 struct der **certs_r, size_t *count_r)
{
    struct der in = {pool_copy(pool, value->mv_data, value->mv_size),
                     value->mv_size};
    struct der rest = in;
    struct der_value one;
    size_t room = 1;
    while (in.data && der_next(&rest, &one) == 1)
        room++;
    *certs_r = pool_array(pool, room, sizeof **certs_r);
    if (!in.data || !*certs_r)
        return -1;
    while (der_next(&in, &one) == 1)
        (*certs_r)[(*count_r)++] = one.whole;
    return 0;
}

int state_certs(struct state *state, struct pool *pool, const char *address,
                struct der **certs_r, size_t *count_r, struct failure *why)
{
    MDB_txn *txn;
    MDB_val key = {strlen(address), (void *)(size_t)address}, value;
    *count_r = 0;
    if (key.mv_size == 0 || key.mv_size > KEY_MOST)
        return 0;
    if (begin(state, 0, &txn, why) < 0)
        return -1;
    int found = mdb_get(txn, state->bases[BASE_CERTS], &key, &value), rc = 0;
    if (found == 0 && split(pool, &value, certs_r, count_r) < 0)
        rc = failure_memory(why);
    else if (found && found != MDB_NOTFOUND)
        rc = fail(state, found, "reading a certificate", why);
    mdb_txn_abort(txn);
    return rc;
}

int state_certs_count(struct state *state, size_t *count_r,
                      struct failure *why)
{
    MDB_txn *txn;
    MDB_stat stat_r;
    if (begin(state, 0, &txn, why) < 0)
        return -1;
    int rc = mdb_stat(txn, state->bases[BASE_CERTS], &stat_r);
    mdb_txn_abort(txn);
    *count_r = rc ? 0 : stat_r.ms_entries;
    return rc ? fail(state, rc, "counting certificates", why) : 0;
}
