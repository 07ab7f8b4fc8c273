/* rate: see rate.h. Key: what, NUL, name; value: "start count". */
#include "rate.h"

#include "failure.h"
#include "state.h"

#include <stdio.h>
#include <string.h>

#define NAMES_MOST 20000 /* all times are then begun anew */

static int take(struct state *state, const char *key, size_t length,
                long most, long long seconds, long long now,
                struct failure *why)
{
    char text[64] = "";
    long long start = 0;
    long count = 0;
    size_t names;
    struct der value;
    int rc = state_get(state, STATE_RATES, key, length, &value, why);
    if (rc < 0 || state_count(state, STATE_RATES, &names, why) < 0)
        return -1;
    if (rc > 0)
        snprintf(text, sizeof text, "%.*s", (int)value.length,
                 (const char *)value.data);
    if (sscanf(text, "%lld %ld", &start, &count) != 2 || now < start ||
        now >= start + seconds) { /* also when a clock went back */
        start = now;
        count = 0;
    }
    if (count >= most)
        return 0;
    if (rc == 0 && names >= NAMES_MOST &&
        state_clear(state, STATE_RATES, "", 0, why) < 0)
        return -1;
    snprintf(text, sizeof text, "%lld %ld", start, count + 1);
    return state_put(state, STATE_RATES, key, length, text, strlen(text),
                     why) < 0 ? -1 : 1;
}

int rate_take(struct state *state, const char *what, const char *name,
              long most, long long seconds, long long now,
                struct failure *why)
{
    char key[STATE_KEY_MOST];
    int length = snprintf(key, sizeof key, "%s%c%s", what, '\0', name);
    if ((size_t)length >= sizeof key)
        length = sizeof key - 1;
    if (state_begin(state, STATE_WRITE, why) < 0)
        return -1;
    return state_end(state, take(state, key, (size_t)length, most,
                                 seconds, now, why),
                     why);
}
