/* seemail-certs refresh: lists and certificates from the directories. */
#include "address.h"
#include "buffer.h"
#include "certs.h"
#include "certs_crl.h"
#include "decide.h"
#include "der.h"
#include "directory.h"
#include "failure.h"
#include "file.h"
#include "keystore.h"
#include "known.h"
#include "policy.h"
#include "pool.h"
#include "state.h"
#include "state_list.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <time.h>

#define STEP_SECONDS 30
#define SECONDS 600
#define MESSAGE_MOST (4 << 20)     /* bytes of one entry */
#define BYTES_MOST ((size_t)1 << 30) /* of an answer */
#define PASSWORD_MOST 1024
#define ENTRIES_MOST 1000000
#define BATCH 500 /* certificates written in one transaction */

/* What one directory has answered. */
struct fetch {
    struct pool *pool;
    struct state *state;
    const struct policy *policy;
    const struct directory *directory;
    struct state_entry *entries;
    size_t count, room;
    /* Certificates that are not written yet. */
    struct der certs[BATCH];
    size_t cert_count, kept;
};

/* "*@domain" as a list has it: 1 and the canonical form, 0, -1. */
static int read_entry(struct pool *pool, const char *text, size_t length,
                      char **entry_r)
{
    char *domain;
    int below = length > 2 && text[2] == '.';
    if (length < 3 || text[0] != '*' || text[1] != '@')
        return 0;
    int rc = domain_canonical(pool, text + 2 + below,
                              length - 2 - (size_t)below, &domain);
    if (rc <= 0)
        return rc;
    *entry_r = pool_format(pool, "*@%s%s", below ? "." : "", domain);
    return *entry_r ? 1 : -1;
}

static int add_entry(struct fetch *fetch, const char *address, const char *dn,
                     struct failure *why)
{
    if (fetch->count == ENTRIES_MOST)
        return failure(why, FAILURE_LIMIT, "%s: more than %d entries",
                       fetch->directory->uri, ENTRIES_MOST);
    if (fetch->count == fetch->room) {
        size_t room = fetch->room ? fetch->room * 2 : 64;
        struct state_entry *grown =
            pool_array(fetch->pool, room, sizeof *grown);
        if (!grown)
            return failure_memory(why);
        if (fetch->count)
            memcpy(grown, fetch->entries, fetch->count * sizeof *grown);
        fetch->entries = grown;
        fetch->room = room;
    }
    const char *name = pool_string(fetch->pool, dn);
    if (!name)
        return failure_memory(why);
    fetch->entries[fetch->count++] = (struct state_entry){address, name};
    return 0;
}

static int visit_list(void *context, const char *dn, const char *attribute,
                      const void *value, size_t length, struct failure *why)
{
    struct fetch *fetch = context;
    char *entry;
    (void)attribute;
    int rc = read_entry(fetch->pool, value, length, &entry);
    if (rc < 0)
        return failure_memory(why);
    if (rc == 0) {
        fprintf(stderr, "seemail-certs: %s: \"%.*s\" is no *@domain: left "
                        "out\n", dn, (int)length, (const char *)value);
        return 0;
    }
    return add_entry(fetch, entry, dn, why);
}

/* The directory that has the SEEMAIL list is the one of its partners. */
static enum known_source source_of(const struct fetch *fetch)
{
    const struct policy *policy = fetch->policy;
    for (size_t i = 0; i < policy->directory_count; i++)
        if (policy->directories[i].purpose == DIRECTORY_SEEMAIL &&
            strcasecmp(policy->directories[i].uri, fetch->directory->uri) == 0)
            return KNOWN_SEEMAIL;
    return KNOWN_DIRECTORY;
}

/* Under its own addresses, whatever the entry is called. */
static int put_certificate(struct fetch *fetch, const struct der *der,
                           struct failure *why)
{
    long long now = (long long)time(NULL);
    struct known known = {.certificate = *der,
                          .source = source_of(fetch),
                          .where = fetch->directory->name,
                          .first = now,
                          .seen = now};
    int rc = known_put(fetch->state, &known, why);
    fetch->kept += rc > 0;
    return rc < 0 ? -1 : 0;
}

static int put_certificates(struct fetch *fetch, struct failure *why)
{
    for (size_t i = 0; i < fetch->cert_count; i++)
        if (put_certificate(fetch, &fetch->certs[i], why) < 0)
            return -1;
    return 0;
}

static int keep_certificates(struct fetch *fetch, struct failure *why)
{
    size_t most = (size_t)fetch->policy->settings.known_limit;
    if (state_begin(fetch->state, STATE_WRITE, why) < 0)
        return -1;
    int rc = known_room(fetch->state, fetch->cert_count, most, why);
    if (rc == 0)
        rc = put_certificates(fetch, why);
    rc = state_end(fetch->state, rc, why);
    fetch->cert_count = 0;
    return rc;
}

static int visit_certificate(void *context, const char *dn,
                             const char *attribute, const void *value,
                             size_t length, struct failure *why)
{
    struct fetch *fetch = context;
    struct der in = {value, length};
    struct der_value whole;
    (void)dn;
    if (strncasecmp(attribute, "userCertificate", 15) != 0 ||
        !der_expect(&in, TAG_SEQUENCE, &whole) || in.length != 0)
        return 0;
    const void *copy = pool_copy(fetch->pool, value, length);
    if (!copy)
        return failure_memory(why);
    fetch->certs[fetch->cert_count++] = (struct der){copy, length};
    return fetch->cert_count == BATCH ? keep_certificates(fetch, why) : 0;
}

static int read_password(struct pool *pool, const struct directory *directory,
                         const char **password_r, struct failure *why)
{
    struct buffer content = {0};
    *password_r = NULL;
    if (!directory->password_file)
        return 0;
    int rc = file_read(directory->password_file, FILE_SECRET, PASSWORD_MOST,
                       FAILURE_POLICY, &content, why);
    const char *text = buffer_string(&content);
    if (rc == 0) {
        *password_r = pool_substring(pool, text, strcspn(text, "\r\n"));
        rc = *password_r ? 0 : failure_memory(why);
    }
    buffer_free(&content);
    return rc;
}

/* An empty answer to what was not empty before is more likely a fault of the
 * directory than the end of all partners. */
static int replace_list(struct fetch *fetch, const char *list,
                        struct failure *why)
{
    long long fetched;
    size_t before = 0;
    if (state_list_info(fetch->state, list, &fetched, &before, why) < 0)
        return -1;
    if (fetch->count == 0 && before > 0)
        return failure(why, FAILURE_NETWORK, "directory %s: the list %s is "
                       "empty now: kept the last one",
                       fetch->directory->uri, list);
    return state_list_replace(fetch->state, list, fetch->entries,
                              fetch->count, (long long)time(NULL), why);
}

static int fetch_one(struct pool *pool, struct state *state,
                     const struct policy *policy,
                     const struct directory *directory, struct failure *why)
{
    struct fetch fetch = {.pool = pool, .state = state, .policy = policy,
                          .directory = directory};
    const char **attributes =
        pool_array(pool, directory->attribute_count + 1, sizeof *attributes);
    struct directory_server server = {.uri = directory->uri,
                                      .user = directory->bind_dn,
                                      .step_seconds = STEP_SECONDS,
                                      .seconds = SECONDS,
                                      .message_most = MESSAGE_MOST};
    struct directory_query query = {.base = directory->base,
                                    .filter = directory->filter,
                                    .attributes = attributes,
                                    .entries_most = ENTRIES_MOST,
                                    .bytes_most = BYTES_MOST};
    struct directory_session *session = NULL;
    int certificates = directory->purpose == DIRECTORY_CERTIFICATES;
    const char *list =
        directory->purpose == DIRECTORY_VENDOR ? LIST_VENDOR : LIST_SEEMAIL;
    if (!attributes)
        return failure_memory(why);
    for (size_t i = 0; i < directory->attribute_count; i++)
        attributes[i] = directory->attributes[i];
    query.whole = !certificates;
    if (read_password(pool, directory, &server.password, why) < 0 ||
        directory_open(&server, &session, why) < 0)
        return -1;
    int rc = directory_search(session, &query,
                              certificates ? visit_certificate : visit_list,
                              &fetch, why);
    directory_close(&session);
    if (rc < 0)
        return -1;
    if (certificates ? keep_certificates(&fetch, why) < 0
                     : replace_list(&fetch, list, why) < 0)
        return -1;
    printf("%s: %zu %s\n", directory->name,
           certificates ? fetch.kept : fetch.count,
           certificates ? "certificates" : "entries");
    return 0;
}

/* One directory that fails does not keep the others from being asked. */
static int fetch_all(struct certs *certs, struct state *state)
{
    const struct policy *policy = certs->policy;
    struct failure why = {0};
    int status = EX_OK;
    for (size_t i = 0; i < policy->directory_count; i++)
        if (fetch_one(certs->pool, state, policy,
                      &policy->directories[i], &why) < 0)
            status = certs_complain(&why);
    return status;
}

static int refresh_crls(struct certs *certs, struct state *state)
{
    struct certs plain = *certs;
    plain.json = 0;
    return certs_crl_refresh(&plain, state);
}

/* Those that nobody will need any more. */
static int forget_expired(const struct policy *policy, struct state *state)
{
    long long days = policy->settings.known_days;
    struct failure why = {0};
    size_t count = 0;
    int rc = state_begin(state, STATE_WRITE, &why);
    if (rc == 0)
        rc = state_end(state,
                       known_expire(state, (long long)time(NULL) -
                                               days * 24 * 60 * 60,
                                    &count, &why), &why);
    if (rc < 0)
        return certs_complain(&why);
    if (count)
        printf("%zu certificates that expired over %lld days ago are "
               "forgotten\n", count, days);
    return EX_OK;
}

int certs_refresh(struct certs *certs, int argc, char **argv)
{
    const struct settings *settings = &certs->policy->settings;
    struct keystore *keystore;
    struct state *state;
    struct failure why = {0};
    (void)argv;
    if (argc > 0)
        return certs_usage("refresh");
    if (keystore_open(settings->nssdb, settings->nssdb_password, &keystore,
                      &why) < 0)
        return certs_complain(&why);
    int forgotten = EX_OK;
    int status = state_open(settings->state, STATE_WRITE, &state, &why) < 0
                     ? certs_complain(&why)
                     : fetch_all(certs, state);
    if (state)
        forgotten = forget_expired(certs->policy, state);
    if (status == EX_OK)
        status = forgotten;
    if (state && (forgotten = refresh_crls(certs, state)) != EX_OK)
        status = forgotten;
    state_close(&state);
    keystore_close(&keystore);
    return status;
}
