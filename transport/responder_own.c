/* responder_own: tells, once a day, what is wrong with our own certificates,
 * before mail stops for it [2.3-thirteen, 2.9-validown]. */
#include "responder.h"

#include "event.h"
#include "failure.h"
#include "own.h"
#include "own_choice.h"
#include "pool.h"
#include "rate.h"
#include "state.h"
#include "tell.h"

#define DAY 86400

static void tell_one(struct responder *r, const struct own *own)
{
    const struct own_finding *worst = NULL;
    for (size_t i = 0; i < own->finding_count; i++)
        if (!worst || own->findings[i].level > worst->level)
            worst = &own->findings[i];
    if (!worst || own->level < OWN_WARNING)
        return;
    struct event event = {
        .kind = EVENT_OWN_CERTIFICATE, .about = own->nickname,
        .reason = pool_format(r->pool, "%s: %s", worst->text, worst->step)};
    event_record(r->gateway.policy, &event);
}

static int look(struct responder *r, struct state *state, struct own **list_r,
                size_t *count_r, struct failure *why)
{
    struct own_search search = {.state = state, .policy = r->gateway.policy,
                                .pool = r->pool, .now = r->gateway.now};
    if (gateway_keystore(&r->gateway, why) < 0)
        return -1;
    search.keystore = r->gateway.keystore;
    return own_list(&search, list_r, count_r, why);
}

/* The state is open for this alone: others open it after, once each. */
void responder_own(struct responder *r)
{
    struct failure why = {0};
    struct state *state;
    struct own *list = NULL;
    size_t count = 0;
    if (state_open(r->gateway.policy->settings.state, STATE_WRITE, &state,
                   &why) < 0)
        return;
    int turn = rate_take(state, "own", "", 1, DAY, r->gateway.now, &why);
    int rc = turn > 0 ? look(r, state, &list, &count, &why) : 0;
    int told = 0;
    if (rc < 0) { /* looked at again soon, and told of once a day */
        rate_return(state, "own", "", NULL);
        told = rate_take(state, "own-failed", "", 1, DAY, r->gateway.now,
                         NULL) <= 0;
    }
    state_close(&state);
    for (size_t i = 0; rc == 0 && i < count; i++)
        tell_one(r, &list[i]);
    if (rc < 0 && !told)
        tell_failure(r->gateway.policy, &why, &(struct event){.about = ""});
}
