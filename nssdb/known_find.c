/* known_find: looking for what is known; see known.h. */
#include "known_record.h"

#include "failure.h"
#include "pool.h"
#include "state.h"

#include <stdlib.h>
#include <string.h>

struct finding {
    struct state *state;
    struct pool *pool;
    struct known *found;
    size_t count, room, prefix;
};

/* Copies it into the pool. */
static int add(struct finding *finding, const struct der *record,
               const unsigned char *mark, struct failure *why)
{
    struct known *one = &finding->found[finding->count];
    if (!known_view(record, mark, one))
        return 0;
    one->where = pool_string(finding->pool, one->where);
    one->certificate.data = pool_copy(finding->pool, one->certificate.data,
                                      one->certificate.length);
    if (!one->where || !one->certificate.data)
        return failure_memory(why);
    finding->count++;
    return 0;
}

static int visit_key(void *context, const struct der *key,
                     const struct der *value, struct failure *why)
{
    struct finding *finding = context;
    const unsigned char *mark = key->data + key->length - KNOWN_FINGERPRINT;
    struct der record;
    (void)value;
    if (finding->count == finding->room)
        return 1;
    if (key->length != finding->prefix + KNOWN_FINGERPRINT)
        return 0;
    int rc = state_get(finding->state, STATE_CERTIFICATES, mark,
                       KNOWN_FINGERPRINT, &record, why);
    return rc > 0 ? add(finding, &record, mark, why) : rc;
}

static int visit_mark(void *context, const struct der *key,
                      const struct der *value, struct failure *why)
{
    struct finding *finding = context;
    if (finding->count == finding->room)
        return 1;
    return key->length == KNOWN_FINGERPRINT
               ? add(finding, value, key->data, why) : 0;
}

static int collect(struct finding *finding, enum state_base base,
                   const void *prefix, size_t length, state_visit *visit,
                   struct failure *why)
{
    finding->prefix = length;
    finding->found =
        pool_array(finding->pool, finding->room, sizeof *finding->found);
    if (!finding->found)
        return failure_memory(why);
    if (state_begin(finding->state, STATE_READ, why) < 0)
        return -1;
    int rc = state_each(finding->state, base, prefix, length, visit, finding,
                        why);
    if (state_end(finding->state, rc, why) < 0)
        return -1;
    qsort(finding->found, finding->count, sizeof *finding->found,
          known_compare);
    return 0;
}

int known_find(struct state *state, struct pool *pool, const char *address,
               struct known **known_r, size_t *count_r, struct failure *why)
{
    struct finding finding = {.state = state, .pool = pool,
                              .room = KNOWN_PER_ADDRESS};
    char key[STATE_KEY_MOST];
    size_t length = known_address_prefix(address, key);
    *count_r = 0;
    if (length && collect(&finding, STATE_ADDRESSES, key, length, visit_key,
                          why) < 0)
        return -1;
    *known_r = finding.found;
    *count_r = finding.count;
    return 0;
}

int known_find_signer(struct state *state, struct pool *pool,
                      const struct der *issuer, const struct der *serial,
                      const struct der *identifier, struct known **known_r,
                      size_t *count_r, struct failure *why)
{
    struct finding finding = {.state = state, .pool = pool,
                              .room = KNOWN_PER_ADDRESS};
    char key[STATE_KEY_MOST];
    size_t length = issuer ? known_issuer_prefix(issuer, serial, key)
                           : known_identifier_prefix(identifier, key);
    *count_r = 0;
    if (!length)
        return failure(why, FAILURE_CRYPTO, "SHA-256 failed");
    if (collect(&finding, STATE_SUBJECTS, key, length, visit_key, why) < 0)
        return -1;
    *known_r = finding.found;
    *count_r = finding.count;
    return 0;
}

int known_get(struct state *state, struct pool *pool,
              const unsigned char *prefix, size_t length,
              struct known **known_r, size_t *count_r, struct failure *why)
{
    struct finding finding = {.state = state, .pool = pool, .room = 2};
    *count_r = 0;
    if (collect(&finding, STATE_CERTIFICATES, prefix, length, visit_mark,
                why) < 0)
        return -1;
    *known_r = finding.found;
    *count_r = finding.count;
    return 0;
}

struct walk {
    known_visit *visit;
    void *context;
};

static int visit_each(void *context, const struct der *key,
                      const struct der *value, struct failure *why)
{
    struct walk *walk = context;
    struct known one;
    if (key->length != KNOWN_FINGERPRINT ||
        !known_view(value, key->data, &one))
        return 0;
    return walk->visit(walk->context, &one, why);
}

int known_each(struct state *state, known_visit *visit, void *context,
               struct failure *why)
{
    struct walk walk = {visit, context};
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    return state_end(state,
                     state_each(state, STATE_CERTIFICATES, "", 0, visit_each,
                                &walk, why), why);
}

struct rows {
    struct state *state;
    known_row *row;
    void *context;
};

static int visit_row(void *context, const struct der *key,
                     const struct der *value, struct failure *why)
{
    struct rows *rows = context;
    const char *address = (const char *)key->data;
    struct der record;
    struct known one;
    (void)value;
    if (strnlen(address, key->length) + 1 + KNOWN_FINGERPRINT != key->length)
        return 0;
    const unsigned char *mark = key->data + key->length - KNOWN_FINGERPRINT;
    int rc = state_get(rows->state, STATE_CERTIFICATES, mark,
                       KNOWN_FINGERPRINT, &record, why);
    if (rc <= 0 || !known_view(&record, mark, &one))
        return rc < 0 ? -1 : 0;
    return rows->row(rows->context, address, &one, why);
}

int known_list(struct state *state, const char *address, known_row *row,
               void *context, struct failure *why)
{
    struct rows rows = {state, row, context};
    char key[STATE_KEY_MOST];
    size_t length = address ? known_address_prefix(address, key) : 0;
    if (address && !length)
        return 0;
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    return state_end(state,
                     state_each(state, STATE_ADDRESSES, key, length, visit_row,
                                &rows, why), why);
}

int known_count(struct state *state, size_t *count_r, struct failure *why)
{
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    return state_end(state,
                     state_count(state, STATE_CERTIFICATES, count_r, why), why);
}
