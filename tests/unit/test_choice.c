/* cms_choice, and what is kept of capabilities. */
#include "unit.h"

#include "buffer.h"
#include "capabilities.h"
#include "cms_choice.h"
#include "cms_oids.h"
#include "failure.h"
#include "policy.h"
#include "pool.h"
#include "scratch.h"
#include "state.h"

#include <stdio.h>
#include <string.h>

static const struct algorithm rows[] = {
    {{"algorithms", 1}, 1, ALGORITHM_ENCRYPT, "aes-256-gcm", PERMIT_ANNOUNCED},
    {{"algorithms", 2}, 2, ALGORITHM_ENCRYPT, "aes-256-cbc", PERMIT_BOTH},
    {{"algorithms", 3}, 3, ALGORITHM_ENCRYPT, "aes-128-gcm", PERMIT_ANNOUNCED},
    {{"algorithms", 4}, 4, ALGORITHM_ENCRYPT, "aes-128-cbc", PERMIT_BOTH},
    {{"algorithms", 5}, 5, ALGORITHM_ENCRYPT, "des-ede3-cbc", PERMIT_RECEIVE},
    {{"algorithms", 6}, 1, ALGORITHM_KEYTRANSPORT, "ecdh", PERMIT_BOTH},
    {{"algorithms", 7}, 2, ALGORITHM_KEYTRANSPORT, "rsa-oaep", PERMIT_ANNOUNCED},
    {{"algorithms", 8}, 3, ALGORITHM_KEYTRANSPORT, "rsa", PERMIT_BOTH},
};
static const struct policy policy = {
    .algorithms = rows, .algorithm_count = sizeof rows / sizeof rows[0]};

/* A list with these, by name; other OIDs by their octets. */
static void announce(struct buffer *der, const char *const *names)
{
    size_t list = der_open(der, TAG_SEQUENCE);
    for (; *names; names++) {
        const struct cms_algorithm *cipher = cms_algorithm_named(*names);
        size_t one = der_open(der, TAG_SEQUENCE);
        if (cipher)
            der_put_oid(der, cipher->oid, cipher->oid_length);
        else
            der_put_oid(der, *names, strlen(*names));
        if (strcmp(*names, OID_RSA_OAEP) == 0)
            cms_wrap_oaep(der);
        der_close(der, one);
    }
    der_close(der, list);
}

/* "cipher" of what is chosen, or "" = none is. */
static const char *chosen(const char *const *names, enum cms_key key,
                          struct cms_choice *choice)
{
    struct buffer der = {0};
    struct failure why = {0};
    announce(&der, names);
    struct der list = {(unsigned char *)der.data, der.length};
    CU_ASSERT_TRUE(cms_capabilities_valid(&list));
    int rc = cms_choose(&policy, &list, key, choice, &why);
    if (rc < 0)
        CU_ASSERT_EQUAL(why.kind, FAILURE_CERT);
    buffer_free(&der);
    return rc < 0 ? "" : choice->cipher->name;
}

#define CHOSEN(...)                                                           \
    chosen((const char *const[]){__VA_ARGS__, NULL}, CMS_KEY_RSA, &choice)
#define RC2 "\x2a\x86\x48\x86\xf7\x0d\x03\x02"
#define PREFER_BINARY PKCS "\x09\x10\x0b\x01"

static void the_best_that_both_have(void)
{
    struct cms_choice choice;
    CU_ASSERT_STRING_EQUAL(CHOSEN("aes-128-cbc", "aes-256-cbc", "aes-256-gcm"),
                           "aes-256-gcm");
    CU_ASSERT_STRING_EQUAL(CHOSEN("aes-128-cbc", "aes-256-cbc", RC2),
                           "aes-256-cbc");
    CU_ASSERT_STRING_EQUAL(CHOSEN("des-ede3-cbc", "aes-128-gcm"),
                           "aes-128-gcm");
    CU_ASSERT_EQUAL(choice.transport, CMS_RSA);
    CU_ASSERT_STRING_EQUAL(CHOSEN("aes-128-cbc", OID_RSA_OAEP), "aes-128-cbc");
    CU_ASSERT_EQUAL(choice.transport, CMS_RSA_OAEP);
    CU_ASSERT_STRING_EQUAL(chosen((const char *const[]){"aes-128-cbc", NULL},
                                  CMS_KEY_EC, &choice),
                           "aes-128-cbc");
    CU_ASSERT_EQUAL(choice.transport, CMS_ECDH);
}

static void none_that_is_approved(void)
{
    struct cms_choice choice;
    CU_ASSERT_STRING_EQUAL(CHOSEN("des-ede3-cbc", RC2), "");
    CU_ASSERT_STRING_EQUAL(CHOSEN("des-ede3-cbc", PREFER_BINARY), "");
    CU_ASSERT_STRING_EQUAL(CHOSEN(RC2), "");
    CU_ASSERT_STRING_EQUAL(CHOSEN("\x2a\x03\x04"), "");
    CU_ASSERT_STRING_EQUAL(chosen((const char *const[]){"aes-256-cbc", NULL},
                                  CMS_KEY_OTHER, &choice),
                           "");
}

static void unknown_peers(void)
{
    struct cms_choice choice;
    struct failure why = {0};
    CU_ASSERT_EQUAL(cms_choose(&policy, NULL, CMS_KEY_RSA, &choice, &why), 0);
    CU_ASSERT_STRING_EQUAL(choice.cipher->name, "aes-256-cbc");
    CU_ASSERT_EQUAL(choice.transport, CMS_RSA);
    /* nor do these say anything of ciphers */
    CU_ASSERT_STRING_EQUAL(CHOSEN(PREFER_BINARY, OID_RSA_SHA256, OID_SHA256,
                                  OID_ECDSA_SHA256, OID_AES256_WRAP),
                           "aes-256-cbc");
    static const struct policy none = {0};
    CU_ASSERT_EQUAL(cms_choose(&none, NULL, CMS_KEY_RSA, &choice, &why), -1);
}

static void no_lists(void)
{
    static const char *const bad[] = {"", "\x30", "\x31\x00", "\x30\x02\x05",
                                      "\x30\x02\x30\x01", "\x05\x01x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct der list = {(const unsigned char *)bad[i], strlen(bad[i])};
        struct cms_choice choice;
        CU_ASSERT_FALSE(cms_capabilities_valid(&list));
        /* not kept, so never asked; it would count as nothing */
        CU_ASSERT_EQUAL(cms_choose(&policy, &list, CMS_KEY_RSA, &choice, NULL),
                        0);
    }
}

static void ours(void)
{
    static const struct {
        enum cms_key key;
        int oaep;
        const char *oid;
        size_t length;
    } table[] = {{CMS_KEY_RSA, 1, OID(RSA_OAEP)},
                 {CMS_KEY_EC, 0, OID(ECDH_SHA256)},
                 {CMS_KEY_RSA, 0, NULL, 0}};
    for (size_t i = 0; i < 3; i++) {
        struct buffer der = {0};
        cms_capabilities_put(&policy, table[i].key, table[i].oaep, &der);
        struct der in = {(unsigned char *)der.data, der.length};
        struct der_value list, one, oid;
        CU_ASSERT_TRUE(cms_capabilities_valid(&in));
        CU_ASSERT_TRUE(der_expect(&in, TAG_SEQUENCE, &list));
        for (size_t k = 0; k < 5; k++) {
            const struct cms_algorithm *cipher =
                cms_algorithm_named(rows[k].name);
            CU_ASSERT_TRUE(der_expect(&list.content, TAG_SEQUENCE, &one) &&
                           der_expect(&one.content, TAG_OID, &oid));
            CU_ASSERT_TRUE(
                der_equal(&oid.content, cipher->oid, cipher->oid_length));
        }
        int more = der_expect(&list.content, TAG_SEQUENCE, &one) &&
                   der_expect(&one.content, TAG_OID, &oid);
        CU_ASSERT_EQUAL(more, table[i].oid != NULL);
        if (more)
            CU_ASSERT_TRUE(
                der_equal(&oid.content, table[i].oid, table[i].length));
        buffer_free(&der);
    }
}

static struct state *state;
static struct pool *pool;

static int learn(const char *who, const char *name, long long when)
{
    struct buffer der = {0};
    struct failure why = {0};
    announce(&der, (const char *const[]){name, NULL});
    struct capabilities new = {
        {(unsigned char *)der.data, der.length}, when, 5000};
    int news = capabilities_news(state, who, &new, &why);
    CU_ASSERT_EQUAL_FATAL(state_begin(state, STATE_WRITE, &why), 0);
    int rc = state_end(state, capabilities_put(state, who, &new, &why), &why);
    CU_ASSERT_EQUAL(news, rc);
    buffer_free(&der);
    return rc;
}

static const char *known(const char *who)
{
    struct capabilities found;
    struct cms_choice choice;
    struct failure why = {0};
    int rc = capabilities_find(state, pool, who, &found, &why);
    CU_ASSERT_TRUE(rc >= 0);
    if (rc <= 0)
        return "";
    CU_ASSERT_EQUAL(found.learned, 5000);
    CU_ASSERT_EQUAL(cms_choose(&policy, &found.list, CMS_KEY_RSA, &choice,
                               &why),
                    0);
    return choice.cipher->name;
}

static void the_newest_counts(void)
{
    struct failure why = {0};
    char *folder = scratch_new();
    pool = pool_new();
    CU_ASSERT_EQUAL_FATAL(state_open(folder, STATE_WRITE, &state, &why), 0);
    CU_ASSERT_STRING_EQUAL(known("a.test"), "");
    CU_ASSERT_EQUAL(learn("a.test", "aes-128-cbc", 1000), 1);
    CU_ASSERT_STRING_EQUAL(known("a.test"), "aes-128-cbc");
    CU_ASSERT_EQUAL(learn("a.test", "aes-256-gcm", 2000), 1);
    CU_ASSERT_STRING_EQUAL(known("a.test"), "aes-256-gcm");
    CU_ASSERT_EQUAL(learn("a.test", "aes-128-cbc", 1000), 0);
    CU_ASSERT_EQUAL(learn("a.test", "aes-128-cbc", 1999), 0);
    CU_ASSERT_EQUAL(learn("a.test", "aes-128-cbc", 0), 0);
    CU_ASSERT_EQUAL(learn("a.test", "aes-256-gcm", 2100), 0); /* no news */
    CU_ASSERT_EQUAL(learn("a.test", "aes-128-cbc", 2000), 1);
    CU_ASSERT_EQUAL(learn("a.test", "aes-256-gcm", 2000), 1);
    CU_ASSERT_STRING_EQUAL(known("a.test"), "aes-256-gcm");
    /* below the domain, and of persons */
    CU_ASSERT_STRING_EQUAL(known("x.y.a.test"), "aes-256-gcm");
    CU_ASSERT_EQUAL(learn("x.a.test", "aes-256-cbc", 10), 1);
    CU_ASSERT_STRING_EQUAL(known("y.x.a.test"), "aes-256-cbc");
    CU_ASSERT_STRING_EQUAL(known("xa.test"), "");
    CU_ASSERT_STRING_EQUAL(known("bob@a.test"), "");
    CU_ASSERT_EQUAL(learn("bob@a.test", "aes-128-gcm", 10), 1);
    CU_ASSERT_STRING_EQUAL(known("bob@a.test"), "aes-128-gcm");
    state_close(&state);
    pool_free(&pool);
    scratch_free(&folder);
}

static const struct unit_test tests[] = {
    {"2.4-highest: the best that both have", the_best_that_both_have},
    {"2.4-approved: a partner that announced none that is approved",
     none_that_is_approved},
    {"2.4-highest: a partner of whom nothing is known", unknown_peers},
    {"1.7-graceful: what is no list of capabilities", no_lists},
    {"2.9-capabilities: ours are what we read, the best first", ours},
    {"2.10-cachecaps: the newest counts, never an older one again",
     the_newest_counts},
};
UNIT_SUITE(choice, tests)
