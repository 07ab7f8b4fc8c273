/*
 * seemail-certs fetch: looks for the certificate of an address or a domain in
 * the directories, now, or (--if-due) only if there is none that can be used
 * and it was not looked for in vain a moment ago.
 */
#include "address.h"
#include "buffer.h"
#include "certificate.h"
#include "certs.h"
#include "discovery.h"
#include "event.h"
#include "failure.h"
#include "json.h"
#include "keystore.h"
#include "lock.h"
#include "miss.h"
#include "policy.h"
#include "pool.h"
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#define ABOVE_MOST 4   /* domains above the one that is asked for */
#define PAUSES_MOST 8  /* a pause grows to so many times the first */
#define HASTE 10       /* a directory that failed is asked again earlier */

struct fetch {
    struct certs *certs;
    struct recipient_search search;
    int if_due;
    time_t end; /* of all of it */
    struct discovered found;
    struct failure first; /* of the directories */
    char text[600];       /* what became of it */
};

int certs_address(struct certs *certs, const char *text,
                  const char **address_r, struct failure *why)
{
    struct address address;
    char *domain;
    int rc = strchr(text, '@')
                 ? address_parse(certs->pool, text, strlen(text), &address)
                 : domain_canonical(certs->pool, text, strlen(text), &domain);
    if (rc == 0)
        return failure(why, FAILURE_USAGE, "%.100s: no address or domain",
                       text);
    if (rc > 0)
        *address_r = strchr(text, '@')
                         ? pool_format(certs->pool, "%s@%s", address.local,
                                       address.domain)
                         : pool_format(certs->pool, CERT_DCA "@%s", domain);
    return rc > 0 && *address_r ? 0 : failure_memory(why);
}

static unsigned seconds_left(const struct fetch *fetch)
{
    long left = (long)(fetch->end - time(NULL));
    return left > 1 ? (unsigned)left : 1;
}

static void tell(const struct fetch *fetch, enum event_kind kind,
                 const char *about, const char *reason)
{
    struct event event = {.kind = kind, .about = about, .reason = reason};
    event_record(fetch->search.policy, &event);
}

static const char *miss_name(const struct fetch *fetch, const char *address)
{
    return pool_format(fetch->certs->pool, "certificate %s", address);
}

/* 1 = nothing is to be done: there is one, or it is too early. 0, -1. */
static int not_due(struct fetch *fetch, const char *address, int *status_r,
                   struct failure *why)
{
    CERTCertificate *certificate;
    struct miss miss = {0};
    const char *name = miss_name(fetch, address);
    if (!name)
        return failure_memory(why);
    int rc = recipient_find(&fetch->search, address, &certificate,
                            &fetch->found.answer, why);
    if (rc > 0) {
        CERT_DestroyCertificate(certificate);
        fetch->found.usable = 1;
        snprintf(fetch->text, sizeof fetch->text, "is known");
        *status_r = EX_OK;
        return 1;
    }
    if (rc == 0)
        rc = miss_find(fetch->search.state, name,
                       (long long)fetch->search.now, &miss, why);
    if (rc > 0) {
        snprintf(fetch->text, sizeof fetch->text,
                 "%s; tried again in %lld seconds", miss.reason,
                 miss.until - (long long)fetch->search.now);
        *status_r = EX_UNAVAILABLE;
    }
    return rc;
}

static void say(struct fetch *fetch, const char *address)
{
    const struct discovered *found = &fetch->found;
    size_t size = sizeof fetch->text;
    if (found->usable && found->kept)
        snprintf(fetch->text, size, "%zu found, %zu new", found->kept,
                 found->fresh);
    else if (found->usable)
        snprintf(fetch->text, size, "nothing found, the one that is known "
                 "can be used%s%s", found->failed ? "; " : "",
                 found->failed ? fetch->first.text : "");
    else if (found->answer.pending)
        snprintf(fetch->text, size, "waits for an approval: seemail-certs "
                                    "approve %s", address);
    else if (found->failed)
        snprintf(fetch->text, size, "%s", fetch->first.text);
    else if (found->asked == 0)
        snprintf(fetch->text, size, "no directory is to be asked for it");
    else if (found->answer.count)
        snprintf(fetch->text, size, "%s", found->answer.reason);
    else
        snprintf(fetch->text, size, "not found in %zu director%s%s%s",
                 found->asked, found->asked == 1 ? "y" : "ies",
                 *found->refused ? ", but " : "", found->refused);
}

/* What the next one needs to know, and who wants to know. */
static int remember(struct fetch *fetch, const char *address,
                    struct failure *why)
{
    const struct recipient_search *search = &fetch->search;
    const struct discovered *found = &fetch->found;
    const char *name = miss_name(fetch, address);
    long pause = search->policy->settings.fetch_pause;
    long first = found->failed ? (pause + HASTE - 1) / HASTE : pause;
    if (!name)
        return failure_memory(why);
    if (found->failed)
        tell(fetch, EVENT_DIRECTORY_FAILED, "discovery", fetch->first.text);
    if (found->fresh && found->usable)
        tell(fetch, EVENT_CERTIFICATE_NEW, address, fetch->text);
    if (found->usable)
        return miss_clear(search->state, name, why);
    if (found->answer.pending) {
        int rc = consent_ask(search->state, found->answer.fingerprint, address,
                             (long long)search->now, why);
        if (rc < 0)
            return -1;
        if (rc > 0)
            tell(fetch, EVENT_CERTIFICATE_PENDING, address, fetch->text);
    }
    return miss_put(search->state, name, (long long)search->now, first,
                    found->failed ? pause : pause * PAUSES_MOST, fetch->text,
                    why);
}

/* With its lock. 0 and the exit status, -1. */
static int look_for(struct fetch *fetch, const char *address, int *status_r,
                    struct failure *why)
{
    fetch->search.now = time(NULL);
    fetch->first = (struct failure){0};
    fetch->found = (struct discovered){.first = &fetch->first};
    if (fetch->if_due) {
        int rc = not_due(fetch, address, status_r, why);
        if (rc != 0)
            return rc < 0 ? -1 : 0;
    }
    if (discovery_run(&fetch->search, address, seconds_left(fetch),
                      &fetch->found, why) < 0)
        return -1;
    say(fetch, address);
    *status_r = fetch->found.usable         ? EX_OK
                : fetch->found.answer.pending ? EX_NOPERM
                : fetch->found.failed       ? EX_TEMPFAIL
                                            : EX_UNAVAILABLE;
    return remember(fetch, address, why);
}

static int with_lock(struct fetch *fetch, const char *address, int *status_r,
                     struct failure *why)
{
    struct lock lock;
    int rc = lock_take(state_folder(fetch->search.state), address,
                       seconds_left(fetch) * 1000L, &lock, why);
    if (rc == 0)
        return failure(why, FAILURE_NETWORK,
                       "%s: another process looks for it still", address);
    if (rc < 0)
        return -1;
    rc = look_for(fetch, address, status_r, why);
    lock_release(&lock);
    return rc;
}

static void show(const struct fetch *fetch, const char *address)
{
    struct buffer json = {0};
    if (!fetch->certs->json) {
        printf("%s: %s\n", address, fetch->text);
        return;
    }
    json_open(&json, NULL, '{');
    json_text(&json, "address", address);
    json_truth(&json, "usable", fetch->found.usable);
    json_truth(&json, "pending", fetch->found.answer.pending);
    json_number(&json, "found", (long long)fetch->found.kept);
    json_number(&json, "new", (long long)fetch->found.fresh);
    json_number(&json, "directories", (long long)fetch->found.asked);
    json_number(&json, "failed", (long long)fetch->found.failed);
    json_text(&json, "text", fetch->text);
    json_close(&json, '}');
    printf("%s\n", buffer_string(&json));
    buffer_free(&json);
}

/* A domain's certificate may be that of a domain above it. */
static const char *above(struct fetch *fetch, const char *address)
{
    const char *domain = strchr(strrchr(address, '@'), '.');
    if (!domain || !strchr(domain + 1, '.') ||
        strncmp(address, CERT_DCA "@", strlen(CERT_DCA "@")) != 0)
        return NULL;
    return pool_format(fetch->certs->pool, CERT_DCA "@%s", domain + 1);
}

/* The status that tells most: found, pending, failed, nothing. */
static int better(int one, int other)
{
    static const int order[] = {EX_OK, EX_NOPERM, EX_TEMPFAIL};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (one == order[i] || other == order[i])
            return order[i];
    return one;
}

static int fetch_all(struct fetch *fetch, const char *text)
{
    struct failure why = {0};
    const char *address;
    int status = EX_UNAVAILABLE;
    if (certs_address(fetch->certs, text, &address, &why) < 0)
        return certs_complain(&why);
    for (int i = 0; i <= ABOVE_MOST && address && status != EX_OK &&
                    (i == 0 || time(NULL) < fetch->end); i++) {
        int one = EX_UNAVAILABLE;
        if (with_lock(fetch, address, &one, &why) < 0)
            return certs_complain(&why);
        show(fetch, address);
        status = better(status, one);
        address = above(fetch, address);
    }
    return status;
}

/* The index of the address, or -1. */
static int options(struct fetch *fetch, int argc, char **argv, long *seconds)
{
    int at = 0;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++)
        if (strcmp(argv[at], "--if-due") == 0)
            fetch->if_due = 1;
        else if (strcmp(argv[at], "--seconds") == 0 && at + 1 < argc &&
                 (*seconds = strtol(argv[at + 1], NULL, 10)) > 0)
            at++;
        else
            return -1;
    return at == argc - 1 && argv[at][0] != '-' ? at : -1;
}

int certs_fetch(struct certs *certs, int argc, char **argv)
{
    const struct settings *settings = &certs->policy->settings;
    struct fetch fetch = {.certs = certs,
                          .search = {.policy = certs->policy,
                                     .pool = certs->pool,
                                     .now = time(NULL)}};
    struct failure why = {0};
    int status;
    long seconds = settings->fetch_timeout;
    int at = options(&fetch, argc, argv, &seconds);
    if (at < 0)
        return certs_usage("fetch");
    if (seconds > settings->fetch_timeout)
        seconds = settings->fetch_timeout;
    fetch.end = fetch.search.now + (time_t)seconds;
    if (keystore_open(settings->nssdb, settings->nssdb_password,
                      &fetch.search.keystore, &why) < 0)
        return certs_complain(&why);
    if (state_open(settings->state, STATE_WRITE, &fetch.search.state,
                   &why) < 0)
        status = certs_complain(&why);
    else
        status = fetch_all(&fetch, argv[at]);
    state_close(&fetch.search.state);
    keystore_close(&fetch.search.keystore);
    return status;
}
