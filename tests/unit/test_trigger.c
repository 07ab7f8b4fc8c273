/* trigger: markings are found however they are written and cut. */
#include "unit.h"

#include "failure.h"
#include "trigger.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD(words) "[\\[{]\\s*" words "\\s*[\\]}]"

static const struct trigger_rule rules[] = {
    {"SEEMAIL", WORD("SEEMAIL")},
    {"IN CONFIDENCE", WORD("IN\\s+CONFIDENCE")},
    {"SENSITIVE", WORD("SENSITIVE")},
    {"RESTRICTED", WORD("RESTRICTED")},
};
#define RULES (sizeof rules / sizeof rules[0])

/* Feeds the text in pieces of the given size; the rules found, as bits. */
static unsigned found(const char *text, size_t length, size_t piece)
{
    struct trigger *trigger;
    struct failure why;
    unsigned bits = 0;
    CU_ASSERT_EQUAL_FATAL(trigger_new(rules, RULES, &trigger, &why), 0);
    for (size_t at = 0; at < length; at += piece) {
        size_t part = length - at < piece ? length - at : piece;
        CU_ASSERT_EQUAL(trigger_feed(trigger, text + at, part, &why), 0);
    }
    CU_ASSERT_EQUAL(trigger_boundary(trigger, &why), 0);
    for (size_t i = 0; i < RULES; i++)
        bits |= (unsigned)trigger_found(trigger, i) << i;
    CU_ASSERT_PTR_NULL(trigger_unscannable(trigger));
    trigger_free(&trigger);
    return bits;
}

static void all_brackets_and_words(void)
{
    static const char left[] = "[{", right[] = "]}";
    for (size_t word = 0; word < RULES; word++)
        for (int pair = 0; pair < 4; pair++) {
            char text[64];
            int n = snprintf(text, sizeof text, "Re: %c%s%c x", left[pair / 2],
                             rules[word].marking, right[pair % 2]);
            CU_ASSERT_EQUAL(found(text, (size_t)n, 1), 1U << word);
        }
}

static void any_case(void)
{
    char text[] = "[In cOnFiDeNcE]";
    CU_ASSERT_EQUAL(found(text, strlen(text), 99), 2);
    for (char *c = text; *c; c++)
        *c = (char)(islower((unsigned char)*c) ? toupper((unsigned char)*c)
                                               : tolower((unsigned char)*c));
    CU_ASSERT_EQUAL(found(text, strlen(text), 99), 2);
    CU_ASSERT_EQUAL(found("[seEMaiL]", 9, 99), 1);
}

static void folded_and_near_misses(void)
{
    const char *folded = "{ IN\r\n\tCONFIDENCE ]";
    CU_ASSERT_EQUAL(found(folded, strlen(folded), 3), 2);
    static const char *const no[] = {"SEEMAIL", "(SEEMAIL)", "[SEEMAILS]",
                                     "[INCONFIDENCE]", "[SENSITIVE",
                                     "SENSITIVE]", "[]"};
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        CU_ASSERT_EQUAL(found(no[i], strlen(no[i]), 2), 0);
    CU_ASSERT_EQUAL(found("\xff[SENSITIVE]\xc3", 13, 4), 4);
}

static void across_every_window_edge(void)
{
    size_t length = 140000;
    char *text = malloc(length);
    memset(text, 'x', length);
    for (size_t at = 65500; at < 65560; at++) {
        memcpy(text + at, "[RESTRICTED]", 12);
        CU_ASSERT_EQUAL(found(text, length, 5000), 8);
        memset(text + at, 'x', 12);
    }
    CU_ASSERT_EQUAL(found(text, length, 5000), 0);
    free(text);
}

/* ^, $ and \b mean the text's edges and words, not the window's. */
static void edges_are_those_of_the_text(void)
{
    static const struct trigger_rule edgy[] = {
        {"A", "^SECRET"}, {"B", "SECRET$"}, {"C", "\\bSECRET\\b"}};
    size_t length = 140000;
    char *text = malloc(length);
    memset(text, 'x', length);
    for (size_t at = 64480; at < 65560; at++) {
        struct trigger *trigger;
        struct failure why;
        if (at > 64530 && at < 65500)
            continue;
        memcpy(text + at, "SECRET", 6);
        CU_ASSERT_EQUAL_FATAL(trigger_new(edgy, 3, &trigger, &why), 0);
        trigger_feed(trigger, text, length, &why);
        trigger_boundary(trigger, &why);
        for (size_t rule = 0; rule < 3; rule++)
            CU_ASSERT_FALSE(trigger_found(trigger, rule));
        trigger_feed(trigger, " SECRET", 7, &why);
        trigger_boundary(trigger, &why);
        CU_ASSERT_FALSE(trigger_found(trigger, 0));
        CU_ASSERT_TRUE(trigger_found(trigger, 1));
        CU_ASSERT_TRUE(trigger_found(trigger, 2));
        trigger_free(&trigger);
        memset(text + at, 'x', 6);
    }
    free(text);
}

static void texts_do_not_join(void)
{
    struct trigger *trigger;
    struct failure why;
    CU_ASSERT_EQUAL_FATAL(trigger_new(rules, RULES, &trigger, &why), 0);
    trigger_feed(trigger, "[SENSI", 6, &why);
    trigger_boundary(trigger, &why);
    trigger_feed(trigger, "TIVE]", 5, &why);
    trigger_boundary(trigger, &why);
    CU_ASSERT_FALSE(trigger_found(trigger, 2));
    trigger_free(&trigger);
}

static void bad_pattern_is_named(void)
{
    static const struct trigger_rule bad[] = {{"X", "ab(c"}};
    struct trigger *trigger;
    struct failure why;
    CU_ASSERT_EQUAL(trigger_new(bad, 1, &trigger, &why), -1);
    CU_ASSERT_PTR_NULL(trigger);
    CU_ASSERT_EQUAL(why.kind, FAILURE_POLICY);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "\"ab(c\", character 5"));
}

/* Short texts are matched without JIT, long ones with it. */
static void runs_away(size_t length)
{
    static const struct trigger_rule evil[] = {{"X", "(a+)+$"}};
    struct trigger *trigger;
    struct failure why;
    char *text = malloc(length);
    memset(text, 'a', length);
    text[length - 1] = 'b';
    CU_ASSERT_EQUAL_FATAL(trigger_new(evil, 1, &trigger, &why), 0);
    CU_ASSERT_EQUAL(trigger_feed(trigger, text, length, &why), 0);
    CU_ASSERT_EQUAL(trigger_boundary(trigger, &why), 0);
    CU_ASSERT_PTR_NOT_NULL(trigger_unscannable(trigger));
    CU_ASSERT_FALSE(trigger_found(trigger, 0));
    trigger_free(&trigger);
    free(text);
}

static void runaway_pattern_is_unscannable(void)
{
    runs_away(4001);
    runs_away(40001);
    runs_away(140001);
}

static const struct unit_test tests[] = {
    {"2.1-brackets: every pair of brackets around every word",
     all_brackets_and_words},
    {"2.1-case: any mix of case", any_case},
    {"2.1-triggers: folded, among broken UTF-8, and near misses",
     folded_and_near_misses},
    {"trigger: found across every window's edge", across_every_window_edge},
    {"trigger: ^, $ and \\b know the text's edges",
     edges_are_those_of_the_text},
    {"trigger: two texts do not join", texts_do_not_join},
    {"trigger: a bad pattern is named", bad_pattern_is_named},
    {"trigger: a runaway pattern is unscannable",
     runaway_pattern_is_unscannable},
};
UNIT_SUITE(trigger, tests)
