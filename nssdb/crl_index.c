/* crl_index: see crl_index.h. */
#include "crl_index.h"

#include "buffer.h"
#include "cms_oids.h"
#include "extension.h"
#include "failure.h"
#include "pool.h"
#include "state.h"

#include <pk11pub.h>
#include <secoidt.h>
#include <string.h>

/* Keys of STATE_CRLS begin with what they are. */
#define KIND_CRL 'c' /* 'u': crl_source.c */
#define KEY_GENERATION "g" /* the last one that was given */
#define SLICES 8

/* A record: this, then the slices one after another. Of one machine alone,
 * as LMDB is. */
struct record_head {
    uint64_t generation, entries;
    int64_t this_update, next_update, fetched;
    uint32_t delta, indirect, lengths[SLICES];
};

/* A value of STATE_REVOKED; its key: generation, issuer if the CRL is
 * indirect, serial. */
struct revoked_value {
    int64_t date;
    int32_t reason;
    int32_t pad;
};
#define GENERATION 8
#define REVOKED_KEY (GENERATION + NAME_HASH + CRL_SERIAL_MOST)

static struct der *slice(struct crl_record *record, int n)
{
    struct der *const slices[SLICES] = {
        &record->issuer,   &record->number, &record->base, &record->scope,
        &record->freshest, &record->signer, &record->where,
        &record->digest};
    return slices[n];
}

/* The SubjectPublicKeyInfo of a certificate, whole: 1, 0. */
static int find_key(const struct der *certificate, struct der *key_r)
{
    struct der in = *certificate;
    struct der_value whole, tbs, value;
    if (!der_expect(&in, TAG_SEQUENCE, &whole) ||
        !der_expect(&whole.content, TAG_SEQUENCE, &tbs) ||
        der_next(&tbs.content, &value) != 1)
        return 0;
    /* [version,] serial, algorithm, issuer, validity, subject, key */
    for (int more = value.tag == TAG_INTEGER ? 5 : 6; more > 0; more--)
        if (der_next(&tbs.content, &value) != 1)
            return 0;
    *key_r = value.whole;
    return value.tag == TAG_SEQUENCE;
}

static int digest(const struct buffer *in, unsigned char *value_r)
{
    return PK11_HashBuf(SEC_OID_SHA256, value_r,
                        (const unsigned char *)buffer_string(in),
                        (PRInt32)in->length) == SECSuccess;
}

int crl_index_key(struct crl_record *record)
{
    unsigned char value[32];
    struct der key;
    struct buffer what = {0};
    record->key[0] = KIND_CRL;
    if (!name_hash(&record->issuer, record->key + 1) ||
        !find_key(&record->signer, &key))
        return 0;
    buffer_byte(&what, record->delta ? 'd' : 'c');
    buffer_append(&what, key.data, key.length);
    buffer_append(&what, record->scope.data, record->scope.length);
    int well = !what.failed && digest(&what, value);
    if (well)
        memcpy(record->key + 1 + NAME_HASH, value, NAME_HASH);
    buffer_free(&what);
    return well;
}

int crl_index_same_key(const struct crl_record *one,
                       const struct crl_record *two)
{
    struct der a, b;
    return find_key(&one->signer, &a) && find_key(&two->signer, &b) &&
           der_equal(&a, b.data, b.length);
}

/* Without zeros that stand before a number, or what repeats its sign. */
static struct der minimal(struct der number)
{
    while (number.length > 1 &&
           ((number.data[0] == 0 && number.data[1] < 0x80) ||
            (number.data[0] == 0xff && number.data[1] >= 0x80))) {
        number.data++;
        number.length--;
    }
    return number;
}

int crl_number_compare(const struct der *one, const struct der *two)
{
    struct der a = minimal(*one), b = minimal(*two);
    if (a.length != b.length)
        return a.length < b.length ? -1 : 1;
    return a.length ? memcmp(a.data, b.data, a.length) : 0;
}

int crl_index_compare(const struct crl_revoked *one,
                      const struct crl_revoked *two)
{
    struct der a = minimal(one->serial), b = minimal(two->serial);
    int order = one->issuer && two->issuer
                    ? memcmp(one->issuer, two->issuer, NAME_HASH) : 0;
    if (order)
        return order;
    order = memcmp(a.data, b.data, a.length < b.length ? a.length : b.length);
    if (order || a.length == b.length)
        return order;
    return a.length < b.length ? -1 : 1;
}

static int encode(const struct crl_record *record, struct buffer *out,
                  struct failure *why)
{
    struct crl_record copy = *record;
    struct record_head head = {.generation = record->generation,
                               .entries = record->entries,
                               .this_update = record->this_update,
                               .next_update = record->next_update,
                               .fetched = record->fetched,
                               .delta = (uint32_t)record->delta,
                               .indirect = (uint32_t)record->indirect};
    for (int i = 0; i < SLICES; i++)
        head.lengths[i] = (uint32_t)slice(&copy, i)->length;
    buffer_append(out, &head, sizeof head);
    for (int i = 0; i < SLICES; i++)
        buffer_append(out, slice(&copy, i)->data, slice(&copy, i)->length);
    return out->failed ? failure_memory(why) : 0;
}

/* Slices point into the value: 1, 0 = no record. */
static int decode(const struct der *key, const struct der *value,
                  struct crl_record *record_r)
{
    struct record_head head;
    size_t at = sizeof head;
    memset(record_r, 0, sizeof *record_r);
    if (key->length != CRL_KEY || value->length < sizeof head)
        return 0;
    memcpy(&head, value->data, sizeof head);
    memcpy(record_r->key, key->data, CRL_KEY);
    record_r->generation = head.generation;
    record_r->entries = head.entries;
    record_r->this_update = head.this_update;
    record_r->next_update = head.next_update;
    record_r->fetched = head.fetched;
    record_r->delta = head.delta != 0;
    record_r->indirect = head.indirect != 0;
    for (int i = 0; i < SLICES; i++) {
        if (head.lengths[i] > value->length - at)
            return 0;
        if (head.lengths[i])
            *slice(record_r, i) =
                (struct der){value->data + at, head.lengths[i]};
        at += head.lengths[i];
    }
    return at == value->length;
}

static void put_generation(unsigned char *key, uint64_t generation)
{
    for (int i = 0; i < GENERATION; i++)
        key[i] = (unsigned char)(generation >> 8 * (GENERATION - 1 - i));
}

/* The key of an entry: its length, or 0 = the serial cannot be looked up. */
static size_t revoked_key(const struct crl_record *record,
                          const unsigned char *issuer,
                          const struct der *serial,
                          unsigned char key_r[REVOKED_KEY])
{
    struct der number = minimal(*serial);
    size_t length = GENERATION;
    if (number.length == 0 || number.length > CRL_SERIAL_MOST)
        return 0;
    put_generation(key_r, record->generation);
    if (record->indirect) {
        memcpy(key_r + length, issuer, NAME_HASH);
        length += NAME_HASH;
    }
    memcpy(key_r + length, number.data, number.length);
    return length + number.length;
}

static int next_generation(struct state *state, uint64_t *generation_r,
                           struct failure *why)
{
    struct der last;
    uint64_t generation = 0;
    int rc = state_get(state, STATE_CRLS, KEY_GENERATION, 1, &last, why);
    if (rc < 0)
        return -1;
    if (rc > 0 && last.length == sizeof generation)
        memcpy(&generation, last.data, sizeof generation);
    *generation_r = ++generation;
    return state_put(state, STATE_CRLS, KEY_GENERATION, 1, &generation,
                     sizeof generation, why);
}

static int append_all(struct state *state, const struct crl_record *record,
                      crl_index_next *next, void *context,
                      struct failure *why)
{
    struct crl_revoked revoked;
    unsigned char key[REVOKED_KEY];
    int rc;
    while ((rc = next(context, &revoked, why)) > 0) {
        struct revoked_value value = {revoked.date, revoked.reason, 0};
        size_t length =
            revoked_key(record, revoked.issuer, &revoked.serial, key);
        if (length == 0)
            return failure(why, FAILURE_BUG, "CRL: a serial number of %zu "
                           "bytes", revoked.serial.length);
        if (state_append(state, STATE_REVOKED, key, length, &value,
                         sizeof value, why) < 0)
            return -1;
    }
    return rc;
}

/* Does the new one take the old one's place? Not if it is older, by number
 * where both have one or by date; and not if it is the old one. */
static int is_news(const struct crl_record *now, const struct crl_record *old,
                   int *old_r)
{
    int order = now->number.data && old->number.data
                    ? crl_number_compare(&now->number, &old->number) : 0;
    *old_r = order < 0 || now->this_update < old->this_update;
    return !*old_r &&
           !der_equal(&now->digest, old->digest.data, old->digest.length);
}

static int replace(struct state *state, struct crl_record *record,
                   crl_index_next *next, void *context, int *old_r,
                   struct failure *why)
{
    unsigned char prefix[GENERATION];
    struct crl_record before = {.generation = 0};
    struct der value, key = {record->key, CRL_KEY};
    struct buffer out = {0};
    int there =
        state_get(state, STATE_CRLS, record->key, CRL_KEY, &value, why);
    if (there < 0)
        return -1;
    if (there > 0)
        there = decode(&key, &value, &before);
    if (there && !is_news(record, &before, old_r))
        return 0;
    put_generation(prefix, before.generation);
    if (next_generation(state, &record->generation, why) < 0 ||
        append_all(state, record, next, context, why) < 0 ||
        (there && state_clear(state, STATE_REVOKED, prefix, GENERATION,
                              why) < 0))
        return -1;
    int rc = encode(record, &out, why);
    if (rc == 0)
        rc = state_put(state, STATE_CRLS, record->key, CRL_KEY, out.data,
                       out.length, why);
    buffer_free(&out);
    return rc < 0 ? -1 : 1;
}

int crl_index_replace(struct state *state, struct crl_record *record,
                      crl_index_next *next, void *context, int *old_r,
                      struct failure *why)
{
    *old_r = 0;
    if (state_begin(state, STATE_WRITE, why) < 0)
        return -1;
    return state_end(
        state, replace(state, record, next, context, old_r, why), why);
}

int crl_index_forget(struct state *state, const struct crl_record *record,
                     struct failure *why)
{
    unsigned char prefix[GENERATION];
    put_generation(prefix, record->generation);
    if (state_clear(state, STATE_REVOKED, prefix, GENERATION, why) < 0 ||
        state_delete(state, STATE_CRLS, record->key, CRL_KEY, why) < 0)
        return -1;
    return 0;
}

struct finding {
    struct pool *pool;
    struct crl_record *records;
    size_t count, room;
};

static int grow(struct finding *finding, struct failure *why)
{
    size_t room = finding->room ? finding->room * 2 : 8;
    struct crl_record *grown =
        pool_array(finding->pool, room, sizeof *grown);
    if (!grown)
        return failure_memory(why);
    if (finding->count)
        memcpy(grown, finding->records, finding->count * sizeof *grown);
    finding->records = grown;
    finding->room = room;
    return 0;
}

static int visit(void *context, const struct der *key, const struct der *value,
                 struct failure *why)
{
    struct finding *finding = context;
    struct crl_record record;
    if (finding->count == CRLS_MOST)
        return 1;
    if (finding->count == finding->room && grow(finding, why) < 0)
        return -1;
    struct der copy = {pool_copy(finding->pool, value->data, value->length),
                       value->length};
    if (!copy.data)
        return failure_memory(why);
    if (decode(key, &copy, &record))
        finding->records[finding->count++] = record;
    return 0;
}

int crl_index_find(struct state *state, struct pool *pool,
                   const unsigned char *issuer, struct crl_record **records_r,
                   size_t *count_r, struct failure *why)
{
    struct finding finding = {.pool = pool};
    unsigned char prefix[1 + NAME_HASH] = {KIND_CRL};
    if (issuer)
        memcpy(prefix + 1, issuer, NAME_HASH);
    int rc = state_each(state, STATE_CRLS, prefix,
                        issuer ? sizeof prefix : 1, visit, &finding, why);
    *records_r = finding.records;
    *count_r = finding.count;
    return rc < 0 ? -1 : 0;
}

int crl_index_look(struct state *state, const struct crl_record *record,
                   const unsigned char issuer[NAME_HASH],
                   const struct der *serial, struct crl_revoked *revoked_r,
                   struct failure *why)
{
    unsigned char key[REVOKED_KEY];
    struct revoked_value value;
    struct der found;
    size_t length = revoked_key(record, issuer, serial, key);
    int rc = state_get(state, STATE_REVOKED, key, length, &found, why);
    if (rc <= 0)
        return rc;
    if (found.length != sizeof value)
        return failure(why, FAILURE_STATE, "state: a revocation is broken");
    memcpy(&value, found.data, sizeof value);
    revoked_r->serial = *serial;
    revoked_r->date = value.date;
    revoked_r->reason = value.reason;
    return 1;
}
