/* discovery_ask: see discovery_ask.h. */
#include "discovery_ask.h"

#include "blob.h"
#include "bundle.h"
#include "directory_row.h"
#include "discovery_dns.h"
#include "failure.h"
#include "http.h"
#include "policy.h"
#include "pool.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#define ENTRIES_MOST 100
#define BYTES_MOST (4 << 20)
#define URLS_MOST 5
#define URL_BYTES_MOST (1 << 20) /* of what one leads to */

struct asking {
    struct pool *pool;
    struct candidates *candidates;
    const char *urls[URLS_MOST];
    size_t url_count;
    int follow; /* a URL in a URL's place is not followed */
};

static int take_certificates(struct asking *asking, const void *value,
                             size_t length, struct failure *why)
{
    struct candidates *candidates = asking->candidates;
    size_t room = CANDIDATES_MOST - candidates->count;
    struct bundle bundle;
    struct failure odd = {0};
    if (room == 0)
        return failure(why, FAILURE_LIMIT, "more than %d certificates",
                       CANDIDATES_MOST);
    int rc = bundle_read(asking->pool, value, length, room, &bundle, &odd);
    if (rc < 0 && odd.kind == FAILURE_MEMORY)
        return failure_memory(why);
    if (rc < 0 && odd.kind == FAILURE_LIMIT)
        return failure(why, FAILURE_LIMIT, "%s", odd.text);
    candidates->unread += rc < 0;
    for (size_t i = 0; rc == 0 && i < bundle.count; i++)
        candidates->found[candidates->count++] = bundle.certificates[i];
    return 0;
}

/* "URL label" (RFC 2079): the URL. 1; 0 = it is none of ours; -1. */
static int take_url(struct asking *asking, const char *value, size_t length,
                    struct failure *why)
{
    static const char *const schemes[] = {"http://", "https://", "ldap://",
                                          "ldaps://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t head = strlen(schemes[i]), end = head;
        if (length <= head || strncasecmp(value, schemes[i], head) != 0)
            continue;
        while (end < length && value[end] > ' ')
            end++;
        if (!asking->follow || asking->url_count == URLS_MOST)
            return 1;
        char *url = pool_substring(asking->pool, value, end);
        if (!url)
            return failure_memory(why);
        asking->urls[asking->url_count++] = url;
        return 1;
    }
    return 0;
}

static int visit(void *context, const char *dn, const char *attribute,
                 const void *value, size_t length, struct failure *why)
{
    struct asking *asking = context;
    (void)dn;
    int rc = take_url(asking, value, length, why);
    if (rc == 0 && strncasecmp(attribute, "labeledURI", 10) != 0)
        rc = take_certificates(asking, value, length, why);
    return rc < 0 ? -1 : 0;
}

static int follow_http(struct asking *asking, const struct policy *policy,
                       const char *url, unsigned seconds,
                       struct failure *why)
{
    struct http_request request = {.url = url,
                                   .proxy = policy->settings.http_proxy,
                                   .most = URL_BYTES_MOST,
                                   .seconds = seconds};
    struct http_answer answer;
    struct blob body;
    blob_init(&body);
    int rc = http_ask(&request, &body, &answer, why);
    if (rc > 0) {
        size_t length = (size_t)body.length;
        char *data = pool_alloc(asking->pool, length + 1);
        rc = data ? 0 : failure_memory(why);
        for (size_t at = 0; rc == 0 && at < length;) {
            ssize_t got = blob_read(&body, (off_t)at, data + at, length - at,
                                    why);
            rc = got > 0 ? 0 : -1;
            at += got > 0 ? (size_t)got : 0;
        }
        if (rc == 0)
            rc = take_certificates(asking, data, length, why);
    }
    blob_free(&body);
    return rc < 0 ? -1 : 0;
}

static int follow(struct asking *asking, const struct policy *policy,
                  time_t end, struct failure *why)
{
    int rc = 0;
    asking->follow = 0;
    for (size_t i = 0; i < asking->url_count; i++) {
        const char *url = asking->urls[i];
        long left = (long)(end - time(NULL));
        unsigned seconds = left > 0 ? (unsigned)left : 0;
        if (!seconds)
            return failure(why, FAILURE_NETWORK, "%s: no time was left for it",
                           url);
        if (strncasecmp(url, "http", 4) == 0
                ? follow_http(asking, policy, url, seconds, why) < 0
                : directory_get(url, seconds, URL_BYTES_MOST, visit, asking,
                                why) < 0)
            rc = -1;
    }
    return rc;
}

static int ask_ldap(struct asking *asking, const struct policy *policy,
                    const struct directory *row, const char *uri,
                    const char *address, unsigned seconds,
                    struct failure *why)
{
    struct pool *pool = asking->pool;
    struct directory_session *session = NULL;
    struct directory_server server;
    struct directory_query query = {
        .base = row->base,
        .filter = directory_row_filter(pool, row->filter, address),
        .attributes = directory_row_attributes(pool, row),
        .entries_most = ENTRIES_MOST,
        .bytes_most = BYTES_MOST};
    time_t end = time(NULL) + (time_t)seconds;
    if (!query.filter || !query.attributes)
        return failure_memory(why);
    if (directory_row_server(pool, row, seconds, &server, why) < 0)
        return -1;
    server.uri = uri;
    if (directory_open(&server, &session, why) < 0)
        return -1;
    int rc = directory_search(session, &query, visit, asking, why);
    directory_close(&session);
    return rc < 0 ? -1 : follow(asking, policy, end, why);
}

/* The servers of the domain have the same: the first that answers will do.
 * Each has its part of the time that is left. */
static int ask_servers(struct asking *asking, const struct policy *policy,
                       const struct directory *row, const char *address,
                       unsigned seconds, struct failure *why)
{
    const char *uris[DISCOVERY_SERVERS];
    size_t count;
    time_t end = time(NULL) + (time_t)seconds;
    int rc = discovery_dns_servers(asking->pool, policy, address, seconds,
                                   uris, &count, why);
    if (rc < 0 || count == 0)
        return rc;
    rc = -1;
    for (size_t i = 0; rc < 0 && i < count; i++) {
        long left = (long)(end - time(NULL)) / (long)(count - i);
        rc = ask_ldap(asking, policy, row, uris[i], address,
                      left > 1 ? (unsigned)left : 1, why);
    }
    return rc;
}

static int ask_smimea(struct asking *asking, const struct policy *policy,
                      const char *address, unsigned seconds,
                      struct failure *why)
{
    struct dns_answer answer;
    int rc = discovery_dns_certificates(asking->pool, policy, address,
                                        seconds, &answer, why);
    if (rc == 0 && !(answer.authenticated && policy->settings.dns_trusted))
        asking->candidates->source = KNOWN_UNVERIFIED;
    for (size_t i = 0; rc == 0 && i < answer.count; i++)
        rc = take_certificates(asking, answer.records[i].data,
                               answer.records[i].length, why);
    return rc;
}

int discovery_ask(struct pool *pool, const struct policy *policy,
                  const struct directory *row, const char *address,
                  unsigned seconds, struct candidates *candidates,
                  struct failure *why)
{
    struct asking asking = {
        .pool = pool, .candidates = candidates, .follow = 1};
    candidates->source = directory_row_source(policy, row);
    if (strcmp(row->uri, DIRECTORY_URI_SMIMEA) == 0)
        return ask_smimea(&asking, policy, address, seconds, why);
    if (strcmp(row->uri, DIRECTORY_URI_SRV) == 0)
        return ask_servers(&asking, policy, row, address, seconds, why);
    return ask_ldap(&asking, policy, row, row->uri, address, seconds, why);
}
