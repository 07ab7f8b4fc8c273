/* known_limits: what leaves the store; see known.h. */
#include "known_record.h"

#include "buffer.h"
#include "failure.h"
#include "state.h"

#include <stdlib.h>
#include <string.h>

/* Goes when room is needed. */
struct leaving {
    long long seen;
    unsigned char source, fingerprint[KNOWN_FINGERPRINT];
};

struct choosing {
    struct buffer list; /* of struct leaving */
    long long before;
    int expired; /* those that expired before then; otherwise the learned */
};

static int visit(void *context, const struct der *key, const struct der *value,
                 struct failure *why)
{
    struct choosing *choosing = context;
    struct known one;
    struct leaving leaving = {0};
    if (key->length != KNOWN_FINGERPRINT ||
        !known_view(value, key->data, &one))
        return 0;
    if (choosing->expired ? one.to >= choosing->before
                          : one.source > KNOWN_LEARNED)
        return 0;
    leaving.seen = one.seen;
    leaving.source = (unsigned char)one.source;
    memcpy(leaving.fingerprint, one.fingerprint, KNOWN_FINGERPRINT);
    if (buffer_append(&choosing->list, &leaving, sizeof leaving) < 0)
        return failure_memory(why);
    return 0;
}

static int earlier(const void *a, const void *b)
{
    const struct leaving *one = a, *two = b;
    if (one->source != two->source)
        return one->source < two->source ? -1 : 1;
    return one->seen < two->seen ? -1 : one->seen > two->seen;
}

/* Forgets the first of them, `most' at the most; how many. */
static int leave(struct state *state, struct choosing *choosing, size_t most,
                 size_t *count_r, struct failure *why)
{
    struct leaving *list = (struct leaving *)(void *)choosing->list.data;
    size_t count = choosing->list.length / sizeof *list;
    if (count)
        qsort(list, count, sizeof *list, earlier);
    if (count > most)
        count = most;
    for (size_t i = 0; i < count; i++)
        if (known_forget(state, list[i].fingerprint, why) < 0)
            return -1;
    *count_r = count;
    return 0;
}

static int choose(struct state *state, struct choosing *choosing, size_t most,
                  size_t *count_r, struct failure *why)
{
    int rc = state_each(state, STATE_CERTIFICATES, "", 0, visit, choosing,
                        why);
    if (rc >= 0)
        rc = leave(state, choosing, most, count_r, why);
    buffer_free(&choosing->list);
    return rc < 0 ? -1 : 0;
}

int known_room(struct state *state, size_t more, size_t most,
               struct failure *why)
{
    struct choosing choosing = {0};
    size_t count, gone = 0;
    if (state_count(state, STATE_CERTIFICATES, &count, why) < 0)
        return -1;
    if (count + more <= most)
        return 0;
    /* Some more than are needed, so that the next one finds room at once. */
    size_t needed = count + more - most;
    if (choose(state, &choosing, needed + most / 100, &gone, why) < 0)
        return -1;
    if (gone < needed)
        return failure(why, FAILURE_LIMIT, "the store of certificates is full "
                       "(%zu; see the setting known-limit)", count - gone);
    return 0;
}

int known_expire(struct state *state, long long before, size_t *count_r,
                 struct failure *why)
{
    struct choosing choosing = {.before = before, .expired = 1};
    *count_r = 0;
    return choose(state, &choosing, (size_t)-1, count_r, why);
}
