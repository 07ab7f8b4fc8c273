/* seemail-certs compromise: takes a key pair of ours out of use. */
#include "buffer.h"
#include "certs.h"
#include "event.h"
#include "failure.h"
#include "json.h"
#include "keystore.h"
#include "own.h"
#include "policy.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

static int is_ours(struct certs *certs, const char *nickname,
                   struct failure *why)
{
    struct own *own;
    size_t count;
    if (own_nicknames(certs->policy, certs->pool, &own, &count, why) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (strcmp(own[i].nickname, nickname) == 0)
            return 0;
    return failure(why, FAILURE_USAGE, "the identity table has no \"%s\"",
                   nickname);
}

static int change(struct keystore *keystore, const char *nickname, int end,
                  size_t *count_r, struct failure *why)
{
    return end ? keystore_resume(keystore, nickname, count_r, why)
               : keystore_suspend(keystore, nickname, time(NULL), count_r,
                                  why);
}

static void tell(struct certs *certs, const char *nickname, int end)
{
    struct event event = {.kind = EVENT_KEY_COMPROMISED, .about = nickname,
                          .reason = end ? "the suspension was ended"
                                        : "its key pairs were suspended"};
    event_record(certs->policy, &event);
}

static void show(const char *nickname, int end, size_t count)
{
    if (end)
        printf("\"%s\": %zu key pairs may be used again\n", nickname, count);
    else
        printf("\"%s\": %zu key pairs suspended: what they would sign waits\n"
               "    now: ask the CA to revoke the certificate, and\n"
               "    seemail certs renew --new-key \"%s\" >request.pem\n",
               nickname, count, nickname);
}

int certs_compromise(struct certs *certs, int argc, char **argv)
{
    struct failure why = {0};
    size_t count = 0;
    int end = argc > 0 && strcmp(argv[0], "--end") == 0;
    if (argc != 1 + end || argv[argc - 1][0] == '-')
        return certs_usage("compromise");
    const char *nickname = argv[end];
    const struct settings *settings = &certs->policy->settings;
    struct keystore *keystore = NULL;
    struct buffer json = {0};
    if (is_ours(certs, nickname, &why) < 0 ||
        keystore_open(settings->nssdb, settings->nssdb_password, &keystore,
                      &why) < 0)
        return certs_complain(&why);
    if (change(keystore, nickname, end, &count, &why) < 0) {
        keystore_close(&keystore);
        return certs_complain(&why);
    }
    if (count)
        tell(certs, nickname, end);
    json_open(&json, NULL, '{');
    json_text(&json, "nickname", nickname);
    json_truth(&json, "suspended", !end);
    json_number(&json, "keys", (long long)count);
    if (!certs->json)
        show(nickname, end, count);
    int status = certs_announce(certs, keystore, &json);
    json_close(&json, '}');
    keystore_close(&keystore);
    return certs_answer(certs, &json, status);
}
