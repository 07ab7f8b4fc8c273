/* seemail-certs publish: our certificates into the directories. */
#include "buffer.h"
#include "certs.h"
#include "event.h"
#include "failure.h"
#include "json.h"
#include "keystore.h"
#include "own_choice.h"
#include "policy.h"
#include "publish.h"
#include "state.h"

#include <stdio.h>
#include <sysexits.h>

/* One directory's answer, for people and programs. */
static void show_row(struct certs *certs, const struct published *published,
                     size_t count, struct buffer *json)
{
    for (size_t i = 0; i < count; i++) {
        const struct directory_changed *changed = &published[i].changed;
        json_open(json, NULL, '{');
        json_text(json, "dn", published[i].dn);
        json_number(json, "added", (long long)changed->added);
        json_number(json, "removed", (long long)changed->removed);
        json_truth(json, "made", changed->made);
        json_close(json, '}');
        if (certs->json)
            continue;
        if (!changed->added && !changed->removed)
            printf("published: %s: as it is to be\n", published[i].dn);
        else
            printf("published: %s: %zu certificates added, %zu removed\n",
                   published[i].dn, changed->added, changed->removed);
    }
}

/* A directory that fails does not keep the others from being changed. */
static int change_rows(struct certs *certs, const struct publication *plan,
                       size_t count, struct buffer *json)
{
    const struct policy *policy = certs->policy;
    int status = EX_OK;
    for (size_t i = 0; i < policy->directory_count; i++) {
        const struct directory *row = &policy->directories[i];
        struct failure why = {0};
        struct published *published = NULL;
        size_t published_count = 0;
        if (row->purpose != DIRECTORY_PUBLISH)
            continue;
        int rc = publish_row(row, certs->pool, plan, count, &published,
                             &published_count, &why);
        show_row(certs, published, published_count, json);
        if (rc == 0)
            continue;
        struct event event = {.kind = EVENT_DIRECTORY_FAILED,
                              .about = row->name, .reason = why.text};
        event_record(policy, &event);
        status = certs_complain(&why);
    }
    return status;
}

int certs_announce(struct certs *certs, struct keystore *keystore,
                   struct buffer *json)
{
    struct publication *plan = NULL;
    struct own_search search;
    struct failure why = {0};
    size_t count = 0;
    if (!policy_directory_for(certs->policy, DIRECTORY_PUBLISH))
        return EX_OK;
    json_open(json, "published", '[');
    /* Without a state a suspended key is taken out all the same. */
    int status = certs_search(certs, keystore, &search, &why) < 0
                     ? certs_complain(&why) : EX_OK;
    int rc = publish_plan(&search, &plan, &count, &why);
    state_close(&search.state);
    int changed = rc < 0 ? certs_complain(&why)
                         : change_rows(certs, plan, count, json);
    json_close(json, ']');
    for (size_t i = 0; i < count; i++)
        if (*plan[i].reason)
            fprintf(stderr, "seemail-certs: \"%s\" is not to be found by "
                            "partners: %s\n", plan[i].nickname,
                    plan[i].reason);
    return status == EX_OK ? changed : status;
}

int certs_publish(struct certs *certs, int argc, char **argv)
{
    const struct settings *settings = &certs->policy->settings;
    struct keystore *keystore = NULL;
    struct buffer json = {0};
    struct failure why = {0};
    (void)argv;
    if (argc > 0)
        return certs_usage("publish");
    if (!policy_directory_for(certs->policy, DIRECTORY_PUBLISH)) {
        fprintf(stderr, "seemail-certs: the table directories has no row with "
                        "the purpose publish\n");
        return EX_CONFIG;
    }
    if (keystore_open(settings->nssdb, settings->nssdb_password, &keystore,
                      &why) < 0)
        return certs_complain(&why);
    json_open(&json, NULL, '{');
    int status = certs_announce(certs, keystore, &json);
    json_close(&json, '}');
    keystore_close(&keystore);
    return certs_answer(certs, &json, status);
}
