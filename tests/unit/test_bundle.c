/* bundle: certificates in all the wrappings they come in. */
#include "unit.h"

#include "blob.h"
#include "buffer.h"
#include "bundle.h"
#include "cms_fixture.h"
#include "failure.h"
#include "pem.h"
#include "pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct failure why;

static void load(const char *name, struct buffer *out)
{
    struct blob blob;
    char data[4096];
    ssize_t got;
    buffer_clear(out);
    cms_fixture_read(name, &blob);
    for (off_t at = 0;
         (got = blob_read(&blob, at, data, sizeof data, &why)) > 0; at += got)
        buffer_append(out, data, (size_t)got);
    blob_free(&blob);
}

/* How many certificates there are, or -1. */
static long count(const void *data, size_t length)
{
    struct pool *pool = pool_new();
    struct bundle bundle;
    int rc = bundle_read(pool, data, length, 10, &bundle, &why);
    long found = rc < 0 ? -1 : (long)bundle.count;
    for (size_t i = 0; rc == 0 && i < bundle.count; i++)
        CU_ASSERT_TRUE(bundle_is_certificate(bundle.certificates[i]));
    pool_free(&pool);
    return found;
}

static long count_file(const char *script)
{
    struct buffer file = {0};
    CU_ASSERT_EQUAL(cms_fixture_shell(script), 0);
    load("bundle.tmp", &file);
    long found = count(file.data, file.length);
    buffer_free(&file);
    return found;
}

static void wrappings(void)
{
    cms_fixture_rsa();
    CU_ASSERT_EQUAL(count_file("cat rsa.der >bundle.tmp"), 1);
    CU_ASSERT_EQUAL(count_file("cat rsa.der ec.der >bundle.tmp"), 2);
    CU_ASSERT_EQUAL(count_file("cat rsa.pem >bundle.tmp"), 1);
    CU_ASSERT_EQUAL(count_file("(echo 0 s:/CN=x; cat rsa.pem rsa.key; echo; "
                               "cat ec.pem; echo end) | sed 's/$/\r/' "
                               ">bundle.tmp"), 2);
    CU_ASSERT_EQUAL(count_file("openssl crl2pkcs7 -nocrl -certfile rsa.pem "
                               "-certfile ec.pem -outform DER "
                               "-out bundle.tmp"), 2);
    CU_ASSERT_EQUAL(count_file("openssl crl2pkcs7 -nocrl -certfile rsa.pem "
                               "-certfile ec.pem -out bundle.tmp"), 2);
    /* with content, a signature and indefinite lengths */
    CU_ASSERT_EQUAL(count_file("echo x | openssl cms -sign -stream -nodetach "
                               "-signer rsa.pem -inkey rsa.key "
                               "-certfile ec.pem -outform DER "
                               "-out bundle.tmp"), 2);
    CU_ASSERT_EQUAL(count_file("for i in 1 2 3 4 5 6 7 8 9 0; do "
                               "cat rsa.pem; done >bundle.tmp"), 10);
}

static void written(void)
{
    struct pool *pool = pool_new();
    struct bundle bundle;
    struct buffer out = {0}, pem = {0};
    struct blob blob;
    cms_fixture_rsa();
    CU_ASSERT_EQUAL(cms_fixture_shell("cat rsa.der ec.der >bundle.tmp"), 0);
    load("bundle.tmp", &out);
    CU_ASSERT_EQUAL_FATAL(bundle_read(pool, out.data, out.length, 10, &bundle,
                                      &why), 0);
    buffer_clear(&out);
    bundle_put_p7c(&out, bundle.certificates, bundle.count);
    blob_init(&blob);
    blob_write(&blob, out.data, out.length, &why);
    cms_fixture_write("bundle.p7c", &blob);
    blob_free(&blob);
    CU_ASSERT_EQUAL(cms_fixture_shell(
        "openssl pkcs7 -inform DER -in bundle.p7c -print_certs -noout "
        ">bundle.tmp && grep -c 'subject=CN = ' bundle.tmp | grep -qx 2"), 0);
    pem_put(&pem, "CERTIFICATE", bundle.certificates[0].data,
                bundle.certificates[0].length);
    load("rsa.pem", &out);
    CU_ASSERT_STRING_EQUAL(buffer_string(&pem), buffer_string(&out));
    buffer_free(&out);
    buffer_free(&pem);
    pool_free(&pool);
}

static void bad(const void *data, size_t length, enum failure_kind kind)
{
    why.kind = FAILURE_NONE;
    CU_ASSERT_EQUAL(count(data, length), -1);
    CU_ASSERT_EQUAL(why.kind, kind);
}

static void refused(void)
{
    static const char nothing[] = "\x30\x82\x00\x04\x30\x02\x05\x00";
    struct buffer file = {0};
    cms_fixture_rsa();
    bad("", 0, FAILURE_MALFORMED);
    bad("0", 1, FAILURE_MALFORMED);
    bad("just text", 9, FAILURE_MALFORMED);
    bad(nothing, sizeof nothing - 1, FAILURE_MALFORMED);
    bad("-----BEGIN CERTIFICATE-----\nMIIB", 32, FAILURE_MALFORMED);
    bad("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", 59,
        FAILURE_MALFORMED);
    bad("-----BEGIN CERTIFICATE-----\n\1\n-----END CERTIFICATE-----\n", 56,
        FAILURE_MALFORMED);
    /* a key alone is no certificate */
    CU_ASSERT_EQUAL(count_file("cat rsa.key >bundle.tmp"), -1);
    CU_ASSERT_EQUAL(count_file("for i in 1 2 3 4 5 6 7 8 9 0 1; do "
                               "cat rsa.pem; done >bundle.tmp"), -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_LIMIT);
    /* one bad certificate spoils all; so do bytes that follow */
    CU_ASSERT_EQUAL(count_file("(cat rsa.der; printf 0000) >bundle.tmp"), -1);
    CU_ASSERT_EQUAL(count_file("(openssl crl2pkcs7 -nocrl -certfile rsa.pem "
                               "-outform DER; printf x) >bundle.tmp"), -1);
    CU_ASSERT_EQUAL(count_file("openssl cms -encrypt -in rsa.pem -outform DER "
                               "-out bundle.tmp rsa.pem"), -1);
    CU_ASSERT_EQUAL(cms_fixture_shell("openssl crl2pkcs7 -nocrl -certfile "
                                      "rsa.pem -outform DER -out bundle.tmp"),
                    0);
    load("bundle.tmp", &file);
    for (size_t cut = 0; cut < file.length; cut++)
        CU_ASSERT_EQUAL(count(file.data, cut), -1);
    buffer_free(&file);
}

static const struct unit_test tests[] = {
    {"2.8-store: DER, PEM and certs-only SignedData are read", wrappings},
    {"2.8-store: PEM and p7c are written as OpenSSL has them", written},
    {"2.8-store: no part is taken of what is broken", refused},
};
UNIT_SUITE(bundle, tests)
