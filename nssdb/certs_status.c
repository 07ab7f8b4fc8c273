/*
 * seemail-certs status: whether our own certificates are in order, and what
 * the state holds and how old it is. The exit status is for a monitor.
 */
#include "buffer.h"
#include "certs.h"
#include "certs_crl.h"
#include "decide.h"
#include "failure.h"
#include "json.h"
#include "keystore.h"
#include "known.h"
#include "own.h"
#include "own_choice.h"
#include "policy.h"
#include "state.h"
#include "state_list.h"

#include <stdio.h>
#include <sysexits.h>
#include <time.h>

#define OLD (2 * 24 * 60 * 60) /* seconds: a list was refreshed long ago */

struct status {
    struct certs *certs;
    struct buffer json;
    enum own_level level;
    time_t now;
};

static void raise_to(struct status *status, enum own_level level)
{
    if (level > status->level)
        status->level = level;
}

static int show_own(struct status *status, struct failure *why)
{
    const struct settings *settings = &status->certs->policy->settings;
    struct keystore *keystore = NULL;
    struct own_search search;
    struct own *own = NULL;
    size_t count = 0;
    int rc = keystore_open(settings->nssdb, settings->nssdb_password,
                           &keystore, why);
    /* Of a state that cannot be read another part tells. */
    certs_search(status->certs, keystore, &search, NULL);
    if (rc == 0)
        rc = own_list(&search, &own, &count, why);
    json_open(&status->json, "own", '[');
    for (size_t i = 0; rc == 0 && i < count; i++) {
        raise_to(status, own[i].level);
        own_json(&own[i], &status->json);
        if (!status->certs->json)
            own_print(&own[i]);
    }
    json_close(&status->json, ']');
    state_close(&search.state);
    keystore_close(&keystore);
    return rc;
}

const char *certs_span(long long seconds, char text[CERTS_SPAN])
{
    static const struct {
        long long least, unit;
        const char *word;
    } units[] = {{172800, 86400, "days"},
                 {7200, 3600, "hours"},
                 {120, 60, "minutes"},
                 {0, 1, "seconds"}};
    size_t i = 0;
    while (units[i].unit > 1 && seconds < units[i].least)
        i++;
    snprintf(text, CERTS_SPAN, "%lld %s", seconds / units[i].unit,
             units[i].word);
    return text;
}

static int is_asked(const struct policy *policy,
                    enum directory_purpose purpose)
{
    for (size_t i = 0; i < policy->directory_count; i++)
        if (policy->directories[i].purpose == purpose)
            return 1;
    return 0;
}

/* A list that the policy has must be there: without it mail waits. */
static int show_list(struct status *status, struct state *state,
                     const char *list, enum directory_purpose purpose,
                     struct failure *why)
{
    long long fetched = 0;
    size_t count = 0;
    char span[CERTS_SPAN];
    int wanted = is_asked(status->certs->policy, purpose);
    int rc = state ? state_list_info(state, list, &fetched, &count, why) : 0;
    if (rc < 0)
        return -1;
    long long age = (long long)status->now - fetched;
    if (wanted)
        raise_to(status, rc == 0     ? OWN_CRITICAL
                         : age > OLD ? OWN_WARNING : OWN_GOOD);
    json_open(&status->json, NULL, '{');
    json_text(&status->json, "name", list);
    json_truth(&status->json, "wanted", wanted);
    if (rc) {
        json_number(&status->json, "entries", (long long)count);
        json_time(&status->json, "fetched", fetched);
    }
    json_close(&status->json, '}');
    if (status->certs->json)
        return 0;
    if (rc == 0) {
        printf("%s: never fetched%s\n", list,
               wanted ? ": run seemail-certs refresh" : "");
        return 0;
    }
    printf("%s: %zu entries, fetched %s ago\n", list, count,
           certs_span(age, span));
    return 0;
}

static int show_known(struct status *status, struct state *state,
                      struct failure *why)
{
    size_t count = 0;
    if (state && known_count(state, &count, why) < 0)
        return -1;
    json_number(&status->json, "certificates", (long long)count);
    if (!status->certs->json)
        printf("certificates of partners: %zu\n", count);
    return 0;
}

static int show_state(struct status *status, struct failure *why)
{
    struct state *state = NULL;
    int rc = state_open(status->certs->policy->settings.state, STATE_READ,
                        &state, why);
    if (rc < 0)
        return -1;
    json_open(&status->json, "lists", '[');
    rc = show_list(status, state, LIST_SEEMAIL, DIRECTORY_SEEMAIL, why);
    if (rc == 0)
        rc = show_list(status, state, LIST_VENDOR, DIRECTORY_VENDOR, why);
    json_close(&status->json, ']');
    if (rc == 0)
        rc = show_known(status, state, why);
    if (state)
        state_close(&state);
    return rc;
}

static int show_crls(struct status *status, struct failure *why)
{
    struct state *state = NULL;
    int warn = 0;
    if (state_open(status->certs->policy->settings.state, STATE_READ, &state,
                   why) < 0)
        return -1;
    int rc = certs_crl_status(status->certs, state, status->now,
                              &status->json, &warn, why);
    if (warn)
        raise_to(status, OWN_WARNING);
    state_close(&state);
    return rc;
}

/* Each part is shown, whatever became of the others. */
static int (*const parts[])(struct status *status, struct failure *why) = {
    show_own, show_state, show_crls};
#define PARTS (sizeof parts / sizeof parts[0])

int certs_status(struct certs *certs, int argc, char **argv)
{
    struct status status = {.certs = certs, .now = time(NULL)};
    struct failure why[PARTS] = {{0}};
    (void)argv;
    if (argc > 0)
        return certs_usage("status");
    json_open(&status.json, NULL, '{');
    for (size_t i = 0; i < PARTS; i++)
        if (parts[i](&status, &why[i]) < 0) {
            certs_complain(&why[i]);
            raise_to(&status, OWN_CRITICAL);
        }
    json_open(&status.json, "faults", '[');
    for (size_t i = 0; i < PARTS; i++)
        if (why[i].kind != FAILURE_NONE)
            json_text(&status.json, NULL, why[i].text);
    json_close(&status.json, ']');
    json_text(&status.json, "level", own_level_word(status.level));
    json_close(&status.json, '}');
    int failed = status.json.failed;
    if (certs->json && !failed)
        printf("%s\n", buffer_string(&status.json));
    buffer_free(&status.json);
    return failed ? EX_TEMPFAIL : (int)status.level;
}
