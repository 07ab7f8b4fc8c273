#ifndef SEEMAIL_UNIT_H
#define SEEMAIL_UNIT_H

/*
 * unit: the CUnit program. A suite is a file test_noun.c with one
 * constructor-registered table:
 *
 *     static const struct unit_test tests[] = {{"2.1-case ...", f}, ...};
 *     UNIT_SUITE(noun, tests)
 */

#include <CUnit/CUnit.h>
#include <stddef.h>

struct unit_test {
    const char *name;
    void (*run)(void);
};

void unit_register(const char *suite, const struct unit_test *tests,
                   size_t count);

/* The folder of other projects' test data, or NULL (say so and return). */
const char *unit_corpora(void);

#define UNIT_SUITE(noun, table)                                               \
    __attribute__((constructor)) static void register_##noun(void)            \
    {                                                                         \
        unit_register(#noun, table, sizeof(table) / sizeof((table)[0]));      \
    }

#endif
