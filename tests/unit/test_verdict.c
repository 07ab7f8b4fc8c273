/* verdict: every value has one word, and back. */
#include "unit.h"

#include "verdict.h"

static void words_are_one_to_one(void)
{
    for (int i = 0; i < VERDICTS; i++) {
        const char *word = verdict_word((enum verdict)i);
        CU_ASSERT_PTR_NOT_NULL_FATAL(word);
        CU_ASSERT_EQUAL(verdict_find(word), i);
    }
    CU_ASSERT_EQUAL(verdict_find("fine"), -1);
    CU_ASSERT_STRING_EQUAL(verdict_word((enum verdict)99), "malformed");
}

static void good_never_hides_a_finding(void)
{
    CU_ASSERT_EQUAL(verdict_worse(VERDICT_GOOD, VERDICT_ALTERED),
                    VERDICT_ALTERED);
    CU_ASSERT_EQUAL(verdict_worse(VERDICT_EXPIRED, VERDICT_GOOD),
                    VERDICT_EXPIRED);
}

static const struct unit_test tests[] = {
    {"verdict: words are one to one", words_are_one_to_one},
    {"verdict: good never hides a finding", good_never_hides_a_finding},
};
UNIT_SUITE(verdict, tests)
