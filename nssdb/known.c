/* known: see known.h. */
#include "known.h"

#include "buffer.h"
#include "failure.h"
#include "pool.h"
#include "state.h"

#include <pk11pub.h>
#include <stdlib.h>
#include <string.h>

#define PER_ADDRESS_MOST 100 /* that are looked at */

static const char *const words[KNOWN_SOURCES] = {
    [KNOWN_UNVERIFIED] = "unverified", [KNOWN_LEARNED] = "learned",
    [KNOWN_DIRECTORY] = "directory",   [KNOWN_SEEMAIL] = "seemail",
    [KNOWN_PINNED] = "pinned",
};

const char *known_source_word(enum known_source source)
{
    return words[(unsigned)source < KNOWN_SOURCES ? source : KNOWN_UNVERIFIED];
}

/* A record: its source, two times, the length of `where', that, the DER. */
struct record_head {
    unsigned char source;
    unsigned char where; /* bytes */
    unsigned char pad[6];
    long long first, seen;
};

static int encode(struct buffer *out, const struct known *known,
                  struct failure *why)
{
    size_t where = known->where ? strnlen(known->where, 255) : 0;
    struct record_head head = {.source = (unsigned char)known->source,
                               .where = (unsigned char)where,
                               .first = known->first,
                               .seen = known->seen};
    buffer_append(out, &head, sizeof head);
    buffer_append(out, known->where, where);
    buffer_append(out, known->certificate.data, known->certificate.length);
    return out->failed ? failure_memory(why) : 0;
}

/* Copies it into the pool: 1; 0 = no record; -1 = memory. */
static int decode(struct pool *pool, const struct der *record,
                  struct known *known_r)
{
    struct record_head head;
    if (record->length <= sizeof head)
        return 0;
    memcpy(&head, record->data, sizeof head);
    size_t start = sizeof head + head.where;
    if (head.source >= KNOWN_SOURCES || record->length <= start)
        return 0;
    known_r->source = head.source;
    known_r->first = head.first;
    known_r->seen = head.seen;
    known_r->where = pool_substring(
        pool, (const char *)record->data + sizeof head, head.where);
    known_r->certificate.length = record->length - start;
    known_r->certificate.data =
        pool_copy(pool, record->data + start, record->length - start);
    return known_r->where && known_r->certificate.data ? 1 : -1;
}

static int put_record(struct state *state, const unsigned char *fingerprint,
                      const struct known *known, struct failure *why)
{
    struct known merged = *known;
    struct record_head old;
    struct der there;
    struct buffer record = {0};
    int rc = state_get(state, STATE_CERTIFICATES, fingerprint,
                       KNOWN_FINGERPRINT, &there, why);
    if (rc > 0 && there.length > sizeof old) {
        memcpy(&old, there.data, sizeof old);
        merged.first = old.first;
        if (old.source > merged.source && old.source < KNOWN_SOURCES)
            merged.source = old.source;
    }
    if (rc >= 0)
        rc = encode(&record, &merged, why);
    if (rc >= 0)
        rc = state_put(state, STATE_CERTIFICATES, fingerprint,
                       KNOWN_FINGERPRINT, record.data, record.length, why);
    buffer_free(&record);
    return rc < 0 ? -1 : 0;
}

/* address, NUL, fingerprint: the length, or 0 = the address is too long. */
static size_t address_key(const char *address,
                          const unsigned char *fingerprint, char *key_r)
{
    size_t length = strlen(address) + 1;
    if (length == 1 || length + KNOWN_FINGERPRINT > STATE_KEY_MOST)
        return 0;
    memcpy(key_r, address, length);
    memcpy(key_r + length, fingerprint, KNOWN_FINGERPRINT);
    return length + KNOWN_FINGERPRINT;
}

int known_put(struct state *state, const struct known *known,
              const char *const *addresses, size_t count, struct failure *why)
{
    unsigned char fingerprint[KNOWN_FINGERPRINT];
    char key[STATE_KEY_MOST];
    if (PK11_HashBuf(SEC_OID_SHA256, fingerprint, known->certificate.data,
                     (PRInt32)known->certificate.length) != SECSuccess)
        return failure(why, FAILURE_CRYPTO, "SHA-256 of a certificate failed");
    if (put_record(state, fingerprint, known, why) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        size_t length = address_key(addresses[i], fingerprint, key);
        if (length && state_put(state, STATE_ADDRESSES, key, length, "", 0,
                                why) < 0)
            return -1;
    }
    return 0;
}

struct finding {
    struct state *state;
    struct pool *pool;
    struct known *found;
    size_t count;
};

static int visit(void *context, const struct der *key, const struct der *value,
                 struct failure *why)
{
    struct finding *finding = context;
    struct der record;
    (void)value;
    if (finding->count == PER_ADDRESS_MOST)
        return 1;
    int rc = state_get(finding->state, STATE_CERTIFICATES,
                       key->data + key->length - KNOWN_FINGERPRINT,
                       KNOWN_FINGERPRINT, &record, why);
    if (rc > 0) {
        rc = decode(finding->pool, &record, &finding->found[finding->count]);
        if (rc < 0)
            return failure_memory(why);
        finding->count += rc > 0;
    }
    return rc < 0 ? -1 : 0;
}

static int better(const void *a, const void *b)
{
    const struct known *one = a, *two = b;
    if (one->source != two->source)
        return one->source > two->source ? -1 : 1;
    return one->seen > two->seen ? -1 : one->seen < two->seen;
}

int known_find(struct state *state, struct pool *pool, const char *address,
               struct known **known_r, size_t *count_r, struct failure *why)
{
    struct finding finding = {.state = state, .pool = pool};
    *count_r = 0;
    finding.found = pool_array(pool, PER_ADDRESS_MOST, sizeof *finding.found);
    if (!finding.found)
        return failure_memory(why);
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    int rc = state_each(state, STATE_ADDRESSES, address, strlen(address) + 1,
                        visit, &finding, why);
    if (state_end(state, rc, why) < 0)
        return -1;
    qsort(finding.found, finding.count, sizeof *finding.found, better);
    *known_r = finding.found;
    *count_r = finding.count;
    return 0;
}

int known_count(struct state *state, size_t *count_r, struct failure *why)
{
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    return state_end(state,
                     state_count(state, STATE_CERTIFICATES, count_r, why), why);
}
