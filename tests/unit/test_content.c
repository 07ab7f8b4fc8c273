/* content: Content-Type as mail really writes it. */
#include "unit.h"

#include "content.h"
#include "pool.h"

#include <string.h>
#include <sys/resource.h>

static void types_and_parameters(void)
{
    static const struct {
        const char *text, *type, *subtype, *name, *value;
    } rows[] = {
        {"text/plain", "text", "plain", "charset", NULL},
        {"Text/HTML; Charset=\"utf-8\"", "text", "html", "charset", "utf-8"},
        {"multipart/signed; micalg=sha-256; boundary=\"a;b\\\"c\"",
         "multipart", "signed", "boundary", "a;b\"c"},
        {"multipart/mixed; boundary==_x=/y; z=1", "multipart", "mixed",
         "boundary", "=_x=/y"},
        {"(c) application (x(y)) / (z) pkcs7-mime ; (n) name = smime.p7m",
         "application", "pkcs7-mime", "name", "smime.p7m"},
        {"attachment; filename*=utf-8'en'a%20b%e2%82%ac", "attachment", "",
         "filename", "a b\xe2\x82\xac"},
        {"a/b; filename*0=\"one \"; filename*1*=t%77o; filename*2=three",
         "a", "b", "filename", "one twothree"},
        {"a/b; x; =y; boundary=1; boundary=2", "a", "b", "boundary", "1"},
        {"a/b; name=\"open", "a", "b", "name", "open"},
        {"", "", "", "x", NULL},
        {"a/b;;;;", "a", "b", "x", NULL},
        {"a/b; x*=%4", "a", "b", "x", "%4"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pool *pool = pool_new();
        struct content content;
        CU_ASSERT_EQUAL(content_parse(pool, rows[i].text, &content), 0);
        CU_ASSERT_STRING_EQUAL(content.type, rows[i].type);
        CU_ASSERT_STRING_EQUAL(content.subtype, rows[i].subtype);
        const char *value = content_parameter(pool, &content, rows[i].name);
        CU_ASSERT_EQUAL(value == NULL, rows[i].value == NULL);
        if (value && rows[i].value)
            CU_ASSERT_STRING_EQUAL(value, rows[i].value);
        pool_free(&pool);
    }
}

static void a_thousand_parameters(void)
{
    char text[4096] = "a/b";
    for (size_t i = 0; i < 1000; i++)
        memcpy(text + 3 + i * 4, ";x=1", 5);
    struct pool *pool = pool_new();
    struct content content;
    CU_ASSERT_EQUAL(content_parse(pool, text, &content), 0);
    CU_ASSERT_EQUAL(content.count, CONTENT_PARAMETERS_MOST);
    pool_free(&pool);
}

/* A header of 100 kB must not take a thousand times its length. */
static void quoted_parameters(void)
{
    static char text[100100] = "a/b";
    struct rusage before, after;
    for (size_t i = 0; i < 20000; i++)
        memcpy(text + 3 + i * 5, ";x=\"\"", 6);
    struct pool *pool = pool_new();
    struct content content;
    getrusage(RUSAGE_SELF, &before);
    CU_ASSERT_EQUAL(content_parse(pool, text, &content), 0);
    getrusage(RUSAGE_SELF, &after);
    CU_ASSERT(after.ru_maxrss - before.ru_maxrss < 100000); /* kB */
    pool_free(&pool);
}

static const struct unit_test tests[] = {
    {"content: types and parameters", types_and_parameters},
    {"content: a thousand parameters", a_thousand_parameters},
    {"1.7-graceful: many quoted parameters take no more memory than they have",
     quoted_parameters},
};
UNIT_SUITE(content, tests)
