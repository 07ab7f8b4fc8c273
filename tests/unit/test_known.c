/* known and choose: certificates of others, by address and by rank. */
#include "unit.h"

#include "cert_fixture.h"
#include "choose.h"
#include "cms_fixture.h"
#include "failure.h"
#include "known.h"
#include "policy_tables.h"
#include "pool.h"
#include "scratch.h"
#include "state.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define NOW 1800000000LL
#define DAY (24LL * 60 * 60)

static struct failure why;
static char *folder, path[300];
static struct state *state;
static struct pool *pool;

static void start(void)
{
    cms_fixture_rsa(); /* starts NSS */
    folder = scratch_new();
    snprintf(path, sizeof path, "%s/state", folder);
    pool = pool_new();
    CU_ASSERT_EQUAL_FATAL(state_open(path, STATE_WRITE, &state, &why), 0);
}

static void stop(void)
{
    state_close(&state);
    pool_free(&pool);
    scratch_free(&folder);
}

static struct der public_key(void)
{
    CERTCertificate *rsa = cms_fixture_rsa()->certificate;
    return (struct der){rsa->derPublicKey.data, rsa->derPublicKey.len};
}

/* A certificate of the addresses (NULL = one of b.test). */
static struct der make(unsigned serial, long long from,
                       const char *const *addresses, size_t count)
{
    static const char *const usual[] = {"dca@b.test"};
    struct cert_plan plan = {.serial = serial, .from = from,
                             .to = from + 100 * DAY,
                             .addresses = addresses ? addresses : usual,
                             .address_count = addresses ? count : 1,
                             .public_key = public_key()};
    return cert_fixture_in(pool, &plan);
}

static int put_at(struct der certificate, enum known_source source,
                  long long seen)
{
    struct known known = {.certificate = certificate, .source = source,
                          .where = "somewhere", .first = seen, .seen = seen};
    CU_ASSERT_EQUAL_FATAL(state_begin(state, STATE_WRITE, &why), 0);
    return state_end(state, known_put(state, &known, &why), &why);
}

static int put(struct der certificate, enum known_source source)
{
    return put_at(certificate, source, NOW);
}

static size_t find(const char *address, struct known **found)
{
    size_t count = 0;
    CU_ASSERT_EQUAL(known_find(state, pool, address, found, &count, &why), 0);
    return count;
}

static int same(const struct known *known, struct der certificate)
{
    return der_equal(&known->certificate, certificate.data,
                     certificate.length);
}

static void ranks(void)
{
    static const char *const two[] = {"DCA@B.test", "other@c.test"};
    struct known *found;
    start();
    struct der old = make(1, NOW - 50 * DAY, NULL, 0);
    struct der newer = make(2, NOW - 10 * DAY, NULL, 0);
    struct der best = make(3, NOW - 90 * DAY, two, 2);
    CU_ASSERT_EQUAL(put(newer, KNOWN_LEARNED), 1);
    CU_ASSERT_EQUAL(put_at(best, KNOWN_SEEMAIL, 5), 1);
    /* met last, as a replayed message would have it */
    CU_ASSERT_EQUAL(put_at(old, KNOWN_LEARNED, NOW + DAY), 1);
    CU_ASSERT_EQUAL(put_at(best, KNOWN_UNVERIFIED, NOW), 1);
    CU_ASSERT_EQUAL_FATAL(find("dca@b.test", &found), 3);
    CU_ASSERT_TRUE(same(&found[0], best));
    CU_ASSERT_EQUAL(found[0].source, KNOWN_SEEMAIL);
    CU_ASSERT_EQUAL(found[0].first, 5);
    CU_ASSERT_EQUAL(found[0].seen, NOW);
    CU_ASSERT_STRING_EQUAL(found[0].where, "somewhere");
    CU_ASSERT_EQUAL(found[0].from, NOW - 90 * DAY);
    CU_ASSERT_EQUAL(found[0].to, NOW + 10 * DAY);
    CU_ASSERT_EQUAL(found[0].strength, 112);
    CU_ASSERT_TRUE(same(&found[1], newer));
    CU_ASSERT_TRUE(same(&found[2], old));
    CU_ASSERT_EQUAL(find("other@c.test", &found), 1);
    CU_ASSERT_EQUAL(find("dca@b.tes", &found), 0);
    CU_ASSERT_EQUAL(find("", &found), 0);
    CU_ASSERT_EQUAL(put(old, KNOWN_DIRECTORY), 1); /* a better source */
    CU_ASSERT_EQUAL(find("dca@b.test", &found), 3);
    CU_ASSERT_TRUE(same(&found[1], old));
    stop();
}

/* Whether 0 is kept: no certificate, no address. */
static void none(void)
{
    static const char *const nobody[] = {""};
    struct known *found;
    start();
    CU_ASSERT_EQUAL(put((struct der){(const unsigned char *)"0\3abc", 5},
                        KNOWN_SEEMAIL), 0);
    CU_ASSERT_EQUAL(put(make(1, NOW, nobody, 0), KNOWN_SEEMAIL), 0);
    CU_ASSERT_EQUAL(find("dca@b.test", &found), 0);
    stop();
}

static void by_signature(void)
{
    static const char *const addresses[] = {"dca@b.test"};
    struct cert_plan plan = {.serial = 7, .from = NOW, .to = NOW + DAY,
                             .addresses = addresses, .address_count = 1,
                             .identifier = "key one",
                             .public_key = public_key()};
    static const unsigned char issuer[] = {0x30, 0x0d, 0x31, 0x0b, 0x30,
                                           0x09, 0x06, 0x03, 0x55, 0x04,
                                           0x06, 0x13, 0x02, 'N',  'Z'};
    struct der name = {issuer, sizeof issuer};
    struct der serial = {(const unsigned char *)"\7", 1};
    struct der other = {(const unsigned char *)"\10", 1};
    struct der identifier = {(const unsigned char *)"key one", 7};
    struct known *found;
    size_t count;
    start();
    struct der certificate = cert_fixture_in(pool, &plan);
    CU_ASSERT_EQUAL(put(certificate, KNOWN_LEARNED), 1);
    CU_ASSERT_EQUAL(known_find_signer(state, pool, &name, &serial, NULL,
                                      &found, &count, &why), 0);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_TRUE(same(&found[0], certificate));
    CU_ASSERT_EQUAL(known_find_signer(state, pool, &name, &other, NULL,
                                      &found, &count, &why), 0);
    CU_ASSERT_EQUAL(count, 0);
    CU_ASSERT_EQUAL(known_find_signer(state, pool, NULL, NULL, &identifier,
                                      &found, &count, &why), 0);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    CU_ASSERT_EQUAL(known_get(state, pool, found[0].fingerprint, 4, &found,
                              &count, &why), 0);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    /* forgotten, it is found by nothing */
    CU_ASSERT_EQUAL(state_begin(state, STATE_WRITE, &why), 0);
    CU_ASSERT_EQUAL(state_end(state, known_forget(state, found[0].fingerprint,
                                                  &why), &why), 1);
    CU_ASSERT_EQUAL(find("dca@b.test", &found), 0);
    CU_ASSERT_EQUAL(known_find_signer(state, pool, NULL, NULL, &identifier,
                                      &found, &count, &why), 0);
    CU_ASSERT_EQUAL(count, 0);
    CU_ASSERT_EQUAL(state_begin(state, STATE_READ, &why), 0);
    CU_ASSERT_EQUAL(state_count(state, STATE_SUBJECTS, &count, &why), 0);
    CU_ASSERT_EQUAL(state_end(state, 0, &why), 0);
    CU_ASSERT_EQUAL(count, 0);
    stop();
}

static void flood_of_one(void)
{
    struct known *found;
    size_t count;
    start();
    struct der good = make(1, NOW - 80 * DAY, NULL, 0);
    CU_ASSERT_EQUAL(put(good, KNOWN_SEEMAIL), 1);
    for (unsigned i = 0; i < 3 * KNOWN_LEARNED_PER_ADDRESS; i++)
        put(make(1000 + i, NOW - 60 * DAY + i, NULL, 0), KNOWN_LEARNED);
    CU_ASSERT_EQUAL_FATAL(find("dca@b.test", &found),
                          KNOWN_LEARNED_PER_ADDRESS + 1);
    CU_ASSERT_TRUE(same(&found[0], good));
    CU_ASSERT_EQUAL(found[1].from,
                    NOW - 60 * DAY + 3 * KNOWN_LEARNED_PER_ADDRESS - 1);
    /* an older one does not come in, a newer one does */
    CU_ASSERT_EQUAL(put(make(5000, NOW - 70 * DAY, NULL, 0), KNOWN_LEARNED), 0);
    CU_ASSERT_EQUAL(put(make(5001, NOW - DAY, NULL, 0), KNOWN_LEARNED), 1);
    for (unsigned i = 0; i < 2 * KNOWN_PER_ADDRESS; i++)
        put(make(2000 + i, NOW - 50 * DAY + i, NULL, 0), KNOWN_DIRECTORY);
    CU_ASSERT_EQUAL_FATAL(find("dca@b.test", &found), KNOWN_PER_ADDRESS);
    CU_ASSERT_TRUE(same(&found[0], good));
    CU_ASSERT_EQUAL(found[KNOWN_PER_ADDRESS - 1].source, KNOWN_DIRECTORY);
    CU_ASSERT_EQUAL(known_count(state, &count, &why), 0);
    CU_ASSERT_EQUAL(count, KNOWN_PER_ADDRESS);
    stop();
}

static int room(size_t more, size_t most)
{
    CU_ASSERT_EQUAL_FATAL(state_begin(state, STATE_WRITE, &why), 0);
    return state_end(state, known_room(state, more, most, &why), &why);
}

static void flood_of_many(void)
{
    char text[30];
    const char *address = text;
    struct known *found;
    size_t count;
    start();
    for (unsigned i = 0; i < 30; i++) {
        snprintf(text, sizeof text, "dca@%u.test", i);
        put_at(make(i + 1, NOW, &address, 1),
               i < 10 ? KNOWN_LEARNED : i < 20 ? KNOWN_UNVERIFIED
                                               : KNOWN_DIRECTORY,
               NOW - i);
    }
    CU_ASSERT_EQUAL(room(1, 100), 0);
    CU_ASSERT_EQUAL(known_count(state, &count, &why), 0);
    CU_ASSERT_EQUAL(count, 30);
    CU_ASSERT_EQUAL(room(1, 30), 0); /* the unverified one met first */
    CU_ASSERT_EQUAL(find("dca@19.test", &found), 0);
    CU_ASSERT_EQUAL(find("dca@18.test", &found), 1);
    CU_ASSERT_EQUAL(room(5, 20), 0);
    CU_ASSERT_EQUAL(find("dca@10.test", &found), 0);
    CU_ASSERT_EQUAL(find("dca@9.test", &found), 0);
    CU_ASSERT_EQUAL(find("dca@0.test", &found), 1);
    CU_ASSERT_EQUAL(find("dca@29.test", &found), 1);
    CU_ASSERT_EQUAL(room(1, 10), -1); /* directories' stay */
    CU_ASSERT_EQUAL(why.kind, FAILURE_LIMIT);
    CU_ASSERT_EQUAL(find("dca@0.test", &found), 1);
    stop();
}

static void expires(void)
{
    struct known *found;
    size_t gone = 0;
    start();
    put(make(1, NOW - 300 * DAY, NULL, 0), KNOWN_SEEMAIL);
    put(make(2, NOW - 105 * DAY, NULL, 0), KNOWN_LEARNED);
    put(make(3, NOW, NULL, 0), KNOWN_LEARNED);
    CU_ASSERT_EQUAL(state_begin(state, STATE_WRITE, &why), 0);
    CU_ASSERT_EQUAL(state_end(state, known_expire(state, NOW - 90 * DAY, &gone,
                                                  &why), &why), 0);
    CU_ASSERT_EQUAL(gone, 1);
    CU_ASSERT_EQUAL(find("dca@b.test", &found), 2);
    stop();
}

/* Good are those whose serial number is in the list; with a "?" behind it,
 * tolerated. */
static int judge(void *context, const struct known *known,
                 CERTCertificate *candidate, char *reason_r, size_t size,
                 struct failure *error)
{
    const char *good = context;
    (void)known;
    if (*good == 'x')
        return failure(error, FAILURE_MEMORY, "no");
    snprintf(reason_r, size, "number %d", candidate->serialNumber.data[0]);
    const char *found = strchr(good, '0' + candidate->serialNumber.data[0]);
    return !found ? 0 : found[1] == '?' ? CHOOSE_TOLERATED
                      : found[1] == '!' ? CHOOSE_KEY_OUT : CHOOSE_GOOD;
}

static int chosen(const char *good, enum known_source least, char *reason,
                  size_t size)
{
    CERTCertificate *certificate = NULL;
    struct known *found;
    size_t which, count = find("dca@b.test", &found);
    char list[20];
    snprintf(list, sizeof list, "%s", good);
    int rc = choose(found, count, least, judge, list, &certificate, &which,
                    reason, size, &why);
    if (rc <= 0)
        return rc;
    int serial = certificate->serialNumber.data[0];
    CU_ASSERT_TRUE(der_equal(&found[which].certificate,
                             certificate->derCert.data,
                             certificate->derCert.len));
    CERT_DestroyCertificate(certificate);
    return serial;
}

static void best_wins(void)
{
    char reason[100];
    start();
    CU_ASSERT_EQUAL(chosen("1", KNOWN_LEARNED, reason, sizeof reason), 0);
    CU_ASSERT_STRING_EQUAL(reason, "");
    put(make(1, NOW, NULL, 0), KNOWN_LEARNED);
    put(make(2, NOW - DAY, NULL, 0), KNOWN_SEEMAIL);
    put(make(3, NOW + DAY, NULL, 0), KNOWN_UNVERIFIED);
    put(make(4, NOW - 2 * DAY, NULL, 0), KNOWN_SEEMAIL);
    CU_ASSERT_EQUAL(chosen("1234", KNOWN_LEARNED, reason, sizeof reason), 2);
    CU_ASSERT_EQUAL(chosen("134", KNOWN_LEARNED, reason, sizeof reason), 4);
    CU_ASSERT_EQUAL(chosen("13", KNOWN_LEARNED, reason, sizeof reason), 1);
    CU_ASSERT_EQUAL(chosen("3", KNOWN_LEARNED, reason, sizeof reason), 0);
    CU_ASSERT_STRING_EQUAL(reason, "number 2"); /* of the best */
    CU_ASSERT_EQUAL(chosen("3", KNOWN_UNVERIFIED, reason, sizeof reason), 3);
    CU_ASSERT_EQUAL(chosen("1234", KNOWN_PINNED, reason, sizeof reason), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(reason, "only seemail"));
    CU_ASSERT_EQUAL(chosen("2?4?1", KNOWN_LEARNED, reason, sizeof reason), 1);
    CU_ASSERT_EQUAL(chosen("4?1?", KNOWN_LEARNED, reason, sizeof reason), 4);
    /* All have one key: a newer one that is out for it takes it from all. */
    CU_ASSERT_EQUAL(chosen("2!4", KNOWN_LEARNED, reason, sizeof reason), 0);
    CU_ASSERT_EQUAL(chosen("241!", KNOWN_LEARNED, reason, sizeof reason), 0);
    CU_ASSERT_EQUAL(chosen("241!", KNOWN_SEEMAIL, reason, sizeof reason), 0);
    CU_ASSERT_STRING_EQUAL(reason, "number 1");
    CU_ASSERT_EQUAL(chosen("2?4?1!", KNOWN_LEARNED, reason, sizeof reason), 0);
    CU_ASSERT_EQUAL(chosen("2?4!", KNOWN_LEARNED, reason, sizeof reason), 2);
    CU_ASSERT_EQUAL(chosen("x", KNOWN_LEARNED, reason, sizeof reason), -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_MEMORY);
    stop();
}

/* CPU seconds of looking one address up a thousand times; the least of five. */
static double cost_of_finding(const char *address)
{
    double least = 1e9;
    for (int round = 0; round < 5; round++) {
        clock_t began = clock();
        for (int i = 0; i < 1000; i++) {
            struct pool *own = pool_new();
            struct known *found;
            size_t count = 0;
            known_find(state, own, address, &found, &count, &why);
            CU_ASSERT_EQUAL_FATAL(count, 1);
            pool_free(&own);
        }
        double cost = (double)(clock() - began) / CLOCKS_PER_SEC;
        least = cost < least ? cost : least;
    }
    return least;
}

/* Among 10 and among 5,000; make bench has the figures for 100,000. */
static void scale(void)
{
    double few = 0, many;
    char text[40];
    const char *address = text;
    start();
    for (unsigned n = 0; n < 5000; n++) {
        if (n == 10)
            few = cost_of_finding("dca@5.test");
        if (n % 500 == 0 || n == 10)
            CU_ASSERT_EQUAL_FATAL(state_begin(state, STATE_WRITE, &why), 0);
        snprintf(text, sizeof text, "dca@%u.test", n);
        struct known known = {.certificate = make(n + 1, NOW, &address, 1),
                              .source = KNOWN_SEEMAIL, .where = "x"};
        CU_ASSERT_EQUAL(known_put(state, &known, &why), 1);
        if (n % 500 == 499 || n == 9)
            CU_ASSERT_EQUAL_FATAL(state_end(state, 0, &why), 0);
    }
    many = cost_of_finding("dca@4321.test");
    CU_ASSERT_TRUE(many < 10 * few); /* a walk would be some 500 times */
    stop();
}

static void source_words(void)
{
    for (size_t i = 0; i < policy_setting_count; i++) {
        const struct table_column *column = &policy_settings[i].column;
        if (strcmp(column->name, "seal-source") != 0)
            continue;
        for (int source = 0; source < KNOWN_SOURCES; source++)
            CU_ASSERT_STRING_EQUAL(column->words[source],
                                   known_source_word(source));
        CU_ASSERT_PTR_NULL(column->words[KNOWN_SOURCES]);
    }
    enum known_source source;
    CU_ASSERT_EQUAL(known_source_find("seemail", &source), 1);
    CU_ASSERT_EQUAL(source, KNOWN_SEEMAIL);
    CU_ASSERT_EQUAL(known_source_find("other", &source), 0);
}

static const struct unit_test tests[] = {
    {"2.8-store: found by address, the best source first, then the newest",
     ranks},
    {"2.8-store: what is no certificate or has no address is not kept", none},
    {"2.10-nocerts: found by issuer and serial number, and by key identifier",
     by_signature},
    {"2.8-store: a flood for one address is bounded", flood_of_one},
    {"2.8-store: a flood of many is bounded, unverified ones leave first",
     flood_of_many},
    {"2.8-store: those long expired leave", expires},
    {"2.8-store: the best that is valid wins, one that is not stops nothing",
     best_wins},
    {"1.8-scale: one of thousands of partners is found as fast as one of ten", scale},
    {"2.8-store: settings have the words for sources", source_words},
};
UNIT_SUITE(known, tests)
