/* unit: runs all suites, or the one named on the command line. */
#include "unit.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    const char *name;
    const struct unit_test *tests;
    size_t count;
} suites[64];
static size_t suite_count;

void unit_register(const char *suite, const struct unit_test *tests,
                   size_t count)
{
    if (suite_count == sizeof suites / sizeof suites[0])
        abort();
    suites[suite_count].name = suite;
    suites[suite_count].tests = tests;
    suites[suite_count++].count = count;
}

const char *unit_corpora(void)
{
    const char *folder = getenv("CORPORA");
    if (!folder)
        folder = "../shared/corpora";
    if (access(folder, R_OK) == 0)
        return folder;
    printf("(skipped: no test data at %s) ", folder);
    return NULL;
}

static int add_suites(const char *only)
{
    int added = 0;
    for (size_t i = 0; i < suite_count; i++) {
        if (only && strcmp(only, suites[i].name) != 0)
            continue;
        CU_pSuite suite = CU_add_suite(suites[i].name, NULL, NULL);
        for (size_t t = 0; suite && t < suites[i].count; t++)
            if (!CU_add_test(suite, suites[i].tests[t].name,
                             suites[i].tests[t].run))
                return 0;
        added += suite != NULL;
    }
    return added;
}

int main(int argc, char **argv)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    if (!add_suites(argc > 1 ? argv[1] : NULL)) {
        fprintf(stderr, "no such suite\n");
        return 1;
    }
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    int failures = CU_get_number_of_failures() > 0;
    CU_cleanup_registry();
    return failures;
}
