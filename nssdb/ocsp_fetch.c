/* ocsp_fetch: see ocsp_fetch.h. */
#include "ocsp_fetch.h"

#include "blob.h"
#include "der.h"
#include "failure.h"
#include "http.h"
#include "lock.h"
#include "miss.h"
#include "ocsp_id.h"
#include "pool.h"
#include "state.h"

#define MISS_FIRST 60 /* seconds a responder that failed is left alone */
#define MISS_MOST 3600
#define NOT_KNOWN_SECONDS 3600 /* then it may know a new certificate */

static struct ocsp_reader reader_of(const struct ocsp_fetcher *fetcher)
{
    return (struct ocsp_reader){fetcher->state, fetcher->pool, fetcher->now,
                                fetcher->rules};
}

/* One that is kept and in force: 1, 0, -1. */
static int find(const struct ocsp_fetcher *fetcher,
                CERTCertificate *certificate, CERTCertificate *issuer,
                struct ocsp_answer *answer_r, struct failure *why)
{
    struct state *state = fetcher->state;
    const struct ocsp_reader reader = reader_of(fetcher);
    if (fetcher->again)
        return 0;
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    int rc = state_end(state, ocsp_find(state, fetcher->pool, certificate,
                                        issuer, answer_r, why), why);
    if (rc <= 0 || !ocsp_current(answer_r, fetcher->now, 0) ||
        (answer_r->status == OCSP_NOT_KNOWN &&
         fetcher->now >= answer_r->this_update + NOT_KNOWN_SECONDS))
        return rc < 0 ? -1 : 0;
    rc = ocsp_disowned(&reader, answer_r, issuer, why);
    return rc < 0 ? -1 : !rc;
}

/* The response in the blob: verified, into the state. */
static int take(const struct ocsp_fetcher *fetcher, const struct blob *body,
                CERTCertificate *certificate, CERTCertificate *issuer,
                struct ocsp_answer *answer_r, struct failure *why)
{
    static const struct der nothing = {NULL, 0};
    unsigned char data[OCSP_BYTES_MOST];
    struct der response = nothing;
    while (response.length < (size_t)body->length) {
        ssize_t got = blob_read(body, (off_t)response.length,
                                data + response.length,
                                sizeof data - response.length, why);
        if (got <= 0)
            return failure(why, FAILURE_DISK, "an OCSP response got lost");
        response = (struct der){data, response.length + (size_t)got};
    }
    const struct ocsp_reader reader = reader_of(fetcher);
    if (ocsp_read(&reader, &response, certificate, issuer, answer_r, why) < 0)
        return -1;
    return ocsp_keep(&reader, certificate, issuer, answer_r, why);
}

static int ask(const struct ocsp_fetcher *fetcher, const char *url,
               CERTCertificate *certificate, CERTCertificate *issuer,
               struct ocsp_answer *answer_r, struct failure *why)
{
    struct http_request request = {.proxy = fetcher->proxy,
                                   .most = OCSP_BYTES_MOST,
                                   .seconds = fetcher->seconds};
    struct http_answer answer;
    struct blob body;
    if (ocsp_request(fetcher->pool, url, certificate, issuer, &request.url,
                     why) < 0)
        return -1;
    blob_init(&body);
    int rc = http_ask(&request, &body, &answer, why);
    if (rc > 0)
        rc = take(fetcher, &body, certificate, issuer, answer_r, why);
    blob_free(&body);
    return rc;
}

/* Is it the responder's fault? */
static int is_theirs(const struct failure *why)
{
    switch (why->kind) {
    case FAILURE_NETWORK:
    case FAILURE_LIMIT:
    case FAILURE_USAGE:
    case FAILURE_MALFORMED:
    case FAILURE_CRYPTO:
        return 1;
    default:
        return 0;
    }
}

/* What failed is remembered, and what went well forgets it. */
static int settle(const struct ocsp_fetcher *fetcher, const char *name, int rc,
                  enum ocsp_outcome *outcome_r, struct failure *why)
{
    *outcome_r = rc < 0 ? OCSP_FAILED : OCSP_ASKED;
    if (rc < 0 && !is_theirs(why))
        return -1;
    if (rc >= 0)
        return miss_clear(fetcher->state, name, why);
    return miss_put(fetcher->state, name, (long long)fetcher->now, MISS_FIRST,
                    MISS_MOST, why->text, NULL);
}

/* A responder, for one issuer: no other CA's certificate that names it can
 * make it be left alone. NULL = *why. */
static const char *miss_name(const struct ocsp_fetcher *fetcher,
                             const char *url, CERTCertificate *issuer,
                             struct failure *why)
{
    unsigned char key[20];
    if (ocsp_key_hash(issuer, SEC_OID_SHA1, key, why) < 0)
        return NULL;
    const char *name =
        pool_format(fetcher->pool, "ocsp %02x%02x%02x%02x%02x%02x %s", key[0],
                    key[1], key[2], key[3], key[4], key[5], url);
    if (!name)
        failure_memory(why);
    return name;
}

static int fetch(const struct ocsp_fetcher *fetcher, const char *url,
                 CERTCertificate *certificate, CERTCertificate *issuer,
                 enum ocsp_outcome *outcome_r, struct ocsp_answer *answer_r,
                 struct failure *why)
{
    struct miss miss;
    const char *name = miss_name(fetcher, url, issuer, why);
    if (!name)
        return -1;
    /* Somebody else may have asked while we waited for the lock. */
    int rc = find(fetcher, certificate, issuer, answer_r, why);
    *outcome_r = OCSP_KEPT;
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    rc = fetcher->again ? 0 : miss_find(fetcher->state, name,
                                        (long long)fetcher->now, &miss, why);
    if (rc > 0) {
        *outcome_r = OCSP_FAILED;
        failure(why, FAILURE_NETWORK, "left alone for now: %s", miss.reason);
        return 0;
    }
    if (rc < 0)
        return -1;
    rc = ask(fetcher, url, certificate, issuer, answer_r, why);
    return settle(fetcher, name, rc, outcome_r, why);
}

int ocsp_fetch(const struct ocsp_fetcher *fetcher,
               CERTCertificate *certificate, CERTCertificate *issuer,
               enum ocsp_outcome *outcome_r, struct ocsp_answer *answer_r,
               struct failure *why)
{
    const char *url;
    struct lock lock;
    struct ocsp_fetcher rest = *fetcher;
    time_t start = time(NULL);
    *answer_r = (struct ocsp_answer){.status = OCSP_NOT_KNOWN};
    *outcome_r = OCSP_NO_URL;
    int rc = ocsp_url(fetcher->pool, certificate, &url, why);
    if (rc <= 0)
        return rc;
    rc = lock_take(state_folder(fetcher->state), url,
                   (long)fetcher->seconds * 1000, &lock, why);
    if (rc < 0)
        return -1;
    if (rc == 0) {
        *outcome_r = OCSP_FAILED;
        failure(why, FAILURE_NETWORK, "%s: another process is asking", url);
        return 0;
    }
    unsigned waited = (unsigned)(time(NULL) - start);
    rest.seconds -= waited < rest.seconds ? waited : rest.seconds - 1;
    rc = fetch(&rest, url, certificate, issuer, outcome_r, answer_r, why);
    lock_release(&lock);
    return rc;
}
