/* cert_fixture: see cert_fixture.h. */
#include "cert_fixture.h"

#include "buffer.h"
#include "pool.h"

#include <cryptohi.h>
#include <secitem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OID(text) text, sizeof(text) - 1
#define ECDSA_SHA256 "\x2a\x86\x48\xce\x3d\x04\x03\x02"

static void put_time(struct buffer *out, long long when)
{
    char text[80];
    time_t seconds = (time_t)when;
    struct tm utc;
    gmtime_r(&seconds, &utc);
    snprintf(text, sizeof text, "%02d%02d%02d%02d%02d%02dZ",
             utc.tm_year % 100, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
             utc.tm_min, utc.tm_sec);
    der_put(out, TAG_UTC_TIME, text, strlen(text));
}

static void put_algorithm(struct buffer *out)
{
    size_t algorithm = der_open(out, TAG_SEQUENCE);
    der_put_oid(out, OID(ECDSA_SHA256));
    der_close(out, algorithm);
}

static void put_name(struct buffer *out)
{
    size_t name = der_open(out, TAG_SEQUENCE);
    size_t set = der_open(out, TAG_SET);
    size_t pair = der_open(out, TAG_SEQUENCE);
    der_put_oid(out, OID("\x55\x04\x06"));
    der_put(out, 0x13, "NZ", 2);
    der_close(out, pair);
    der_close(out, set);
    der_close(out, name);
}

static size_t open_extension(struct buffer *out, const char *oid)
{
    size_t one = der_open(out, TAG_SEQUENCE);
    der_put_oid(out, oid, strlen(oid));
    return one;
}

static void put_crl_point(struct buffer *out, const char *url)
{
    static const unsigned tags[] = {
        TAG_OCTET_STRING, TAG_SEQUENCE, TAG_SEQUENCE,
        TAG_CONTEXT | TAG_CONSTRUCTED,  /* distributionPoint */
        TAG_CONTEXT | TAG_CONSTRUCTED}; /* fullName */
    size_t opened[sizeof tags / sizeof *tags];
    size_t one = open_extension(out, "\x55\x1d\x1f");
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        opened[i] = der_open(out, tags[i]);
    der_put(out, TAG_CONTEXT | 6, url, strlen(url));
    for (size_t i = sizeof tags / sizeof *tags; i-- > 0;)
        der_close(out, opened[i]);
    der_close(out, one);
}

static void put_extensions(struct buffer *out, const struct cert_plan *plan)
{
    size_t explicit = der_open(out, TAG_CONTEXT | TAG_CONSTRUCTED | 3);
    size_t all = der_open(out, TAG_SEQUENCE);
    size_t one = open_extension(out, "\x55\x1d\x11");
    size_t octets = der_open(out, TAG_OCTET_STRING);
    size_t names = der_open(out, TAG_SEQUENCE);
    for (size_t i = 0; i < plan->address_count; i++)
        der_put(out, TAG_CONTEXT | 1, plan->addresses[i],
                strlen(plan->addresses[i]));
    der_close(out, names);
    der_close(out, octets);
    der_close(out, one);
    if (plan->identifier) {
        one = open_extension(out, "\x55\x1d\x0e");
        octets = der_open(out, TAG_OCTET_STRING);
        der_put(out, TAG_OCTET_STRING, plan->identifier,
                strlen(plan->identifier));
        der_close(out, octets);
        der_close(out, one);
    }
    if (plan->crl_url)
        put_crl_point(out, plan->crl_url);
    der_close(out, all);
    der_close(out, explicit);
}

static void put_tbs(struct buffer *out, const struct cert_plan *plan)
{
    size_t tbs = der_open(out, TAG_SEQUENCE);
    size_t version = der_open(out, TAG_CONTEXT | TAG_CONSTRUCTED);
    der_put_small(out, 2);
    der_close(out, version);
    der_put_small(out, plan->serial);
    put_algorithm(out);
    if (plan->issuer.length)
        buffer_append(out, plan->issuer.data, plan->issuer.length);
    else
        put_name(out);
    size_t validity = der_open(out, TAG_SEQUENCE);
    put_time(out, plan->from);
    put_time(out, plan->to);
    der_close(out, validity);
    put_name(out);
    buffer_append(out, plan->public_key.data, plan->public_key.length);
    put_extensions(out, plan);
    der_close(out, tbs);
}

void cert_fixture(struct buffer *out, const struct cert_plan *plan)
{
    struct buffer tbs = {0};
    SECItem signature = {siBuffer, NULL, 0};
    put_tbs(&tbs, plan);
    PLArenaPool *arena = PORT_NewArena(DER_DEFAULT_CHUNKSIZE);
    if (plan->key) {
        if (SEC_DerSignData(arena, &signature, (unsigned char *)tbs.data,
                            (int)tbs.length, plan->key,
                            SEC_OID_ANSIX962_ECDSA_SHA256_SIGNATURE) !=
            SECSuccess)
            out->failed = 1;
        buffer_append(out, signature.data, signature.len);
    } else {
        size_t certificate = der_open(out, TAG_SEQUENCE);
        buffer_append(out, tbs.data, tbs.length);
        put_algorithm(out);
        der_put(out, TAG_BIT_STRING, "\0none", 5);
        der_close(out, certificate);
    }
    PORT_FreeArena(arena, PR_FALSE);
    buffer_free(&tbs);
}

struct der cert_fixture_in(struct pool *pool, const struct cert_plan *plan)
{
    struct buffer made = {0};
    cert_fixture(&made, plan);
    const void *copy = made.failed ? NULL
                                   : pool_copy(pool, made.data, made.length);
    if (!copy)
        abort();
    struct der der = {copy, made.length};
    buffer_free(&made);
    return der;
}
