/* address: the suffix rule, and no look-alike. */
#include "unit.h"

#include "address.h"
#include "pool.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void canonical_domains(void)
{
    struct pool *pool = pool_new();
    char *domain = NULL;
    CU_ASSERT_EQUAL(domain_canonical(pool, "Mail.Agency.GOVT.nz", 19, &domain),
                    1);
    CU_ASSERT_STRING_EQUAL(domain, "mail.agency.govt.nz");
    CU_ASSERT_EQUAL(domain_canonical(pool, "xn--mori-qsa.test", 17, &domain),
                    1);
    static const char *const bad[] = {
        "",       ".",         "a..b",   ".a",    "a.test.", "-a.test",
        "a-.test", "a.test-",  "a b",    "a_b",   "m\xc4\x81ori.test",
        "a.\321\202est",    "a@b",    "[1.2.3.4]"};
    for (size_t i = 0; i < COUNT(bad); i++)
        CU_ASSERT_EQUAL(domain_canonical(pool, bad[i], strlen(bad[i]), &domain),
                        0);
    CU_ASSERT_EQUAL(domain_canonical(pool, "a\0.test", 7, &domain), 0);
    char label[70];
    memset(label, 'a', sizeof label);
    CU_ASSERT_EQUAL(domain_canonical(pool, label, 63, &domain), 1);
    CU_ASSERT_EQUAL(domain_canonical(pool, label, 64, &domain), 0);
    pool_free(&pool);
}

static void same_or_descendant(void)
{
    CU_ASSERT_TRUE(domain_within("agency.test", "agency.test"));
    CU_ASSERT_TRUE(domain_within("sub.agency.test", "agency.test"));
    CU_ASSERT_FALSE(domain_within("agency.test", "sub.agency.test"));
    CU_ASSERT_FALSE(domain_within("xagency.test", "agency.test"));
    CU_ASSERT_FALSE(domain_within("agency.test.evil", "agency.test"));
    CU_ASSERT_FALSE(domain_within("agency.test", ""));
}

static void parses_addresses(void)
{
    struct pool *pool = pool_new();
    struct address address;
    CU_ASSERT_EQUAL(address_parse(pool, "Jo.Doe+x@A.Test", 15, &address), 1);
    CU_ASSERT_STRING_EQUAL(address.local, "jo.doe+x");
    CU_ASSERT_STRING_EQUAL(address.domain, "a.test");
    CU_ASSERT_EQUAL(address_parse(pool, "\"a@b c\"@a.test", 14, &address), 1);
    CU_ASSERT_STRING_EQUAL(address.domain, "a.test");
    static const char *const bad[] = {
        "",         "a",        "@a.test",       "a@",           "a@b@c.test",
        "a b@c.de", "a..b@c.de", ".a@c.de",      "a.@c.de",      "a@c.test.",
        "<a@c.de>", "\"a@c.de", "\"a\\\"@c.de",  "\"\"@c.de",    "a\n@c.de",
        "a@c.de ",  "a@evil.test\t@c.de"};
    for (size_t i = 0; i < COUNT(bad); i++)
        CU_ASSERT_EQUAL(address_parse(pool, bad[i], strlen(bad[i]), &address),
                        0);
    CU_ASSERT_EQUAL(address_parse(pool, "a\0@c.de", 7, &address), 0);
    pool_free(&pool);
}

static void covers_what_the_entry_says(void)
{
    struct address mail = {"jo", "sub.b.test"};
    CU_ASSERT_TRUE(address_covered(&mail, "*@sub.b.test"));
    CU_ASSERT_FALSE(address_covered(&mail, "*@b.test"));
    CU_ASSERT_TRUE(address_covered(&mail, "*@.b.test"));
    CU_ASSERT_TRUE(address_covered(&mail, "*@.sub.b.test"));
    CU_ASSERT_TRUE(address_covered(&mail, "jo@sub.b.test"));
    CU_ASSERT_FALSE(address_covered(&mail, "joe@sub.b.test"));
    CU_ASSERT_FALSE(address_covered(&mail, "jo@b.test"));
    CU_ASSERT_FALSE(address_covered(&mail, "sub.b.test"));
    CU_ASSERT_FALSE(address_covered(&mail, "*@"));
}

static void words_hold_any_address(void)
{
    struct pool *pool = pool_new();
    static const struct {
        const char *address, *word;
    } table[] = {
        {"Amy.b+c_d-1@a.test", "Amy.b+c_d-1@a.test"},
        {"o'brien=x@a.test", "o=27brien=3Dx@a.test"},
        {"\"a \\\"$b\"@a.test", "=22a=20=5C=22=24b=22@a.test"},
        {"j\xc3\xbc@a.test", "j=C3=BC@a.test"},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        char *word = address_word(pool, table[i].address);
        CU_ASSERT_STRING_EQUAL(word, table[i].word);
        address_unword(word);
        CU_ASSERT_STRING_EQUAL(word, table[i].address);
    }
    char odd[] = "a=zz=4";
    address_unword(odd);
    CU_ASSERT_STRING_EQUAL(odd, "a=zz=4");
    pool_free(&pool);
}

static const struct unit_test tests[] = {
    {"2.6-mapping: no look-alike is a domain", canonical_domains},
    {"2.6-mapping: the same domain or a descendant", same_or_descendant},
    {"address: parses, or says no", parses_addresses},
    {"2.12-frequency: any address as one word", words_hold_any_address},
    {"2.1-trusted-list: an entry covers what it says",
     covers_what_the_entry_says},
};
UNIT_SUITE(address, tests)
