/* trigger: see trigger.h. */
#include "trigger.h"

#include "buffer.h"
#include "failure.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define OPTIONS                                                               \
    (PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_CASELESS |                   \
     PCRE2_NEVER_BACKSLASH_C)
#define MATCH_LIMIT 200000
#define DEPTH_LIMIT 1000
#define WINDOW 65536
#define JIT_FROM 16384 /* bytes: below, JIT costs more than it saves */

struct trigger {
    const struct trigger_rule *rules;
    size_t count;
    pcre2_code *codes[TRIGGER_RULES_MOST];
    unsigned char found[TRIGGER_RULES_MOST];
    pcre2_match_data *match;
    pcre2_match_context *limits;
    const char *unscannable;
    int fast;            /* JIT is on */
    int later;           /* the window is not the first of its text */
    size_t used;         /* bytes in the window */
    char window[WINDOW]; /* the text not yet done with */
};

static int compile(struct trigger *trigger, size_t rule, struct failure *why)
{
    int error;
    PCRE2_SIZE where;
    const char *pattern = trigger->rules[rule].pattern;
    trigger->codes[rule] =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                      OPTIONS, &error, &where, NULL);
    if (trigger->codes[rule])
        return 0;
    PCRE2_UCHAR words[120] = "";
    pcre2_get_error_message(error, words, sizeof words);
    return failure(why, FAILURE_POLICY,
                   "trigger \"%s\": pattern \"%s\", character %zu: %s",
                   trigger->rules[rule].marking, pattern, (size_t)where + 1,
                   (const char *)words);
}

int trigger_check(const char *pattern, struct buffer *expected)
{
    int error;
    PCRE2_SIZE where;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern,
                                     PCRE2_ZERO_TERMINATED, OPTIONS, &error,
                                     &where, NULL);
    pcre2_code_free(code);
    if (code)
        return 0;
    PCRE2_UCHAR words[120] = "";
    pcre2_get_error_message(error, words, sizeof words);
    return buffer_format(expected,
                         "a PCRE2 pattern (character %zu: %s)",
                         (size_t)where + 1, (const char *)words) < 0 ? -1 : 1;
}

static int prepare(struct trigger *trigger, struct failure *why)
{
    trigger->match = pcre2_match_data_create(1, NULL);
    trigger->limits = pcre2_match_context_create(NULL);
    if (!trigger->match || !trigger->limits)
        return failure_memory(why);
    pcre2_set_match_limit(trigger->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(trigger->limits, DEPTH_LIMIT);
    for (size_t rule = 0; rule < trigger->count; rule++)
        if (compile(trigger, rule, why) < 0)
            return -1;
    return 0;
}

int trigger_new(const struct trigger_rule *rules, size_t count,
                struct trigger **trigger_r, struct failure *why)
{
    *trigger_r = NULL;
    if (count > TRIGGER_RULES_MOST)
        return failure(why, FAILURE_POLICY, "more than %d triggers",
                       TRIGGER_RULES_MOST);
    struct trigger *trigger = calloc(1, sizeof *trigger);
    if (!trigger)
        return failure_memory(why);
    trigger->rules = rules;
    trigger->count = count;
    if (prepare(trigger, why) < 0) {
        trigger_free(&trigger);
        return -1;
    }
    *trigger_r = trigger;
    return 0;
}

void trigger_free(struct trigger **trigger)
{
    if (!*trigger)
        return;
    for (size_t rule = 0; rule < (*trigger)->count; rule++)
        pcre2_code_free((*trigger)->codes[rule]);
    pcre2_match_data_free((*trigger)->match);
    pcre2_match_context_free((*trigger)->limits);
    free(*trigger);
    *trigger = NULL;
}

/* Without JIT (no executable memory) it is slower, not wrong. */
static void speed_up(struct trigger *trigger)
{
    trigger->fast = 1;
    for (size_t rule = 0; rule < trigger->count; rule++)
        pcre2_jit_compile(trigger->codes[rule], PCRE2_JIT_COMPLETE);
}

/*
 * In a window that is not the text's first, a match begins after the first
 * character, so that \b and ^ see what stands before them. Nothing is lost:
 * the last window looked there too.
 */
static size_t first_place(const struct trigger *trigger)
{
    size_t at = trigger->later ? 1 : 0;
    while (at && at < 4 && (trigger->window[at] & 0xc0) == 0x80)
        at++;
    return at;
}

/* Does the next window decide on this match? It touches the end of this. */
static int premature(const struct trigger *trigger)
{
    const PCRE2_SIZE *match = pcre2_get_ovector_pointer(trigger->match);
    return match[1] == trigger->used &&
           match[0] + TRIGGER_LENGTH_MOST >= trigger->used + 4;
}

/* Looks through the window for what was not found yet. */
static int look(struct trigger *trigger, int last, struct failure *why)
{
    uint32_t options = (trigger->later ? PCRE2_NOTBOL : 0) |
                       (last ? 0 : PCRE2_NOTEOL);
    if (!trigger->fast && trigger->used >= JIT_FROM)
        speed_up(trigger);
    for (size_t rule = 0; rule < trigger->count; rule++) {
        if (trigger->found[rule])
            continue;
        int rc = pcre2_match(trigger->codes[rule], (PCRE2_SPTR)trigger->window,
                             trigger->used, first_place(trigger), options,
                             trigger->match, trigger->limits);
        if (rc >= 0)
            trigger->found[rule] = last || !premature(trigger);
        else if (rc == PCRE2_ERROR_NOMEMORY)
            return failure_memory(why);
        else if (rc != PCRE2_ERROR_NOMATCH)
            trigger->unscannable = "a pattern passed its limits";
    }
    return 0;
}

/* Looks, and keeps what may be the beginning of a match. */
static int shift(struct trigger *trigger, struct failure *why)
{
    if (look(trigger, 0, why) < 0)
        return -1;
    memmove(trigger->window, trigger->window + WINDOW - TRIGGER_LENGTH_MOST,
            TRIGGER_LENGTH_MOST);
    trigger->used = TRIGGER_LENGTH_MOST;
    trigger->later = 1;
    return 0;
}

int trigger_feed(struct trigger *trigger, const char *text, size_t length,
                 struct failure *why)
{
    while (length > 0) {
        if (trigger->used == WINDOW && shift(trigger, why) < 0)
            return -1;
        size_t part = WINDOW - trigger->used;
        if (part > length)
            part = length;
        memcpy(trigger->window + trigger->used, text, part);
        trigger->used += part;
        text += part;
        length -= part;
    }
    return 0;
}

int trigger_boundary(struct trigger *trigger, struct failure *why)
{
    int rc = trigger->used ? look(trigger, 1, why) : 0;
    trigger->used = 0;
    trigger->later = 0;
    return rc;
}

int trigger_found(const struct trigger *trigger, size_t rule)
{
    return rule < trigger->count && trigger->found[rule];
}

const char *trigger_unscannable(const struct trigger *trigger)
{
    return trigger->unscannable;
}
