/* seemail-certs forget: takes partners' certificates out of the state. */
#include "buffer.h"
#include "certs.h"
#include "failure.h"
#include "json.h"
#include "keystore.h"
#include "known.h"
#include "policy.h"
#include "state.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* What it names: those of an address, or the one of a fingerprint. */
static int find(struct certs *certs, struct state *state, const char *what,
                struct known **known_r, size_t *count_r, struct failure *why)
{
    unsigned char mark[KNOWN_FINGERPRINT];
    size_t length = certs_fingerprint(what, mark);
    if (strchr(what, '@'))
        return known_find(state, certs->pool, what, known_r, count_r, why);
    if (!length)
        return failure(why, FAILURE_USAGE, "%s: neither an address nor a "
                       "fingerprint (8 digits at the least)", what);
    if (known_get(state, certs->pool, mark, length, known_r, count_r, why) < 0)
        return -1;
    if (*count_r > 1)
        return failure(why, FAILURE_USAGE, "%s: several begin so: give more "
                       "of it", what);
    return 0;
}

static int forget(struct state *state, const struct known *known, size_t count,
                  struct failure *why)
{
    if (state_begin(state, STATE_WRITE, why) < 0)
        return -1;
    int rc = 0;
    for (size_t i = 0; rc >= 0 && i < count; i++)
        rc = known_forget(state, known[i].fingerprint, why);
    return state_end(state, rc < 0 ? -1 : 0, why);
}

static int forget_one(struct certs *certs, struct state *state,
                      const char *what)
{
    struct failure why = {0};
    struct known *known;
    size_t count;
    if (find(certs, state, what, &known, &count, &why) < 0 ||
        forget(state, known, count, &why) < 0)
        return certs_complain(&why);
    if (count == 0) {
        fprintf(stderr, "seemail-certs: %s: none is known; see seemail-certs "
                        "list certificates\n", what);
        return EX_UNAVAILABLE;
    }
    struct buffer json = {0};
    json_open(&json, NULL, '{');
    json_number(&json, "forgotten", (long long)count);
    json_close(&json, '}');
    if (!certs->json)
        printf("%s: %zu forgotten\n", what, count);
    return certs_answer(certs, &json, EX_OK);
}

int certs_forget(struct certs *certs, int argc, char **argv)
{
    const struct settings *settings = &certs->policy->settings;
    struct keystore *keystore;
    struct state *state = NULL;
    struct failure why = {0};
    if (argc != 1)
        return certs_usage("forget");
    certs_lower(argv[0]);
    if (keystore_open(settings->nssdb, settings->nssdb_password, &keystore,
                      &why) < 0)
        return certs_complain(&why);
    int status = state_open(settings->state, STATE_WRITE, &state, &why) < 0
                     ? certs_complain(&why)
                     : forget_one(certs, state, argv[0]);
    if (state)
        state_close(&state);
    keystore_close(&keystore);
    return status;
}
