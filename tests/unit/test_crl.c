/* crl: what is a CRL, and what is none. */
#include "unit.h"

#include "buffer.h"
#include "cms_oids.h"
#include "crl.h"
#include "crl_index.h"
#include "extension.h"
#include "failure.h"
#include "pool.h"
#include "revocation.h"

#include <string.h>

/* One CRL; what a test does not set is as it should be. */
struct plan {
    int version;             /* 0 = 2; 1 = none; 3 */
    const char *inner, *outer; /* OIDs of the algorithm */
    const char *this, *next; /* UTCTime; "" = none */
    int this_tag;            /* 0 = UTCTime */
    const char *entry;       /* raw entries */
    size_t entry_length;
    const char *extensions;  /* raw Extensions */
    size_t extensions_length;
    int unused_bits;
    const char *after; /* within the TBSCertList */
};
#define RAW(text) text, sizeof(text) - 1

static struct failure why;

static void put_algorithm(struct buffer *out, const char *oid)
{
    size_t open = der_open(out, TAG_SEQUENCE);
    der_put_oid(out, oid ? oid : OID_RSA_SHA256,
                strlen(oid ? oid : OID_RSA_SHA256));
    der_put(out, TAG_NULL, "", 0);
    der_close(out, open);
}

static void put_time(struct buffer *out, const char *text,
                     const char *otherwise, int tag)
{
    const char *time = text ? text : otherwise;
    if (*time)
        der_put(out, tag ? tag : TAG_UTC_TIME, time, strlen(time));
}

static void put_tbs(struct buffer *out, const struct plan *plan)
{
    size_t tbs = der_open(out, TAG_SEQUENCE), open, inside;
    if (plan->version != 1)
        der_put_small(out, plan->version ? (unsigned)plan->version - 1 : 1);
    put_algorithm(out, plan->inner);
    open = der_open(out, TAG_SEQUENCE);
    der_close(out, open);
    put_time(out, plan->this, "260101000000Z", plan->this_tag);
    put_time(out, plan->next, "260201000000Z", 0);
    if (plan->entry) {
        open = der_open(out, TAG_SEQUENCE);
        buffer_append(out, plan->entry, plan->entry_length);
        der_close(out, open);
    }
    if (plan->extensions) {
        open = der_open(out, TAG_CONTEXT | TAG_CONSTRUCTED | 0);
        inside = der_open(out, TAG_SEQUENCE);
        buffer_append(out, plan->extensions, plan->extensions_length);
        der_close(out, inside);
        der_close(out, open);
    }
    if (plan->after)
        buffer_text(out, plan->after);
    der_close(out, tbs);
}

static void make(struct buffer *out, const struct plan *plan)
{
    const char signature[] = {(char)plan->unused_bits, 1, 2, 3};
    size_t open = der_open(out, TAG_SEQUENCE);
    put_tbs(out, plan);
    put_algorithm(out, plan->outer);
    der_put(out, TAG_BIT_STRING, signature, sizeof signature);
    der_close(out, open);
}

/* Reads it with all its entries: their number, or -1. */
static int read_all(const struct buffer *data, struct crl *crl)
{
    struct der whole = {(const unsigned char *)data->data, data->length};
    struct crl_walk walk;
    struct crl_entry entry;
    int count = 0, rc;
    if (crl_read(&whole, crl, &why) < 0)
        return -1;
    crl_walk(crl, &walk);
    while ((rc = crl_walk_next(&walk, &entry, &why)) > 0)
        count++;
    return rc < 0 ? -1 : count;
}

static int reads(const struct plan *plan)
{
    struct buffer out = {0};
    struct crl crl;
    make(&out, plan);
    int count = read_all(&out, &crl);
    buffer_free(&out);
    return count;
}

/* Pieces: an entry with serial 5; extensions. */
#define DATE "\x17\x0d" "260101000000Z"
#define ENTRY "\x30\x12\x02\x01\x05" DATE
#define ENTRY_WITH(length, list) "\x30" length "\x02\x01\x05" DATE list
#define REASON(code) "\x30\x0c\x30\x0a\x06\x03" OID_CE_REASON_CODE \
    "\x04\x03\x0a\x01" code
#define NUMBER "\x30\x0a\x06\x03" OID_CE_CRL_NUMBER "\x04\x03\x02\x01\x07"
#define DELTA "\x30\x0d\x06\x03" OID_CE_DELTA_INDICATOR \
    "\x01\x01\xff\x04\x03\x02\x01\x06"
#define UNKNOWN "\x30\x08\x06\x02\x2a\x03\x04\x02\x05\x00"
#define UNKNOWN_CRITICAL "\x30\x0b\x06\x02\x2a\x03\x01\x01\xff\x04\x02\x05" \
    "\x00"
#define SCOPE(length, inner, value) "\x30" length "\x06\x03" \
    OID_CE_ISSUING_POINT "\x01\x01\xff\x04" inner value

static void good(void)
{
    static const struct plan plans[] = {
        {.version = 0},
        {.version = 1}, /* without extensions */
        {.next = ""},   /* no nextUpdate: read, and refused later */
        {.this = "20260101000000Z", .this_tag = TAG_GENERALIZED_TIME},
        {.extensions = RAW(NUMBER UNKNOWN)},
        {.extensions = RAW(NUMBER DELTA)},
        {.extensions = RAW(SCOPE("\x0f", "\x05", "\x30\x03\x84\x01\xff"))},
    };
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++)
        CU_ASSERT_EQUAL(reads(&plans[i]), 0);
    struct plan two = {.entry = RAW(ENTRY ENTRY_WITH("\x20", REASON("\1")))};
    CU_ASSERT_EQUAL(reads(&two), 2);
    struct plan removed = {.entry = RAW(ENTRY_WITH("\x20", REASON("\x08"))),
                           .extensions = RAW(NUMBER DELTA)};
    CU_ASSERT_EQUAL(reads(&removed), 1);
}

static const struct {
    const char *what;
    struct plan plan;
} bad[] = {
    {"two algorithms", {.inner = OID_RSA_SHA1}},
    {"version 3", {.version = 3}},
    {"no thisUpdate", {.this = "", .next = ""}},
    {"a day that is none", {.this = "260230000000Z"}},
    {"an hour that is none", {.this = "260201240000Z"}},
    {"a time without Z", {.this = "260201000000"}},
    {"a time with an offset", {.this = "2602010000+0100"}},
    {"nextUpdate no time", {.next = "26020100000xZ"}},
    {"extensions in version 1",
     {.version = 1, .extensions = RAW(NUMBER)}},
    {"a critical extension unknown",
     {.extensions = RAW(UNKNOWN_CRITICAL)}},
    {"two numbers", {.extensions = RAW(NUMBER NUMBER)}},
    {"a negative number",
     {.extensions = RAW("\x30\x0a\x06\x03" OID_CE_CRL_NUMBER
                        "\x04\x03\x02\x01\x87")}},
    {"an empty number",
     {.extensions = RAW("\x30\x09\x06\x03" OID_CE_CRL_NUMBER
                        "\x04\x02\x02\x00")}},
    {"a delta without number", {.extensions = RAW(DELTA)}},
    {"a scope of users alone and CAs alone",
     {.extensions =
          RAW(SCOPE("\x12", "\x08", "\x30\x06\x81\x01\xff\x82\x01\xff"))}},
    {"a scope with a field unknown",
     {.extensions = RAW(SCOPE("\x0f", "\x05", "\x30\x03\x87\x01\xff"))}},
    {"something after all", {.after = "\x05"}},
    {"unused bits of the signature", {.unused_bits = 1}},
    {"an entry without date", {.entry = RAW("\x30\x03\x02\x01\x05")}},
    {"an entry without serial", {.entry = RAW("\x30\x0f" DATE)}},
    {"an entry that is no SEQUENCE", {.entry = RAW("\x02\x01\x05")}},
    {"an entry cut short", {.entry = RAW("\x30\x12\x02\x01\x05")}},
    {"reason 7", {.entry = RAW(ENTRY_WITH("\x20", REASON("\7")))}},
    {"reason 11", {.entry = RAW(ENTRY_WITH("\x20", REASON("\x0b")))}},
    {"removed from a complete CRL",
     {.entry = RAW(ENTRY_WITH("\x20", REASON("\x08")))}},
    {"a critical extension of an entry unknown",
     {.entry = RAW(ENTRY_WITH("\x21", "\x30\x0d" UNKNOWN_CRITICAL))}},
    {"another issuer's entry in a CRL that is not indirect",
     {.entry = RAW(ENTRY_WITH("\x1f", "\x30\x0b\x30\x09\x06\x03"
                              OID_CE_CERTIFICATE_ISSUER
                              "\x04\x02\x30\x00"))}},
};

static void malformed(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int count = reads(&bad[i].plan);
        if (count >= 0)
            CU_FAIL(bad[i].what);
        CU_ASSERT_TRUE(why.kind == FAILURE_MALFORMED);
    }
}

static void cut_short(void)
{
    struct plan plan = {.entry = RAW(ENTRY ENTRY_WITH("\x20", REASON("\1"))),
                        .extensions = RAW(NUMBER)};
    struct buffer out = {0};
    struct crl crl;
    make(&out, &plan);
    CU_ASSERT_EQUAL(read_all(&out, &crl), 2);
    size_t whole = out.length;
    for (out.length = 0; out.length < whole; out.length++)
        CU_ASSERT_EQUAL(read_all(&out, &crl), -1);
    buffer_byte(&out, 0);
    CU_ASSERT_EQUAL(read_all(&out, &crl), -1); /* and one byte too many */
    buffer_free(&out);
}

static void serials(void)
{
    /* The serial number of 64 bytes is the longest. */
    struct buffer entry = {0};
    for (size_t length = 64; length <= 65; length++) {
        unsigned char bytes[65] = {1};
        buffer_clear(&entry);
        size_t open = der_open(&entry, TAG_SEQUENCE);
        der_put(&entry, TAG_INTEGER, bytes, length);
        buffer_append(&entry, RAW(DATE));
        der_close(&entry, open);
        struct plan plan = {.entry = entry.data,
                            .entry_length = entry.length};
        CU_ASSERT_EQUAL(reads(&plan), length == 64 ? 1 : -1);
    }
    buffer_free(&entry);
}

static void dates(void)
{
    static const struct {
        int tag;
        const char *text;
        long long seconds;
    } table[] = {
        {TAG_UTC_TIME, "700101000000Z", 0},
        {TAG_UTC_TIME, "491231235959Z", 2524607999LL},
        {TAG_UTC_TIME, "500101000000Z", -631152000LL},
        {TAG_GENERALIZED_TIME, "20500101000000Z", 2524608000LL},
        {TAG_GENERALIZED_TIME, "20240229120000Z", 1709208000LL},
        {TAG_GENERALIZED_TIME, "20260228235959Z", 1772323199LL},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct der text = {(const unsigned char *)table[i].text,
                           strlen(table[i].text)};
        struct der_value value = {table[i].tag, text, text};
        int64_t seconds = 1;
        CU_ASSERT_TRUE(der_time(&value, &seconds));
        CU_ASSERT_EQUAL(seconds, table[i].seconds);
    }
    struct der none = {(const unsigned char *)"20230229120000Z", 15};
    struct der_value leap = {TAG_GENERALIZED_TIME, none, none};
    int64_t seconds;
    CU_ASSERT_FALSE(der_time(&leap, &seconds));
}

static struct der slice(const char *text, size_t length)
{
    return (struct der){(const unsigned char *)text, length};
}

static void numbers(void)
{
    static const struct {
        const char *one;
        size_t one_length;
        const char *two;
        size_t two_length;
        int order;
    } table[] = {
        {RAW("\x01"), RAW("\x02"), -1},
        {RAW("\x00\xff"), RAW("\x01"), 1},
        {RAW("\x00\xff"), RAW("\x01\x00"), -1},
        {RAW("\x00\x00\x07"), RAW("\x07"), 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct der one = slice(table[i].one, table[i].one_length);
        struct der two = slice(table[i].two, table[i].two_length);
        int order = crl_number_compare(&one, &two);
        CU_ASSERT_EQUAL((order > 0) - (order < 0), table[i].order);
    }
}

static void urls(void)
{
    static const char points[] =
        "\x30\x4e"
        "\x30\x12\xa0\x10\xa0\x0e\x86\x0c" "http://h/crl"
        "\x30\x10\xa0\x0e\xa0\x0c\x86\x0a" "file:///et"
        "\x30\x12\xa0\x10\xa0\x0e\x86\x0c" "http://h/crl" /* once more */
        "\x30\x12\xa0\x10\xa0\x0e\x86\x0c" "http://h/c l";
    struct pool *pool = pool_new();
    struct der extension = slice(RAW(points));
    struct crl_point *read;
    const char *const *found = NULL;
    size_t count, found_count = 0;
    CU_ASSERT_EQUAL(crl_points_read(pool, &extension, &read, &count), 1);
    CU_ASSERT_EQUAL_FATAL(count, 4);
    for (size_t i = 0; i < count; i++) {
        CU_ASSERT_EQUAL(crl_point_urls(pool, &read[i], &found, &found_count),
                        0);
        CU_ASSERT_EQUAL(read[i].reasons, CRL_REASONS_ALL);
    }
    CU_ASSERT_EQUAL_FATAL(found_count, 1);
    CU_ASSERT_STRING_EQUAL(found[0], "http://h/crl");
    extension.length--;
    CU_ASSERT_EQUAL(crl_points_read(pool, &extension, &read, &count), 0);
    pool_free(&pool);
}

/* Names: C=NZ, CN=...: kind of string, case and blanks do not matter. */
#define NAME(tag, length, text, inner, set, all) "\x30" all "\x31" set "\x30" \
    inner "\x06\x03\x55\x04\x03" tag length text
static void names(void)
{
    static const struct {
        const char *name;
        size_t length;
        int same;
    } table[] = {
        {RAW(NAME("\x13", "\x03", "A B", "\x0a", "\x0c", "\x0e")), 1},
        {RAW(NAME("\x0c", "\x03", "a b", "\x0a", "\x0c", "\x0e")), 1},
        {RAW(NAME("\x0c", "\x06", " a  b ", "\x0d", "\x0f", "\x11")), 1},
        {RAW(NAME("\x0c", "\x02", "ab", "\x09", "\x0b", "\x0d")), 0},
        {RAW(NAME("\x1e", "\x03", "A B", "\x0a", "\x0c", "\x0e")), 0},
    };
    struct buffer first = {0}, other = {0};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct der name = slice(table[i].name, table[i].length);
        struct buffer *form = i ? &other : &first;
        buffer_clear(form);
        CU_ASSERT_TRUE(name_canonical(&name, form));
        int same = form->length == first.length &&
                   memcmp(form->data, first.data, first.length) == 0;
        CU_ASSERT_EQUAL(same, table[i].same);
    }
    struct der cut = slice(table[0].name, table[0].length - 1);
    buffer_clear(&other);
    CU_ASSERT_FALSE(name_canonical(&cut, &other));
    buffer_free(&first);
    buffer_free(&other);
}

static const struct unit_test tests[] = {
    {"2.8-crl-fetch: CRLs as RFC 5280 has them are read", good},
    {"2.8-always: a malformed CRL is told from a good one", malformed},
    {"2.8-always: a CRL cut short anywhere is none", cut_short},
    {"1.1-rfc: serial numbers of CRLs are limited", serials},
    {"1.1-rfc: dates of CRLs", dates},
    {"2.8-always: CRL numbers are compared as numbers", numbers},
    {"2.8-crl-fetch: URLs of distribution points", urls},
    {"1.1-rfc: names are the same in any kind of string", names},
};
UNIT_SUITE(crl, tests)
