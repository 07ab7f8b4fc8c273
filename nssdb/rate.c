/* rate: see rate.h. Key: what, NUL, name; value: "start count". */
#include "rate.h"

#include "failure.h"
#include "state.h"

#include <stdio.h>
#include <string.h>

#define NAMES_MOST 20000 /* all times are then begun anew */

struct rate {
    char key[STATE_KEY_MOST];
    size_t length;
    long long start;
    long count;
};

static void name_rate(struct rate *rate, const char *what, const char *name)
{
    *rate = (struct rate){.count = 0};
    int length = snprintf(rate->key, sizeof rate->key, "%s%c%s", what, '\0',
                          name);
    rate->length = (size_t)length < sizeof rate->key
                       ? (size_t)length : sizeof rate->key - 1;
}

/* 1; 0 = nothing was counted yet; -1. */
static int find(struct state *state, struct rate *rate, struct failure *why)
{
    char text[64];
    struct der value;
    int rc = state_get(state, STATE_RATES, rate->key, rate->length, &value,
                       why);
    if (rc <= 0)
        return rc;
    snprintf(text, sizeof text, "%.*s", (int)value.length,
             (const char *)value.data);
    return sscanf(text, "%lld %ld", &rate->start, &rate->count) == 2;
}

static int put(struct state *state, const struct rate *rate,
               struct failure *why)
{
    char text[64];
    snprintf(text, sizeof text, "%lld %ld", rate->start, rate->count);
    return state_put(state, STATE_RATES, rate->key, rate->length, text,
                     strlen(text), why);
}

static int take(struct state *state, struct rate *rate, long most,
                long long seconds, long long now, struct failure *why)
{
    size_t names;
    int rc = find(state, rate, why);
    if (rc < 0 || state_count(state, STATE_RATES, &names, why) < 0)
        return -1;
    if (rc == 0 || now < rate->start || now >= rate->start + seconds) {
        rate->start = now; /* also when a clock went back */
        rate->count = 0;
    }
    if (rate->count >= most)
        return 0;
    if (rc == 0 && names >= NAMES_MOST &&
        state_clear(state, STATE_RATES, "", 0, why) < 0)
        return -1;
    rate->count++;
    return put(state, rate, why) < 0 ? -1 : 1;
}

int rate_take(struct state *state, const char *what, const char *name,
              long most, long long seconds, long long now, struct failure *why)
{
    struct rate rate;
    name_rate(&rate, what, name);
    if (state_begin(state, STATE_WRITE, why) < 0)
        return -1;
    return state_end(state, take(state, &rate, most, seconds, now, why), why);
}

static int give_back(struct state *state, struct rate *rate,
                     struct failure *why)
{
    int rc = find(state, rate, why);
    if (rc <= 0 || rate->count <= 0)
        return rc < 0 ? -1 : 0;
    rate->count--;
    return put(state, rate, why);
}

int rate_return(struct state *state, const char *what, const char *name,
                struct failure *why)
{
    struct rate rate;
    name_rate(&rate, what, name);
    if (state_begin(state, STATE_WRITE, why) < 0)
        return -1;
    return state_end(state, give_back(state, &rate, why), why);
}
