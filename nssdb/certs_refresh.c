/* seemail-certs refresh: lists and certificates from the directories. */
#include "buffer.h"
#include "certs.h"
#include "certs_crl.h"
#include "decide.h"
#include "event.h"
#include "failure.h"
#include "json.h"
#include "keystore.h"
#include "known.h"
#include "lock.h"
#include "miss.h"
#include "policy.h"
#include "refresh.h"
#include "state.h"
#include "state_clock.h"
#include "state_list.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#define MISS "refresh" /* the name of it as a miss, and of its lock */
#define MISS_KEPT (30 * 24 * 60 * 60) /* seconds: then they are forgotten */
#define PATIENCE (10 * 60 * 1000)     /* milliseconds, for another refresh */

static void tell(const struct policy *policy, enum event_kind kind,
                 const char *about, const char *reason)
{
    struct event event = {.kind = kind, .about = about, .reason = reason};
    event_record(policy, &event);
}

/* What the directory's owner wrote goes to terminals, logs and mail: one line
 * of plain text, at the most so long. */
static const char *printable(struct buffer *text)
{
    for (size_t i = 0; i < text->length; i++)
        if (text->data[i] == '\n')
            text->data[i] = i + 1 < text->length ? ';' : '\0';
        else if (text->data[i] < ' ' || text->data[i] > '~')
            text->data[i] = '?';
    return buffer_string(text);
}

static void show_row(struct certs *certs, const struct directory *row,
                     size_t count, const char *changes, const char *fault,
                     struct buffer *json)
{
    const char *what =
        row->purpose == DIRECTORY_CERTIFICATES ? "certificates" : "entries";
    json_open(json, NULL, '{');
    json_text(json, "name", row->name);
    if (fault)
        json_text(json, "fault", fault);
    else
        json_number(json, what, (long long)count);
    if (changes)
        json_text(json, "changes", changes);
    json_close(json, '}');
    if (certs->json || fault)
        return;
    printf("%s: %zu %s\n", row->name, count, what);
    if (changes)
        printf("%s: %s\n", row->name, changes);
}

/* A partner that left, or came, is news for the administrator. */
static int fetch_row(const struct refresh *refresh, struct certs *certs,
                     const struct directory *row, struct buffer *json,
                     struct failure *why)
{
    struct refreshed refreshed = {0};
    int rc = refresh_row(refresh, row, &refreshed, why);
    if (refreshed.faults.length)
        fprintf(stderr, "seemail-certs: %s\n", printable(&refreshed.faults));
    if (rc < 0)
        tell(refresh->policy, EVENT_DIRECTORY_FAILED, row->name, why->text);
    const char *changes = rc == 0 && refreshed.came + refreshed.left
                              ? printable(&refreshed.changes) : NULL;
    show_row(certs, row, refreshed.count, changes, rc < 0 ? why->text : NULL,
             json);
    if (changes)
        tell(refresh->policy, EVENT_LIST_CHANGED, row->name, changes);
    refreshed_free(&refreshed);
    return rc;
}

/* One directory that fails does not keep the others from being asked. */
static int fetch_all(struct certs *certs, struct state *state,
                     struct buffer *json)
{
    const struct policy *policy = certs->policy;
    struct refresh refresh = {certs->pool, policy, state};
    struct failure why = {0};
    int status = EX_OK;
    json_open(json, "directories", '[');
    for (size_t i = 0; i < policy->directory_count; i++)
        if (policy->directories[i].purpose != DIRECTORY_DISCOVER &&
            policy->directories[i].purpose != DIRECTORY_PUBLISH &&
            fetch_row(&refresh, certs, &policy->directories[i], json,
                      &why) < 0)
            status = certs_complain(&why);
    json_close(json, ']');
    return status;
}

/* Those that nobody will need any more. */
static int forget_expired(struct certs *certs, struct state *state,
                          long long sure, struct buffer *json)
{
    long long days = certs->policy->settings.known_days;
    struct failure why = {0};
    size_t count = 0;
    int rc = state_begin(state, STATE_WRITE, &why);
    if (rc == 0)
        rc = state_end(state,
                       known_expire(state, sure - days * 24 * 60 * 60, &count,
                                    &why), &why);
    if (rc < 0)
        return certs_complain(&why);
    json_number(json, "forgotten", (long long)count);
    if (count && !certs->json)
        printf("%zu certificates that expired over %lld days ago are "
               "forgotten\n", count, days);
    return EX_OK;
}

static int list_there(struct state *state, const struct directory *row,
                      struct failure *why)
{
    long long fetched;
    size_t count;
    if (row->purpose != DIRECTORY_SEEMAIL && row->purpose != DIRECTORY_VENDOR)
        return 1;
    return state_list_info(state,
                           row->purpose == DIRECTORY_VENDOR ? LIST_VENDOR
                                                            : LIST_SEEMAIL,
                           &fetched, &count, why);
}

/* Is a list missing, and was it not tried in vain a moment ago? 1, 0, -1. */
static int is_due(const struct policy *policy, struct state *state,
                  struct failure *why)
{
    struct miss miss;
    int rc = 1;
    for (size_t i = 0; rc > 0 && i < policy->directory_count; i++)
        rc = list_there(state, &policy->directories[i], why);
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    rc = miss_find(state, MISS, (long long)time(NULL), &miss, why);
    return rc < 0 ? -1 : !rc;
}

static int refresh_all(struct certs *certs, struct state *state,
                       struct buffer *json)
{
    long pause = certs->policy->settings.fetch_pause;
    long long now = (long long)time(NULL), sure = 0;
    struct failure why = {0};
    if (state_clock(state, now, &sure, &why) < 0)
        return certs_complain(&why);
    int status = fetch_all(certs, state, json);
    int rc = status == EX_OK
                 ? miss_clear(state, MISS, &why)
                 : miss_put(state, MISS, now, (pause + 9) / 10, pause,
                            "a directory failed", &why);
    if (rc == 0)
        rc = miss_expire(state, sure - MISS_KEPT, &why);
    if (rc < 0)
        status = certs_complain(&why);
    int forgotten = forget_expired(certs, state, sure, json);
    int crls = certs_crl_refresh(certs, state, json);
    return status != EX_OK ? status : forgotten != EX_OK ? forgotten : crls;
}

/* One at a time: the second waits, or, if there is no need, ends. */
static int with_lock(struct certs *certs, struct state *state, int if_due,
                     struct buffer *json)
{
    struct failure why = {0};
    struct lock lock;
    int due = 1;
    int rc = lock_take(state_folder(state), MISS, if_due ? 0 : PATIENCE,
                       &lock, &why);
    if (rc == 0 && !if_due)
        rc = failure(&why, FAILURE_STATE, "another refresh is still at work");
    if (rc < 0)
        return certs_complain(&why);
    if (rc == 0)
        return EX_OK;
    if (if_due)
        due = is_due(certs->policy, state, &why);
    int status = due < 0   ? certs_complain(&why)
                 : due > 0 ? refresh_all(certs, state, json)
                           : EX_OK;
    lock_release(&lock);
    return status;
}

int certs_refresh(struct certs *certs, int argc, char **argv)
{
    const struct settings *settings = &certs->policy->settings;
    struct keystore *keystore;
    struct state *state;
    struct buffer json = {0};
    struct failure why = {0};
    int if_due = argc == 1 && strcmp(argv[0], "--if-due") == 0;
    if (argc > if_due)
        return certs_usage("refresh");
    if (keystore_open(settings->nssdb, settings->nssdb_password, &keystore,
                      &why) < 0)
        return certs_complain(&why);
    json_open(&json, NULL, '{');
    int status = state_open(settings->state, STATE_WRITE, &state, &why) < 0
                     ? certs_complain(&why)
                     : with_lock(certs, state, if_due, &json);
    json_close(&json, '}');
    state_close(&state);
    keystore_close(&keystore);
    return certs_answer(certs, &json, status);
}
