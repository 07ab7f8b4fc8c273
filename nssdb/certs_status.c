/* seemail-certs status: what the state holds, and how old it is. */
#include "certs.h"
#include "decide.h"
#include "failure.h"
#include "state.h"

#include <stdio.h>
#include <sysexits.h>
#include <time.h>

static void show_age(long long seconds)
{
    if (seconds < 120)
        printf("%lld seconds", seconds);
    else if (seconds < 7200)
        printf("%lld minutes", seconds / 60);
    else if (seconds < 172800)
        printf("%lld hours", seconds / 3600);
    else
        printf("%lld days", seconds / 86400);
}

static int show_list(struct state *state, const char *list,
                     struct failure *why)
{
    long long fetched;
    size_t count;
    int rc = state_list_info(state, list, &fetched, &count, why);
    if (rc < 0)
        return -1;
    if (rc == 0) {
        printf("%s: never fetched\n", list);
        return 0;
    }
    printf("%s: %zu entries, fetched ", list, count);
    show_age((long long)time(NULL) - fetched);
    printf(" ago\n");
    return 0;
}

static int show_certificates(struct state *state, struct failure *why)
{
    size_t count;
    if (state_certs_count(state, &count, why) < 0)
        return -1;
    printf("certificates: of %zu addresses\n", count);
    return 0;
}

int certs_status(struct certs *certs, int argc, char **argv)
{
    static const char *const lists[] = {LIST_SEEMAIL, LIST_VENDOR};
    struct state *state;
    struct failure why = {0};
    int result = EX_OK;
    (void)argv;
    if (argc > 0)
        return certs_usage("status");
    if (certs_state(certs, &state, &result) < 0)
        return result;
    for (size_t i = 0; i < 2 && result == EX_OK; i++)
        if (show_list(state, lists[i], &why) < 0)
            result = certs_complain(&why);
    if (result == EX_OK && show_certificates(state, &why) < 0)
        result = certs_complain(&why);
    state_close(&state);
    return result;
}
