/* crl_wanted: see crl_wanted.h. */
#include "crl_wanted.h"

#include "cms_oids.h"
#include "crl_index.h"
#include "crl_points.h"
#include "crl_source.h"
#include "extension.h"
#include "failure.h"
#include "known.h"
#include "pool.h"
#include "state.h"

#include <pk11pub.h>
#include <stdlib.h>
#include <string.h>

#define CRL_KEPT (366 * 86400L)    /* seconds after nextUpdate */
#define SOURCE_KEPT (180 * 86400L) /* seconds after it was last asked */

struct wanting {
    struct pool *pool, *passing; /* passing = of one certificate */
    const char **urls;
    size_t count, room;
};

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts, and keeps one of each. */
static void tidy(struct wanting *wanting)
{
    size_t kept = 0;
    qsort(wanting->urls, wanting->count, sizeof *wanting->urls, compare);
    for (size_t i = 0; i < wanting->count; i++)
        if (kept == 0 ||
            strcmp(wanting->urls[kept - 1], wanting->urls[i]) != 0)
            wanting->urls[kept++] = wanting->urls[i];
    wanting->count = kept;
}

/* Most certificates name the same few URLs: those are tidied away before
 * there is more room. */
static int make_room(struct wanting *wanting)
{
    if (wanting->count)
        tidy(wanting);
    if (wanting->count < wanting->room / 2 ||
        wanting->count >= CRL_WANTED_MOST)
        return 0;
    size_t room = wanting->room ? wanting->room * 2 : 256;
    const char **grown = pool_array(wanting->pool, room, sizeof *grown);
    if (!grown)
        return -1;
    for (size_t i = 0; i < wanting->count; i++)
        grown[i] = wanting->urls[i];
    wanting->urls = grown;
    wanting->room = room;
    return 0;
}

static int add(struct wanting *wanting, const char *url)
{
    const char *last =
        wanting->count ? wanting->urls[wanting->count - 1] : NULL;
    if (last && strcmp(last, url) == 0)
        return 0;
    if (wanting->count == wanting->room && make_room(wanting) < 0)
        return -1;
    if (wanting->count == wanting->room)
        return 0;
    char *copy = pool_string(wanting->pool, url);
    if (!copy)
        return -1;
    wanting->urls[wanting->count++] = copy;
    return 0;
}

/* Of the extension cRLDistributionPoints or freshestCRL. */
static int add_points(struct wanting *wanting, const struct der *extension)
{
    struct crl_point *points;
    const char *const *urls = NULL;
    size_t count, url_count = 0;
    int rc = crl_points_read(wanting->passing, extension, &points, &count);
    for (size_t i = 0; rc > 0 && i < count; i++)
        if (crl_point_urls(wanting->passing, &points[i], &urls,
                           &url_count) < 0)
            return -1;
    for (size_t i = 0; i < url_count; i++)
        if (add(wanting, urls[i]) < 0)
            return -1;
    return rc < 0 ? -1 : 0;
}

static int add_certificate(struct wanting *wanting,
                           const struct der *certificate)
{
    struct extension found;
    int rc = 0;
    wanting->passing = pool_new();
    if (!wanting->passing)
        return -1;
    if (extension_of(certificate, OID(CE_CRL_POINTS), &found) > 0)
        rc = add_points(wanting, &found.value);
    if (rc == 0 && extension_of(certificate, OID(CE_FRESHEST_CRL),
                                &found) > 0)
        rc = add_points(wanting, &found.value);
    pool_free(&wanting->passing);
    return rc;
}

static int visit_known(void *context, const struct known *known,
                       struct failure *why)
{
    return add_certificate(context, &known->certificate) < 0
               ? failure_memory(why) : 0;
}

static int add_store(struct wanting *wanting)
{
    CERTCertList *list = PK11_ListCerts(PK11CertListAll, NULL);
    int rc = 0;
    if (!list)
        return 0;
    for (CERTCertListNode *node = CERT_LIST_HEAD(list);
         rc == 0 && !CERT_LIST_END(node, list); node = CERT_LIST_NEXT(node)) {
        struct der whole = extension_certificate(node->cert);
        rc = add_certificate(wanting, &whole);
    }
    CERT_DestroyCertList(list);
    return rc;
}

/* What was asked for, and where CRLs say that their deltas are. */
static int add_state(struct wanting *wanting, struct state *state, time_t now,
                     struct failure *why)
{
    struct crl_source *sources;
    struct crl_record *records;
    size_t count;
    int64_t since = (int64_t)now - CRL_WANTED_DAYS * 86400LL;
    if (crl_source_list(state, wanting->pool, &sources, &count, why) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (sources[i].wanted > since && add(wanting, sources[i].where) < 0)
            return failure_memory(why);
    if (crl_index_find(state, wanting->pool, NULL, &records, &count, why) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        wanting->passing = wanting->pool;
        if (records[i].freshest.data &&
            records[i].next_update > since &&
            add_points(wanting, &records[i].freshest) < 0)
            return failure_memory(why);
    }
    return 0;
}

int crl_wanted(struct state *state, struct pool *pool, time_t now,
               const char *const **urls_r, size_t *count_r,
               struct failure *why)
{
    struct wanting wanting = {.pool = pool};
    if (add_store(&wanting) < 0)
        return failure_memory(why);
    if (known_each(state, visit_known, &wanting, why) < 0 ||
        state_begin(state, STATE_READ, why) < 0 ||
        state_end(state, add_state(&wanting, state, now, why), why) < 0)
        return -1;
    if (wanting.count)
        tidy(&wanting);
    *urls_r = wanting.urls;
    *count_r = wanting.count;
    return 0;
}

static int expire(struct state *state, struct pool *pool, time_t now,
                  struct failure *why)
{
    struct crl_record *records;
    struct crl_source *sources;
    size_t count;
    if (crl_index_find(state, pool, NULL, &records, &count, why) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (records[i].next_update + CRL_KEPT < (int64_t)now &&
            crl_index_forget(state, &records[i], why) < 0)
            return -1;
    if (crl_source_list(state, pool, &sources, &count, why) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (sources[i].asked + SOURCE_KEPT < (int64_t)now &&
            sources[i].next + SOURCE_KEPT < (int64_t)now &&
            sources[i].wanted + SOURCE_KEPT < (int64_t)now &&
            crl_source_forget(state, sources[i].where, why) < 0)
            return -1;
    return 0;
}

int crl_wanted_expire(struct state *state, struct pool *pool, time_t now,
                     struct failure *why)
{
    if (state_begin(state, STATE_WRITE, why) < 0)
        return -1;
    return state_end(state, expire(state, pool, now, why), why);
}
