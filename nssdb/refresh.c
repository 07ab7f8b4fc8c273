/* refresh: see refresh.h. */
#include "refresh.h"

#include "buffer.h"
#include "der.h"
#include "directory_row.h"
#include "failure.h"
#include "known.h"
#include "policy.h"
#include "pool.h"
#include "state.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#define SECONDS 600
#define BYTES_MOST ((size_t)1 << 30) /* of an answer */
#define ENTRIES_MOST 1000000
#define BATCH 500 /* certificates written in one transaction */

/* Certificates that are not written yet. */
struct batch {
    const struct refresh *refresh;
    const struct directory *row;
    struct refreshed *refreshed;
    struct buffer bytes;
    size_t ends[BATCH], count;
};

/* Under its own addresses, whatever the entry is called. */
static int put_certificates(struct batch *batch, struct failure *why)
{
    const struct refresh *refresh = batch->refresh;
    long long now = (long long)time(NULL);
    const unsigned char *data = (const unsigned char *)batch->bytes.data;
    struct known known = {
        .source = directory_row_source(refresh->policy, batch->row),
        .where = batch->row->name,
        .first = now,
        .seen = now};
    size_t start = 0;
    int rc = known_room(refresh->state, batch->count,
                        (size_t)refresh->policy->settings.known_limit, why);
    for (size_t i = 0; rc >= 0 && i < batch->count; i++) {
        known.certificate =
            (struct der){data + start, batch->ends[i] - start};
        start = batch->ends[i];
        rc = known_put(refresh->state, &known, why);
        batch->refreshed->count += rc > 0;
    }
    return rc < 0 ? -1 : 0;
}

static int keep(struct batch *batch, struct failure *why)
{
    struct state *state = batch->refresh->state;
    if (batch->bytes.failed)
        return failure_memory(why);
    if (state_begin(state, STATE_WRITE, why) < 0)
        return -1;
    int rc = state_end(state, put_certificates(batch, why), why);
    batch->count = 0;
    buffer_clear(&batch->bytes);
    return rc;
}

static int visit(void *context, const char *dn, const char *attribute,
                 const void *value, size_t length, struct failure *why)
{
    struct batch *batch = context;
    struct der in = {value, length};
    struct der_value whole;
    (void)dn;
    if (strncasecmp(attribute, "userCertificate", 15) != 0 ||
        !der_expect(&in, TAG_SEQUENCE, &whole) || in.length != 0)
        return 0;
    buffer_append(&batch->bytes, value, length);
    batch->ends[batch->count++] = batch->bytes.length;
    return batch->count == BATCH ? keep(batch, why) : 0;
}

static int refresh_certificates(const struct refresh *refresh,
                                const struct directory *row,
                                struct directory_session *session,
                                const struct directory_query *query,
                                struct refreshed *refreshed,
                                struct failure *why)
{
    struct batch batch = {
        .refresh = refresh, .row = row, .refreshed = refreshed};
    int rc = directory_search(session, query, visit, &batch, why);
    if (rc == 0)
        rc = keep(&batch, why);
    buffer_free(&batch.bytes);
    return rc;
}

void refreshed_free(struct refreshed *refreshed)
{
    buffer_free(&refreshed->changes);
    buffer_free(&refreshed->faults);
}

int refresh_row(const struct refresh *refresh, const struct directory *row,
                struct refreshed *refreshed, struct failure *why)
{
    int certificates = row->purpose == DIRECTORY_CERTIFICATES;
    struct directory_session *session = NULL;
    struct directory_server server;
    struct directory_query query = {
        .base = row->base,
        .filter = row->filter,
        .attributes = directory_row_attributes(refresh->pool, row),
        .whole = !certificates, /* half a list is none */
        .entries_most = ENTRIES_MOST,
        .bytes_most = BYTES_MOST};
    if (!query.attributes)
        return failure_memory(why);
    if (directory_row_server(refresh->pool, row, SECONDS, &server, why) < 0 ||
        directory_open(&server, &session, why) < 0)
        return -1;
    int rc = (certificates ? refresh_certificates : refresh_list)(
        refresh, row, session, &query, refreshed, why);
    directory_close(&session);
    return rc;
}
