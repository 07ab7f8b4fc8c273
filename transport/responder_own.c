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

/* One that waits for its turn is left out. 1, 0, -1. */
static int is_time(struct responder *r, struct failure *why)
{
    const char *folder = r->gateway.policy->settings.state;
    struct state *state;
    if (state_open(folder, STATE_WRITE, &state, why) < 0)
        return -1;
    int rc = rate_take(state, "own", "", 1, DAY, r->gateway.now, why);
    state_close(&state);
    return rc;
}

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

void responder_own(struct responder *r)
{
    struct failure why = {0};
    struct own *list = NULL;
    size_t count = 0;
    if (is_time(r, &why) <= 0)
        return;
    int rc = gateway_keystore(&r->gateway, &why);
    if (rc == 0)
        rc = gateway_state(&r->gateway, &why);
    const struct own_search search = {r->gateway.keystore, r->gateway.state,
                                      r->gateway.policy, r->pool,
                                      r->gateway.now};
    if (rc == 0)
        rc = own_list(&search, &list, &count, &why);
    for (size_t i = 0; rc == 0 && i < count; i++)
        tell_one(r, &list[i]);
    if (rc < 0)
        tell_failure(r->gateway.policy, &why, &(struct event){.about = ""});
}
