/* ocsp: see ocsp.h. Asking, and what is kept of the answers. */
#include "ocsp.h"

#include "buffer.h"
#include "failure.h"
#include "ocsp_id.h"
#include "pool.h"
#include "state.h"

#include <certdb.h>
#include <nssb64.h>
#include <pk11pub.h>
#include <secport.h>
#include <stdint.h>
#include <string.h>

/* A cached answer without an end is used for this long; RFC 5019, 4.
 * Clocks differ by as much as the second. */
#define LIFE_SECONDS (24 * 60 * 60)
#define SKEW_SECONDS (5 * 60)
#define URL_MOST 1000

static const char *web_url(struct pool *pool, const SECItem *uri)
{
    char *text = pool_substring(pool, (const char *)uri->data, uri->len);
    if (!text || strlen(text) != uri->len || uri->len > URL_MOST)
        return NULL;
    for (const char *c = text; *c; c++)
        if (*c <= ' ' || *c > '~')
            return NULL;
    return strncmp(text, "http://", 7) == 0 ||
                   strncmp(text, "https://", 8) == 0
               ? text : NULL;
}

static const char *find_url(struct pool *pool, CERTAuthInfoAccess **accesses)
{
    for (; accesses && *accesses; accesses++) {
        const CERTGeneralName *name = (*accesses)->location;
        if (SECOID_FindOIDTag(&(*accesses)->method) != SEC_OID_PKIX_OCSP ||
            !name || name->type != certURI)
            continue;
        const char *url = web_url(pool, &name->name.other);
        if (url)
            return url;
    }
    return NULL;
}

int ocsp_url(struct pool *pool, CERTCertificate *certificate,
             const char **url_r, struct failure *why)
{
    SECItem extension = {siBuffer, NULL, 0};
    *url_r = NULL;
    if (CERT_FindCertExtension(certificate, SEC_OID_X509_AUTH_INFO_ACCESS,
                               &extension) != SECSuccess)
        return 0;
    PLArenaPool *arena = PORT_NewArena(1024);
    if (arena)
        *url_r = find_url(pool, CERT_DecodeAuthInfoAccessExtension(
                                    arena, &extension));
    SECITEM_FreeItem(&extension, PR_FALSE);
    if (!arena)
        return failure_memory(why);
    PORT_FreeArena(arena, PR_FALSE);
    return *url_r != NULL;
}

static int put_request(struct buffer *out, CERTCertificate *certificate,
                       CERTCertificate *issuer, struct failure *why)
{
    size_t request = der_open(out, TAG_SEQUENCE);
    size_t tbs = der_open(out, TAG_SEQUENCE);
    size_t list = der_open(out, TAG_SEQUENCE);
    size_t one = der_open(out, TAG_SEQUENCE);
    if (ocsp_id_put(out, certificate, issuer, why) < 0)
        return -1;
    der_close(out, one);
    der_close(out, list);
    der_close(out, tbs);
    der_close(out, request);
    return out->failed ? failure_memory(why) : 0;
}

/* The characters of base64 that mean something in a URL are escaped. */
static int put_url(struct buffer *out, const char *url,
                   const struct buffer *der, struct failure *why)
{
    SECItem item = {siBuffer, (unsigned char *)der->data,
                    (unsigned)der->length};
    char *base64 = NSSBase64_EncodeItem(NULL, NULL, 0, &item);
    size_t length = strlen(url);
    if (!base64)
        return failure_memory(why);
    buffer_append(out, url, length);
    if (length == 0 || url[length - 1] != '/')
        buffer_byte(out, '/');
    for (const char *c = base64; *c; c++)
        if (*c == '+' || *c == '/' || *c == '=')
            buffer_format(out, "%%%02X", (unsigned)*c);
        else if (*c > ' ') /* lines are broken at 64 characters */
            buffer_byte(out, *c);
    PORT_Free(base64);
    return out->failed ? failure_memory(why) : 0;
}

int ocsp_request(struct pool *pool, const char *url,
                 CERTCertificate *certificate, CERTCertificate *issuer,
                 const char **request_r, struct failure *why)
{
    struct buffer der = {0}, text = {0};
    int rc = put_request(&der, certificate, issuer, why);
    if (rc == 0)
        rc = put_url(&text, url, &der, why);
    if (rc == 0 && !(*request_r = pool_string(pool, buffer_string(&text))))
        rc = failure_memory(why);
    buffer_free(&der);
    buffer_free(&text);
    return rc;
}

int ocsp_current(const struct ocsp_answer *answer, time_t now, long grace)
{
    time_t end = answer->next_update ? answer->next_update
                                     : answer->this_update + LIFE_SECONDS;
    return answer->this_update <= now + SKEW_SECONDS &&
           now <= end + SKEW_SECONDS + grace;
}

/* The key of an answer: what is asked, hashed. */
static int make_key(CERTCertificate *certificate, CERTCertificate *issuer,
                    unsigned char *key_r, struct failure *why)
{
    struct buffer id = {0};
    int rc = ocsp_id_put(&id, certificate, issuer, why);
    if (rc == 0 && id.failed)
        rc = failure_memory(why);
    if (rc == 0 && PK11_HashBuf(SEC_OID_SHA256, key_r,
                                (const unsigned char *)id.data,
                                (PRInt32)id.length) != SECSuccess)
        rc = failure(why, FAILURE_CRYPTO, "OCSP: hashing failed");
    buffer_free(&id);
    return rc;
}

/* What is kept: these, and the responder's certificate behind them. */
struct record {
    int64_t status, reason, revoked_at, this_update, next_update;
};

static int find(struct state *state, struct pool *pool,
                const unsigned char *key, struct ocsp_answer *answer_r,
                struct failure *why)
{
    struct der value;
    struct record record;
    int rc = state_get(state, STATE_RESPONSES, key, OCSP_HASH_MOST, &value,
                       why);
    if (rc <= 0 || value.length < sizeof record)
        return rc < 0 ? -1 : 0;
    memcpy(&record, value.data, sizeof record);
    size_t rest = value.length - sizeof record;
    const void *copy = pool_copy(pool, value.data + sizeof record, rest);
    if (!copy)
        return failure_memory(why);
    *answer_r = (struct ocsp_answer){(enum ocsp_status)record.status,
                                     (int)record.reason, record.revoked_at,
                                     record.this_update, record.next_update,
                                     {copy, rest}};
    return 1;
}

static int put(struct state *state, const unsigned char *key,
               const struct ocsp_answer *answer, struct failure *why)
{
    const struct record record = {(int64_t)answer->status, answer->reason,
                                  answer->revoked_at, answer->this_update,
                                  answer->next_update};
    struct buffer value = {0};
    buffer_append(&value, &record, sizeof record);
    buffer_append(&value, answer->responder.data, answer->responder.length);
    int rc = value.failed ? failure_memory(why)
                          : state_put(state, STATE_RESPONSES, key,
                                      OCSP_HASH_MOST, value.data,
                                      value.length, why);
    buffer_free(&value);
    return rc;
}

/* May it take the place of what is kept? 1, 0, -1. */
static int may_replace(const struct ocsp_reader *reader,
                       const unsigned char *key, CERTCertificate *issuer,
                       const struct ocsp_answer *answer, struct failure *why)
{
    struct ocsp_answer old;
    if (state_begin(reader->state, STATE_READ, why) < 0)
        return -1;
    int rc = state_end(reader->state, find(reader->state, reader->pool, key,
                                           &old, why), why);
    if (rc <= 0)
        return rc < 0 ? -1 : 1;
    if (old.this_update <= answer->this_update ||
        old.this_update > reader->now + SKEW_SECONDS)
        return 1;
    return ocsp_disowned(reader, &old, issuer, why);
}

int ocsp_keep(const struct ocsp_reader *reader, CERTCertificate *certificate,
              CERTCertificate *issuer, const struct ocsp_answer *answer,
              struct failure *why)
{
    unsigned char key[OCSP_HASH_MOST];
    if (make_key(certificate, issuer, key, why) < 0)
        return -1;
    int rc = may_replace(reader, key, issuer, answer, why);
    if (rc <= 0)
        return rc;
    if (state_begin(reader->state, STATE_WRITE, why) < 0)
        return -1;
    return state_end(reader->state, put(reader->state, key, answer, why), why);
}

int ocsp_find(struct state *state, struct pool *pool,
              CERTCertificate *certificate, CERTCertificate *issuer,
              struct ocsp_answer *answer_r, struct failure *why)
{
    unsigned char key[OCSP_HASH_MOST];
    if (make_key(certificate, issuer, key, why) < 0)
        return -1;
    return find(state, pool, key, answer_r, why);
}
