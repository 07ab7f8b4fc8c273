/* bench HOME_A HOME_B: sign+encrypt and decrypt+verify operations a second in
 * one process, beside NSS's raw RSA operations with the same key. */
#include "blob.h"
#include "failure.h"
#include "filter.h"
#include "keystore.h"
#include "open.h"
#include "pool.h"

#include <keyhi.h>
#include <pk11pub.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECONDS 2.0

static double cpu(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(int rc, const struct failure *why)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "bench: %s\n", why->text);
    exit(1);
}

static const struct decided decided = {
    .from = "a.test", .marking = "", .verdict = "good",
    .text = "v=\"1\" dir=\"inside\" marking=\"\" from=\"a.test\" "
            "verdict=\"good\" all=\"seal\""};

static void seal_once(struct gateway *gateway, const struct blob *mail,
                      struct blob *sealed)
{
    static const char *const to[] = {"bob@b.test"};
    struct failure why = {0};
    struct filter_report report;
    struct pool *pool = pool_new();
    struct blob_source in;
    blob_init(sealed);
    blob_source_init(&in, mail, 0, mail->length);
    must(filter_seal(gateway, pool, &decided, CLASS_SEAL, to, 1, &in.source,
                     &sealed->sink, &report, &why), &why);
    pool_free(&pool);
}

static void open_once(struct gateway *gateway, const struct blob *sealed)
{
    struct failure why = {0};
    struct pool *pool = pool_new();
    struct opened opened;
    must(open_message(gateway, pool, sealed, &opened, &why), &why);
    if (opened.verdict != VERDICT_GOOD)
        exit(1);
    opened_free(&opened);
    pool_free(&pool);
}

static void raw_once(SECKEYPrivateKey *key)
{
    unsigned char signature[1024], digest[51] = {0};
    SECItem out = {siBuffer, signature, sizeof signature};
    SECItem in = {siBuffer, digest, sizeof digest};
    if (PK11_Sign(key, &out, &in) != SECSuccess)
        exit(1);
}

static void report(const char *what, unsigned count, double seconds,
                   double *rate)
{
    *rate = count / seconds;
    printf("%-28s %7.0f operations a second\n", what, *rate);
}

static struct blob mail, sealed;

static double bench_seal(const char *home)
{
    struct gateway gateway;
    struct failure why = {0};
    double start, raw, rate;
    unsigned count = 0;
    SECKEYPrivateKey *key;
    CERTCertList *list;
    must(gateway_open(home, &gateway, &why), &why);
    seal_once(&gateway, &mail, &sealed);
    for (start = cpu(); cpu() - start < SECONDS; count++) {
        struct blob again;
        seal_once(&gateway, &mail, &again);
        blob_free(&again);
    }
    report("sign+encrypt, 4 KB", count, cpu() - start, &rate);
    must(keystore_own(gateway.keystore,
                      policy_identity(gateway.policy, "a.test")->signing, &list,
                      &why), &why);
    CERTCertificate *own = CERT_LIST_HEAD(list)->cert;
    must(keystore_key(gateway.keystore, own, &key, &why), &why);
    for (start = cpu(), count = 0; cpu() - start < SECONDS; count++)
        raw_once(key);
    report("raw RSA-2048 private", count, cpu() - start, &raw);
    printf("%-28s %7.2f\n", "  sign+encrypt / raw", rate / raw);
    SECKEY_DestroyPrivateKey(key);
    CERT_DestroyCertList(list);
    gateway_close(&gateway);
    return raw;
}

static void bench_open(const char *home, double raw)
{
    struct gateway gateway;
    struct failure why = {0};
    double start, rate;
    unsigned count = 0;
    must(gateway_open(home, &gateway, &why), &why);
    for (start = cpu(); cpu() - start < SECONDS; count++)
        open_once(&gateway, &sealed);
    report("decrypt+verify, 4 KB", count, cpu() - start, &rate);
    printf("%-28s %7.2f\n", "  decrypt+verify / raw", rate / raw);
    gateway_close(&gateway);
}

int main(int argc, char **argv)
{
    static const char head[] = "From: alice@a.test\nTo: bob@b.test\n\n";
    struct failure why = {0};
    if (argc != 3)
        return 64;
    blob_init(&mail);
    must(blob_write(&mail, head, strlen(head), &why), &why);
    for (int i = 0; i < 64; i++)
        must(blob_write(&mail, "sixty-three characters of text in a line, "
                               "and then a line end...\n", 65, &why), &why);
    double raw = bench_seal(argv[1]);
    bench_open(argv[2], raw);
    blob_free(&mail);
    blob_free(&sealed);
    return 0;
}
