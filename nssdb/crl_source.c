/* crl_source: see crl_source.h. */
#include "crl_source.h"

#include "buffer.h"
#include "der.h"
#include "failure.h"
#include "pool.h"
#include "state.h"

#include <pk11pub.h>
#include <secoidt.h>
#include <string.h>

/* Keys of STATE_CRLS begin with what they are; see crl_index.c. */
#define KIND_SOURCE 'u'
#define SOURCE_KEY 33
#define TEXTS 3
#define TEXT_MOST 4000 /* bytes of each */

struct source_head {
    int64_t modified, asked, good, wanted, since, next;
    uint32_t outcome, lengths[TEXTS];
};

static const char *const words[] = {
    [CRL_SOURCE_NEVER] = "never",
    [CRL_SOURCE_TAKEN] = "good",
    [CRL_SOURCE_INVALID] = "invalid",
    [CRL_SOURCE_FAILED] = "failed",
};

const char *crl_source_word(enum crl_source_outcome outcome)
{
    return words[(unsigned)outcome <= CRL_SOURCE_FAILED ? outcome : 0];
}

static const char **text(struct crl_source *source, int n)
{
    const char **const texts[TEXTS] = {&source->where, &source->tag,
                                       &source->text};
    return texts[n];
}

static int make_key(const char *where, unsigned char key_r[SOURCE_KEY],
                    struct failure *why)
{
    key_r[0] = KIND_SOURCE;
    if (PK11_HashBuf(SEC_OID_SHA256, key_r + 1, (const unsigned char *)where,
                     (PRInt32)strlen(where)) != SECSuccess)
        return failure(why, FAILURE_CRYPTO, "SHA-256 of a URL failed");
    return 0;
}

/* 1, 0 = no record, -1 = memory. */
static int decode(struct pool *pool, const struct der *value,
                  struct crl_source *source_r)
{
    struct source_head head;
    size_t at = sizeof head;
    memset(source_r, 0, sizeof *source_r);
    if (value->length < sizeof head)
        return 0;
    memcpy(&head, value->data, sizeof head);
    source_r->modified = head.modified;
    source_r->asked = head.asked;
    source_r->good = head.good;
    source_r->wanted = head.wanted;
    source_r->since = head.since;
    source_r->next = head.next;
    source_r->outcome = (enum crl_source_outcome)head.outcome;
    for (int i = 0; i < TEXTS; i++) {
        if (head.lengths[i] > value->length - at)
            return 0;
        *text(source_r, i) = pool_substring(
            pool, (const char *)value->data + at, head.lengths[i]);
        if (!*text(source_r, i))
            return -1;
        at += head.lengths[i];
    }
    return head.outcome <= CRL_SOURCE_FAILED;
}

int crl_source_get(struct state *state, struct pool *pool, const char *where,
                   struct crl_source *source_r, struct failure *why)
{
    unsigned char key[SOURCE_KEY];
    struct der value;
    if (make_key(where, key, why) < 0)
        return -1;
    int rc = state_get(state, STATE_CRLS, key, sizeof key, &value, why);
    if (rc > 0 && (rc = decode(pool, &value, source_r)) < 0)
        return failure_memory(why);
    return rc;
}

int crl_source_put(struct state *state, const struct crl_source *source,
                   struct failure *why)
{
    unsigned char key[SOURCE_KEY];
    struct crl_source copy = *source;
    struct source_head head = {.modified = source->modified,
                               .asked = source->asked,
                               .good = source->good,
                               .wanted = source->wanted,
                               .since = source->since,
                               .next = source->next,
                               .outcome = (uint32_t)source->outcome};
    struct buffer out = {0};
    if (make_key(source->where, key, why) < 0)
        return -1;
    for (int i = 0; i < TEXTS; i++)
        head.lengths[i] = *text(&copy, i)
            ? (uint32_t)strnlen(*text(&copy, i), TEXT_MOST) : 0;
    buffer_append(&out, &head, sizeof head);
    for (int i = 0; i < TEXTS; i++)
        buffer_append(&out, *text(&copy, i), head.lengths[i]);
    int rc = out.failed ? failure_memory(why)
                        : state_put(state, STATE_CRLS, key, sizeof key,
                                    out.data, out.length, why);
    buffer_free(&out);
    return rc;
}

int crl_source_forget(struct state *state, const char *where,
                      struct failure *why)
{
    unsigned char key[SOURCE_KEY];
    if (make_key(where, key, why) < 0)
        return -1;
    return state_delete(state, STATE_CRLS, key, sizeof key, why);
}

struct listing {
    struct pool *pool;
    struct crl_source *sources;
    size_t count, room;
};

static int grow(struct listing *listing)
{
    size_t room = listing->room ? listing->room * 2 : 16;
    struct crl_source *grown =
        pool_array(listing->pool, room, sizeof *grown);
    if (!grown)
        return -1;
    if (listing->count)
        memcpy(grown, listing->sources, listing->count * sizeof *grown);
    listing->sources = grown;
    listing->room = room;
    return 0;
}

static int visit(void *context, const struct der *key, const struct der *value,
                 struct failure *why)
{
    struct listing *listing = context;
    (void)key;
    if (listing->count == CRL_SOURCES_MOST)
        return 1;
    if (listing->count == listing->room && grow(listing) < 0)
        return failure_memory(why);
    int rc = decode(listing->pool, value, &listing->sources[listing->count]);
    if (rc < 0)
        return failure_memory(why);
    listing->count += (size_t)rc;
    return 0;
}

int crl_source_list(struct state *state, struct pool *pool,
                    struct crl_source **sources_r, size_t *count_r,
                    struct failure *why)
{
    struct listing listing = {.pool = pool};
    static const unsigned char kind = KIND_SOURCE;
    int rc = state_each(state, STATE_CRLS, &kind, 1, visit, &listing, why);
    *sources_r = listing.sources;
    *count_r = listing.count;
    return rc < 0 ? -1 : 0;
}
