/* known: certificates of others, by address and by rank. */
#include "unit.h"

#include "cms_fixture.h"
#include "failure.h"
#include "known.h"
#include "pool.h"
#include "scratch.h"
#include "state.h"

#include <stdio.h>
#include <string.h>

static struct failure why;

static void put(struct state *state, const char *der, enum known_source source,
                long long seen)
{
    static const char *const addresses[] = {"x@b.test", "y@b.test"};
    struct known known = {{(const unsigned char *)der, strlen(der)}, source,
                          "somewhere", seen, seen};
    CU_ASSERT_EQUAL(state_begin(state, STATE_WRITE, &why), 0);
    CU_ASSERT_EQUAL(state_end(state, known_put(state, &known, addresses, 2,
                                               &why), &why), 0);
}

static void ranks(void)
{
    char *folder = scratch_new(), path[300];
    struct state *state = NULL;
    struct pool *pool = pool_new();
    struct known *found;
    size_t count;
    CU_ASSERT_PTR_NOT_NULL(cms_fixture_rsa()); /* starts NSS */
    snprintf(path, sizeof path, "%s/state", folder);
    CU_ASSERT_EQUAL_FATAL(state_open(path, STATE_WRITE, &state, &why), 0);
    put(state, "one", KNOWN_LEARNED, 10);
    put(state, "two", KNOWN_SEEMAIL, 5);
    put(state, "three", KNOWN_LEARNED, 20);
    put(state, "two", KNOWN_UNVERIFIED, 30); /* its source stays the best */
    CU_ASSERT_EQUAL(known_count(state, &count, &why), 0);
    CU_ASSERT_EQUAL(count, 3);
    CU_ASSERT_EQUAL(known_find(state, pool, "y@b.test", &found, &count, &why),
                    0);
    CU_ASSERT_EQUAL_FATAL(count, 3);
    CU_ASSERT_TRUE(der_equal(&found[0].certificate, "two", 3));
    CU_ASSERT_EQUAL(found[0].source, KNOWN_SEEMAIL);
    CU_ASSERT_EQUAL(found[0].first, 5);
    CU_ASSERT_EQUAL(found[0].seen, 30);
    CU_ASSERT_STRING_EQUAL(found[0].where, "somewhere");
    CU_ASSERT_TRUE(der_equal(&found[1].certificate, "three", 5));
    CU_ASSERT_EQUAL(known_find(state, pool, "y@b.tes", &found, &count, &why),
                    0);
    CU_ASSERT_EQUAL(count, 0);
    state_close(&state);
    pool_free(&pool);
    scratch_free(&folder);
}

static const struct unit_test tests[] = {
    {"2.8-store: found by address, the best source first", ranks},
};
UNIT_SUITE(known, tests)
