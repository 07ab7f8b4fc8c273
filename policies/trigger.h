#ifndef SEEMAIL_TRIGGER_H
#define SEEMAIL_TRIGGER_H

/*
 * trigger: finds the markings of a message ("IN CONFIDENCE") by PCRE2
 * patterns [2.1-triggers, 2.1-case, 2.1-brackets]. Text is fed in pieces of
 * any size, as UTF-8; broken UTF-8 only fails to match. A match may be
 * TRIGGER_LENGTH_MOST - 4 bytes long and is found wherever the pieces end. Patterns
 * match without regard to case. JIT, match and depth limits are on: a
 * pattern that runs away makes the message unscannable, never the hub hang.
 */

#include <stddef.h>

struct buffer;
struct failure;
struct trigger;

#define TRIGGER_LENGTH_MOST 1024
#define TRIGGER_RULES_MOST 64

struct trigger_rule {
    const char *marking; /* what a match says the message is */
    const char *pattern; /* PCRE2 */
};

/*
 * Compiles the rules; they are borrowed until trigger_free(). A pattern that
 * does not compile is a FAILURE_POLICY that names it, the place and PCRE2's
 * own words.
 */
int trigger_new(const struct trigger_rule *rules, size_t count,
                struct trigger **trigger_r, struct failure *why);
/* Does the pattern compile? 0; 1 = no, *expected says what; -1 = memory. */
int trigger_check(const char *pattern, struct buffer *expected);

void trigger_free(struct trigger **trigger);

/* The next piece of one text. 0 or -1 (memory). */
int trigger_feed(struct trigger *trigger, const char *text, size_t length,
                 struct failure *why);

/* Ends a text: the next piece begins another, no match spans the two. */
int trigger_boundary(struct trigger *trigger, struct failure *why);

/* After a boundary: was this rule's pattern seen? */
int trigger_found(const struct trigger *trigger, size_t rule);

/* NULL, or why a pattern could not be matched to the end. */
const char *trigger_unscannable(const struct trigger *trigger);

#endif
