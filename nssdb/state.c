/* state: see state.h. */
#include "state.h"

#include "failure.h"
#include "file.h"
#include "state_whole.h"

#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define FORMAT "1"
#define EMPTY_TRIES 50
#define MAP_BYTES ((size_t)1 << (sizeof(size_t) > 4 ? 34 : 29))

static const char *const names[STATE_BASES] = {
    [STATE_FORMAT] = "format",
    [STATE_ENTRIES] = "entries",
    [STATE_LISTS] = "lists",
    [STATE_CERTIFICATES] = "certificates",
    [STATE_ADDRESSES] = "addresses",
    [STATE_SUBJECTS] = "subjects",
    [STATE_CAPABILITIES] = "capabilities",
    [STATE_CRLS] = "crls",
    [STATE_REVOKED] = "revoked",
    [STATE_RESPONSES] = "responses",
    [STATE_MISSES] = "misses",
    [STATE_APPROVALS] = "approvals",
    [STATE_EVENTS] = "events",
    [STATE_OWN] = "own",
    [STATE_OVERRIDES] = "overrides",
    [STATE_RATES] = "rates",
};

struct state {
    char *folder;
    MDB_env *env;
    MDB_txn *txn; /* NULL between transactions */
    int writing;
    MDB_dbi bases[STATE_BASES];
    int there[STATE_BASES]; /* a reader may find less than there can be */
};

static int fail(const struct state *state, int rc, const char *what,
                struct failure *why)
{
    /* A write of less than was asked for is that to LMDB. */
    return failure(why, FAILURE_STATE, "state %s: %s: %s", state->folder, what,
                   rc == EIO ? "the disk is full or broken"
                             : mdb_strerror(rc));
}

static MDB_val val(const void *data, size_t length)
{
    return (MDB_val){length, (void *)(size_t)data};
}

int state_begin(struct state *state, enum state_access access,
                struct failure *why)
{
    if (state->txn)
        return failure(why, FAILURE_BUG, "state: two transactions at once");
    int rc = mdb_txn_begin(state->env, NULL,
                           access == STATE_WRITE ? 0 : MDB_RDONLY,
                           &state->txn);
    state->writing = access == STATE_WRITE;
    if (rc == 0)
        return 0;
    state->txn = NULL;
    return fail(state, rc, "beginning", why);
}

int state_end(struct state *state, int rc, struct failure *why)
{
    MDB_txn *txn = state->txn;
    state->txn = NULL;
    if (rc < 0) {
        mdb_txn_abort(txn);
        return -1;
    }
    int done = mdb_txn_commit(txn);
    if (state->writing)
        state_lengthen(state->env);
    return done ? fail(state, done, "writing", why) : rc;
}

static int check_format(struct state *state, int writes, struct failure *why)
{
    struct der found;
    int rc = state_get(state, STATE_FORMAT, "format", 6, &found, why);
    if (rc == 0 && writes)
        return state_put(state, STATE_FORMAT, "format", 6, FORMAT, 1, why);
    if (rc > 0 && !der_equal(&found, FORMAT, 1))
        return failure(why, FAILURE_STATE, "state %s: of another version",
                       state->folder);
    return rc < 0 ? -1 : 0;
}

static int open_each(struct state *state, int writes, struct failure *why)
{
    for (int i = 0; i < STATE_BASES; i++) {
        int rc = mdb_dbi_open(state->txn, names[i], writes ? MDB_CREATE : 0,
                              &state->bases[i]);
        state->there[i] = rc == 0;
        if (rc && (rc != MDB_NOTFOUND || i == STATE_FORMAT))
            return fail(state, rc, "opening", why);
    }
    return check_format(state, writes, why);
}

/* Handles that a reader opened live on when he commits. */
static int open_bases(struct state *state, enum state_access access,
                      struct failure *why)
{
    if (state_begin(state, access, why) < 0)
        return -1;
    return state_end(state, open_each(state, access == STATE_WRITE, why), why);
}

/* 1 = its file is short, and it is closed. */
static int check_size(struct state *state, struct failure *why)
{
    int mdb, rc = state_is_short(state->env, &mdb);
    if (rc < 0)
        return fail(state, mdb, "looking at it", why);
    if (rc > 0) {
        mdb_env_close(state->env);
        state->env = NULL;
    }
    return rc;
}

/* LMDB takes an empty file for a new one, and what had been in it would be
 * gone without a word. One that is just being made is empty for a moment. */
static int check_empty(const char *data, const char *folder,
                       struct failure *why)
{
    const struct timespec pause = {0, 10 * 1000000};
    struct stat file = {.st_size = 1};
    for (int i = 0; i < EMPTY_TRIES; i++) {
        if (stat(data, &file) < 0 || file.st_size > 0)
            return 0;
        nanosleep(&pause, NULL);
    }
    return failure(why, FAILURE_STATE, "state %s: data.mdb is empty: what was "
                   "in it is lost; remove it to begin anew", folder);
}

static int open_environment(struct state *state, enum state_access access,
                            struct failure *why)
{
    int writes = access == STATE_WRITE, dead;
    int rc = mdb_env_create(&state->env);
    if (rc == 0)
        rc = mdb_env_set_maxdbs(state->env, STATE_BASES);
    if (rc == 0)
        rc = mdb_env_set_mapsize(state->env, MAP_BYTES);
    if (rc == 0)
        rc = mdb_env_open(state->env, state->folder,
                          MDB_NOTLS | (writes ? 0 : MDB_RDONLY), 0600);
    if (rc)
        return fail(state, rc, "opening", why);
    if (writes)
        mdb_reader_check(state->env, &dead);
    return 0;
}

static int open_whole(struct state *state, enum state_access access,
                      struct failure *why)
{
    int rc = open_environment(state, access, why);
    if (rc == 0)
        rc = check_size(state, why);
    if (rc > 0) {
        rc = state_whole(state->folder, STATE_BASES, MAP_BYTES, why);
        if (rc == 0)
            rc = open_environment(state, access, why);
        if (rc == 0 && access == STATE_WRITE)
            state_lengthen(state->env);
    }
    return rc < 0 ? -1 : open_bases(state, access, why);
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
    if (file_check(folder, FILE_GUARDED, FAILURE_STATE, why) < 0 ||
        check_empty(data, folder, why) < 0)
        return -1;
    struct state *state = calloc(1, sizeof *state);
    if (!state || !(state->folder = strdup(folder))) {
        free(state);
        return failure_memory(why);
    }
    *state_r = state;
    if (open_whole(state, access, why) == 0)
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
    if (old->txn)
        mdb_txn_abort(old->txn);
    if (old->env)
        mdb_env_close(old->env);
    free(old->folder);
    free(old);
}

const char *state_folder(const struct state *state)
{
    return state->folder;
}

int state_get(struct state *state, enum state_base base, const void *key,
              size_t length, struct der *value_r, struct failure *why)
{
    MDB_val name = val(key, length), value;
    if (!state->there[base] || length == 0 || length > STATE_KEY_MOST)
        return 0;
    int rc = mdb_get(state->txn, state->bases[base], &name, &value);
    if (rc == MDB_NOTFOUND)
        return 0;
    if (rc)
        return fail(state, rc, names[base], why);
    *value_r = (struct der){value.mv_data, value.mv_size};
    return 1;
}

static int put(struct state *state, enum state_base base, MDB_val key,
               MDB_val value, unsigned flags, struct failure *why)
{
    if (key.mv_size == 0 || key.mv_size > STATE_KEY_MOST)
        return failure(why, FAILURE_STATE, "state %s: %s: a key of %zu bytes "
                       "cannot be kept", state->folder, names[base],
                       key.mv_size);
    int rc = mdb_put(state->txn, state->bases[base], &key, &value, flags);
    if (rc == MDB_KEYEXIST)
        return 0;
    return rc ? fail(state, rc, names[base], why) : 1;
}

int state_put(struct state *state, enum state_base base, const void *key,
              size_t length, const void *value, size_t value_length,
              struct failure *why)
{
    return put(state, base, val(key, length), val(value, value_length), 0,
               why) < 0 ? -1 : 0;
}

int state_add(struct state *state, enum state_base base, const void *key,
              size_t length, const void *value, size_t value_length,
              struct failure *why)
{
    return put(state, base, val(key, length), val(value, value_length),
               MDB_NOOVERWRITE, why);
}

int state_append(struct state *state, enum state_base base, const void *key,
                 size_t length, const void *value, size_t value_length,
                 struct failure *why)
{
    int rc = put(state, base, val(key, length), val(value, value_length),
                 MDB_APPEND, why);
    if (rc == 0)
        return failure(why, FAILURE_BUG, "state %s: %s: not in order",
                       state->folder, names[base]);
    return rc < 0 ? -1 : 0;
}

int state_delete(struct state *state, enum state_base base, const void *key,
                 size_t length, struct failure *why)
{
    MDB_val name = val(key, length);
    if (length == 0 || length > STATE_KEY_MOST)
        return 0;
    int rc = mdb_del(state->txn, state->bases[base], &name, NULL);
    if (rc && rc != MDB_NOTFOUND)
        return fail(state, rc, names[base], why);
    return rc == 0;
}

/* Every key with the prefix; one without a visitor is deleted. */
static int walk(MDB_cursor *cursor, const MDB_val *prefix, state_visit *visit,
                void *context, struct failure *why, int *mdb_r)
{
    MDB_val key = *prefix, value;
    int rc = 0;
    *mdb_r = mdb_cursor_get(cursor, &key, &value,
                            key.mv_size ? MDB_SET_RANGE : MDB_FIRST);
    while (*mdb_r == 0 && key.mv_size >= prefix->mv_size &&
           memcmp(key.mv_data, prefix->mv_data, prefix->mv_size) == 0) {
        struct der name = {key.mv_data, key.mv_size};
        struct der found = {value.mv_data, value.mv_size};
        if (visit && (rc = visit(context, &name, &found, why)) != 0)
            return rc;
        if (!visit && (*mdb_r = mdb_cursor_del(cursor, 0)) != 0)
            return 0;
        *mdb_r = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    if (*mdb_r == MDB_NOTFOUND)
        *mdb_r = 0;
    return 0;
}

static int each(struct state *state, enum state_base base, const void *prefix,
                size_t length, state_visit *visit, void *context,
                struct failure *why)
{
    MDB_cursor *cursor;
    MDB_val begins = val(length ? prefix : "", length);
    if (!state->there[base] || length > STATE_KEY_MOST)
        return 0;
    int mdb = mdb_cursor_open(state->txn, state->bases[base], &cursor);
    if (mdb)
        return fail(state, mdb, names[base], why);
    int rc = walk(cursor, &begins, visit, context, why, &mdb);
    mdb_cursor_close(cursor);
    return mdb ? fail(state, mdb, names[base], why) : rc;
}

int state_each(struct state *state, enum state_base base, const void *prefix,
               size_t length, state_visit *visit, void *context,
               struct failure *why)
{
    return each(state, base, prefix, length, visit, context, why);
}

int state_clear(struct state *state, enum state_base base, const void *prefix,
                size_t length, struct failure *why)
{
    return each(state, base, prefix, length, NULL, NULL, why);
}

int state_count(struct state *state, enum state_base base, size_t *count_r,
                struct failure *why)
{
    MDB_stat stat_r;
    *count_r = 0;
    if (!state->there[base])
        return 0;
    int rc = mdb_stat(state->txn, state->bases[base], &stat_r);
    if (rc)
        return fail(state, rc, names[base], why);
    *count_r = stat_r.ms_entries;
    return 0;
}
