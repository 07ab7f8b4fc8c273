/* crl_fetch: see crl_fetch.h. */
#include "crl_fetch.h"

#include "blob.h"
#include "buffer.h"
#include "crl_import.h"
#include "der.h"
#include "directory.h"
#include "failure.h"
#include "file.h"
#include "http.h"
#include "lock.h"
#include "miss.h"
#include "pool.h"
#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define VALUES_MOST 10 /* CRLs of one directory entry that are taken in */

struct fetching {
    struct crl_fetcher *fetcher;
    struct crl_source *source;
    time_t now;
    size_t values; /* CRLs that came */
};

static int is_network(const struct failure *why)
{
    return why->kind == FAILURE_NETWORK || why->kind == FAILURE_LIMIT ||
           why->kind == FAILURE_USAGE || why->kind == FAILURE_MALFORMED;
}

static int say(struct fetching *f, enum crl_source_outcome outcome,
               const char *text, struct failure *why)
{
    f->source->outcome = outcome;
    f->source->text = pool_string(f->fetcher->pool, text);
    return f->source->text ? 0 : failure_memory(why);
}

/* One CRL that came: into the index, or why not. Of several that one place
 * has, a refused one is what is told. */
static int take(struct fetching *f, const void *data, size_t length,
                struct failure *why)
{
    struct crl_fetcher *fetcher = f->fetcher;
    struct crl_import import;
    struct der der = {data, length};
    if (f->values++ >= VALUES_MOST)
        return 0;
    if (crl_import(fetcher->state, fetcher->pool, &der, f->source->where,
                   &fetcher->rules, f->now, &import, why) < 0)
        return -1;
    if (import.outcome != CRL_TAKEN && import.outcome != CRL_SAME) {
        const char *text = pool_format(
            fetcher->pool, "%s: %s", crl_outcome_word(import.outcome),
            import.reason);
        return text ? say(f, CRL_SOURCE_INVALID, text, why)
                    : failure_memory(why);
    }
    if (f->values > 1 && f->source->outcome == CRL_SOURCE_INVALID)
        return 0;
    f->source->good = f->now;
    f->source->since = import.this_update;
    f->source->next = import.next_update;
    return say(f, CRL_SOURCE_TAKEN, "", why);
}

/* All of a blob in one piece of memory; to be freed. NULL = memory. */
static void *whole(const struct blob *blob, struct failure *why)
{
    size_t length = (size_t)blob->length, at = 0;
    char *data = malloc(length ? length : 1);
    if (!data)
        return NULL;
    while (at < length) {
        ssize_t got = blob_read(blob, (off_t)at, data + at, length - at, why);
        if (got <= 0)
            break;
        at += (size_t)got;
    }
    if (at == length)
        return data;
    free(data);
    return NULL;
}

static int take_blob(struct fetching *f, const struct blob *blob,
                     struct failure *why)
{
    struct failure own = {0};
    void *data = whole(blob, &own);
    if (!data)
        return own.kind == FAILURE_NONE
                   ? failure_memory(why)
                   : failure(why, own.kind, "%s", own.text);
    int rc = take(f, data, (size_t)blob->length, why);
    free(data);
    return rc;
}

static int ask_http(struct fetching *f, struct failure *why)
{
    const struct crl_fetcher *fetcher = f->fetcher;
    struct crl_source *source = f->source;
    int known = source->outcome == CRL_SOURCE_TAKEN && !fetcher->again;
    struct http_request request = {
        .url = source->where, .proxy = fetcher->proxy,
        .most = fetcher->most,
        .seconds = fetcher->seconds,
        .tag = known && *source->tag ? source->tag : NULL,
        .since = known ? source->modified : 0};
    struct http_answer answer;
    struct blob body;
    blob_init(&body);
    int rc = http_ask(&request, &body, &answer, why);
    if (rc == 0)
        source->good = f->now;
    if (rc > 0) {
        rc = take_blob(f, &body, why);
        source->modified = answer.modified;
        source->tag = pool_string(fetcher->pool, answer.tag);
        if (!source->tag)
            rc = failure_memory(why);
    }
    blob_free(&body);
    return rc;
}

/* Values of the attributes that hold CRLs (RFC 4523). */
static int visit(void *context, const char *dn, const char *attribute,
                 const void *value, size_t length, struct failure *why)
{
    static const char *const attributes[] = {
        "certificateRevocationList", "authorityRevocationList",
        "deltaRevocationList"};
    (void)dn;
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
        size_t name = strlen(attributes[i]);
        if (strncasecmp(attribute, attributes[i], name) == 0 &&
            (attribute[name] == '\0' || attribute[name] == ';'))
            return take(context, value, length, why);
    }
    return 0;
}

static int ask_ldap(struct fetching *f, struct failure *why)
{
    if (directory_get(f->source->where, f->fetcher->seconds, f->fetcher->most,
                      visit, f, why) < 0)
        return -1;
    return f->values ? 0
                     : failure(why, FAILURE_NETWORK, "no CRL is there");
}

static int find_source(struct crl_fetcher *fetcher, const char *where,
                       struct crl_source *source_r, struct failure *why)
{
    if (state_begin(fetcher->state, STATE_READ, why) < 0)
        return -1;
    int rc = state_end(fetcher->state,
                       crl_source_get(fetcher->state, fetcher->pool, where,
                                      source_r, why), why);
    if (rc == 0)
        *source_r = (struct crl_source){
            .where = pool_string(fetcher->pool, where), .tag = "",
            .text = ""};
    if (rc == 0 && !source_r->where)
        return failure_memory(why);
    return rc < 0 ? -1 : 0;
}

static int put_source(struct crl_fetcher *fetcher,
                      const struct crl_source *source, struct failure *why)
{
    if (state_begin(fetcher->state, STATE_WRITE, why) < 0)
        return -1;
    return state_end(fetcher->state,
                     crl_source_put(fetcher->state, source, why), why);
}

/* A failure of the server is an outcome. */
static int finish(struct fetching *f, int rc, const struct failure *own,
                  struct failure *why)
{
    struct crl_fetcher *fetcher = f->fetcher;
    struct crl_source *source = f->source;
    if (rc < 0 && !is_network(own))
        return failure(why, own->kind, "%s", own->text);
    /* The text names the place; so does whoever shows it. */
    size_t name = strlen(source->where);
    int named = strncmp(own->text, source->where, name) == 0 &&
                strncmp(own->text + name, ": ", 2) == 0;
    if (rc < 0 && say(f, CRL_SOURCE_FAILED,
                      own->text + (named ? name + 2 : 0), why) < 0)
        return -1;
    source->asked = f->now;
    return put_source(fetcher, source, why);
}

/* It is left alone: 1, 0, -1. */
static int is_left_alone(const struct crl_fetcher *fetcher,
                         const struct crl_source *source, time_t now,
                         struct failure *why)
{
    struct miss miss;
    if (fetcher->again)
        return 0;
    /* Another process may have asked a little after our `now'. */
    if (llabs((long long)now - source->asked) <
        fetcher->retry)
        return 1;
    return miss_find(fetcher->state, source->where, now, &miss, why);
}

#define WANTED_EVERY 3600 /* seconds: how exact `wanted' is */

static int want(struct crl_fetcher *fetcher, struct crl_source *source,
                time_t now, struct failure *why)
{
    if (!fetcher->wanted || (source->wanted <= (int64_t)now &&
                             source->wanted + WANTED_EVERY > (int64_t)now))
        return 0;
    source->wanted = now;
    return put_source(fetcher, source, why);
}

static int ask(struct crl_fetcher *fetcher, time_t now,
               struct crl_source *source, struct failure *why)
{
    struct fetching f = {.fetcher = fetcher, .source = source, .now = now};
    struct failure own = {0};
    int rc = strncasecmp(source->where, "ldap", 4) == 0
                 ? ask_ldap(&f, &own) : ask_http(&f, &own);
    if (finish(&f, rc, &own, why) < 0)
        return -1;
    if (source->outcome == CRL_SOURCE_TAKEN)
        return miss_clear(fetcher->state, source->where, why);
    return miss_put(fetcher->state, source->where, now,
                    fetcher->retry ? fetcher->retry : 1, CRL_RETRY_MOST,
                    source->text, why);
}

int crl_fetch_url(struct crl_fetcher *fetcher, const char *url, time_t now,
                  struct crl_fetched *fetched_r, struct failure *why)
{
    struct lock lock;
    struct crl_source *source = &fetched_r->source;
    fetched_r->asked = 0;
    int rc = lock_take(state_folder(fetcher->state), url, fetcher->wait,
                       &lock, why);
    if (rc < 0)
        return -1;
    /* Whoever held the lock may have brought it. */
    int held = rc;
    rc = find_source(fetcher, url, source, why);
    if (rc == 0)
        rc = want(fetcher, source, now, why);
    if (rc == 0 && held)
        rc = is_left_alone(fetcher, source, now, why);
    if (rc == 0 && held) {
        fetched_r->asked = 1;
        source->asked = now; /* also if we are killed while we ask */
        rc = put_source(fetcher, source, why);
        if (rc == 0)
            rc = ask(fetcher, now, source, why);
    }
    if (held)
        lock_release(&lock);
    return rc < 0 ? -1 : 0;
}

/* Its size and time, as `tag' and `modified'. */
static int describe(struct crl_fetcher *fetcher, const char *path,
                    struct crl_source *source, int *same_r,
                    struct failure *why)
{
    struct stat file;
    if (stat(path, &file) < 0)
        return failure_errno(why, FAILURE_NETWORK, errno, "%s", path);
    const char *tag =
        pool_format(fetcher->pool, "%lld", (long long)file.st_size);
    if (!tag)
        return failure_memory(why);
    *same_r = source->outcome == CRL_SOURCE_TAKEN && !fetcher->again &&
              source->modified == (int64_t)file.st_mtime &&
              strcmp(source->tag, tag) == 0;
    source->modified = (int64_t)file.st_mtime;
    source->tag = tag;
    return 0;
}

static int ask_file(struct fetching *f, struct failure *why)
{
    struct buffer content = {0};
    int rc = file_read(f->source->where, FILE_PLAIN, f->fetcher->most,
                       FAILURE_NETWORK, &content, why);
    if (rc == 0)
        rc = take(f, buffer_string(&content), content.length, why);
    buffer_free(&content);
    return rc;
}

int crl_fetch_file(struct crl_fetcher *fetcher, const char *path, time_t now,
                   struct crl_fetched *fetched_r, struct failure *why)
{
    struct fetching f = {.fetcher = fetcher, .source = &fetched_r->source,
                         .now = now};
    struct failure own = {0};
    int same = 0;
    fetched_r->asked = 0;
    if (find_source(fetcher, path, f.source, why) < 0)
        return -1;
    int rc = describe(fetcher, path, f.source, &same, &own);
    if (rc == 0 && same)
        return 0;
    fetched_r->asked = 1;
    if (rc == 0)
        rc = ask_file(&f, &own);
    return finish(&f, rc, &own, why);
}
