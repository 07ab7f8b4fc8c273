/* state_clock: see state_clock.h. Key "clock": the last reading and the one
 * before it. */
#include "state_clock.h"

#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY "clock"

static int read_clock(struct state *state, long long now, long long *sure_r,
                      struct failure *why)
{
    char text[64] = "";
    long long last = now, before = 0;
    struct der value;
    size_t certificates, crls;
    int rc = state_get(state, STATE_FORMAT, KEY, strlen(KEY), &value, why);
    if (rc < 0 || state_count(state, STATE_CERTIFICATES, &certificates, why) < 0 ||
        state_count(state, STATE_CRLS, &crls, why) < 0)
        return -1;
    if (certificates + crls == 0) /* there is nothing to lose */
        before = now;
    if (rc > 0)
        snprintf(text, sizeof text, "%.*s", (int)value.length,
                 (const char *)value.data);
    int known = sscanf(text, "%lld %lld", &last, &before) == 2;
    int apart = llabs(now - last) >= STATE_CLOCK_APART;
    if (apart)
        before = last;
    *sure_r = before < now ? before : now;
    if (known && !apart)
        return 0;
    snprintf(text, sizeof text, "%lld %lld", now, before);
    return state_put(state, STATE_FORMAT, KEY, strlen(KEY), text,
                     strlen(text), why);
}

int state_clock(struct state *state, long long now, long long *sure_r,
                struct failure *why)
{
    if (state_begin(state, STATE_WRITE, why) < 0)
        return -1;
    return state_end(state, read_clock(state, now, sure_r, why), why);
}
