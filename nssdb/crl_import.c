/* crl_import: see crl_import.h. */
#include "crl_import.h"

#include "certificate.h"
#include "crl.h"
#include "crl_index.h"
#include "failure.h"
#include "pool.h"
#include "revocation.h"
#include "revocation_text.h"
#include "state.h"

#include <nssb64.h>
#include <pk11pub.h>
#include <secoidt.h>
#include <secport.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An entry in little memory, as there can be a million. */
struct packed {
    uint32_t offset; /* of the serial in the CRL */
    uint16_t issuer; /* index into `issuers' */
    uint8_t length;  /* of the serial */
    int8_t reason;
    int64_t date;
};

struct importing {
    const unsigned char *base; /* what offsets count from */
    struct crl crl;
    struct packed *entries;
    size_t count, room, at;
    unsigned char (*issuers)[NAME_HASH]; /* of an indirect CRL */
    size_t issuer_count, issuer_room;
    struct der last_issuer;
};

static struct crl_revoked unpack(const struct importing *in,
                                 const struct packed *packed)
{
    return (struct crl_revoked){
        .serial = {in->base + packed->offset, packed->length},
        .issuer = in->issuers ? in->issuers[packed->issuer] : NULL,
        .date = packed->date,
        .reason = packed->reason};
}

/* In the order of the index; of two for one certificate the worse first. */
static int compare(const void *a, const void *b, void *context)
{
    struct crl_revoked one = unpack(context, a), two = unpack(context, b);
    int order = crl_index_compare(&one, &two);
    if (order)
        return order;
    int mild = (one.reason == 6 || one.reason == 8) -
               (two.reason == 6 || two.reason == 8);
    return mild ? mild : one.reason - two.reason;
}

/* The hash of the issuer whom an entry names goes to `issuers'. */
static int add_issuer(struct importing *in, const struct der *general,
                      struct failure *why)
{
    struct crl_point point = {.issuer = *general};
    struct der name = in->crl.issuer;
    if (in->issuer_count && general->data == in->last_issuer.data)
        return 0;
    if (general->data && !crl_point_issuer(&point, &name))
        return failure(why, FAILURE_MALFORMED,
                       "CRL: a certificateIssuer is no name");
    if (in->issuer_count == CRL_ISSUERS_MOST)
        return failure(why, FAILURE_LIMIT, "CRL: more than %d issuers",
                       CRL_ISSUERS_MOST);
    if (in->issuer_count == in->issuer_room) {
        size_t room = in->issuer_room ? in->issuer_room * 2 : 16;
        void *grown = realloc(in->issuers, room * NAME_HASH);
        if (!grown)
            return failure_memory(why);
        in->issuers = grown;
        in->issuer_room = room;
    }
    in->last_issuer = *general;
    if (!name_hash(&name, in->issuers[in->issuer_count++]))
        return failure(why, FAILURE_MALFORMED,
                       "CRL: a certificateIssuer is no name");
    return 0;
}

static int add_entry(struct importing *in, const struct crl_entry *entry,
                     struct failure *why)
{
    if (in->crl.indirect && add_issuer(in, &entry->issuer, why) < 0)
        return -1;
    if (in->count == in->room) {
        size_t room = in->room ? in->room * 2 : 1024;
        void *grown = realloc(in->entries, room * sizeof *in->entries);
        if (!grown)
            return failure_memory(why);
        in->entries = grown;
        in->room = room;
    }
    in->entries[in->count++] = (struct packed){
        .offset = (uint32_t)(entry->serial.data - in->base),
        .issuer = (uint16_t)(in->issuer_count ? in->issuer_count - 1 : 0),
        .length = (uint8_t)entry->serial.length,
        .reason = (int8_t)entry->reason,
        .date = entry->date};
    return 0;
}

static int is_sorted(struct importing *in)
{
    for (size_t i = 1; i < in->count; i++)
        if (compare(&in->entries[i - 1], &in->entries[i], in) > 0)
            return 0;
    return 1;
}

static int collect(struct importing *in, struct failure *why)
{
    struct crl_walk walk;
    struct crl_entry entry;
    int rc;
    crl_walk(&in->crl, &walk);
    while ((rc = crl_walk_next(&walk, &entry, why)) > 0)
        if (add_entry(in, &entry, why) < 0)
            return -1;
    if (rc < 0)
        return -1;
    if (!is_sorted(in))
        qsort_r(in->entries, in->count, sizeof *in->entries, compare, in);
    return 0;
}

/* For crl_index_replace(): each certificate once. */
static int next(void *context, struct crl_revoked *revoked_r,
                struct failure *why)
{
    struct importing *in = context;
    struct crl_revoked before;
    (void)why;
    for (; in->at < in->count; in->at++) {
        *revoked_r = unpack(in, &in->entries[in->at]);
        if (in->at > 0) {
            before = unpack(in, &in->entries[in->at - 1]);
            if (crl_index_compare(&before, revoked_r) == 0)
                continue;
        }
        in->at++;
        return 1;
    }
    return 0;
}

static void refuse(struct crl_import *import, enum crl_outcome outcome,
                   const char *reason)
{
    import->outcome = outcome;
    snprintf(import->reason, sizeof import->reason, "%s", reason);
}

static int put(struct importing *in, struct state *state,
               CERTCertificate *signer, const char *where, time_t now,
               struct crl_import *import, struct failure *why)
{
    const struct crl *crl = &in->crl;
    unsigned char digest[32];
    struct crl_record record = {
        .this_update = crl->this_update, .next_update = crl->next_update,
        .fetched = now, .entries = in->count, .delta = crl->delta,
        .indirect = crl->indirect, .issuer = crl->issuer,
        .number = crl->number, .base = crl->base, .scope = crl->scope,
        .freshest = crl->freshest,
        .signer = {signer->derCert.data, signer->derCert.len},
        .where = {(const unsigned char *)where, strlen(where)},
        .digest = {digest, sizeof digest}};
    int old = 0;
    if (PK11_HashBuf(SEC_OID_SHA256, digest, crl->tbs.data,
                     (PRInt32)crl->tbs.length) != SECSuccess)
        return failure(why, FAILURE_CRYPTO, "SHA-256 of a CRL failed");
    if (!crl_index_key(&record)) {
        refuse(import, CRL_MALFORMED, "CRL: its issuer is no name");
        return 0;
    }
    int rc = crl_index_replace(state, &record, next, in, &old, why);
    if (rc < 0)
        return -1;
    if (rc == 0 && old)
        refuse(import, CRL_OLDER, "it is older than the one that is here");
    else if (rc == 0)
        refuse(import, CRL_SAME, "");
    return 0;
}

/* A fault of the CRL is an answer, no failure. */
static int answer(int rc, const struct failure *own, struct crl_import *import,
                  struct failure *why)
{
    if (rc == 0)
        return 0;
    if (own->kind != FAILURE_MALFORMED && own->kind != FAILURE_LIMIT) {
        if (why)
            *why = *own;
        return -1;
    }
    refuse(import, CRL_MALFORMED, own->text);
    return 0;
}

static int describe(struct pool *pool, const struct crl *crl,
                    struct crl_import *import)
{
    import->issuer = revocation_name(pool, &crl->issuer);
    import->number =
        crl->number.data ? revocation_number(pool, &crl->number) : "";
    import->this_update = crl->this_update;
    import->next_update = crl->next_update;
    import->delta = crl->delta;
    return import->issuer && import->number ? 0 : -1;
}

static int import_der(struct state *state, struct pool *pool,
                      const struct der *der, const char *where,
                      const struct signature_rules *rules, time_t now,
                      struct crl_import *import, struct failure *why)
{
    struct importing in = {.base = der->data};
    struct failure own = {0};
    CERTCertificate *signer = NULL;
    const char *reason = "";
    int rc = crl_read(der, &in.crl, &own);
    if (rc < 0)
        return answer(rc, &own, import, why);
    if (describe(pool, &in.crl, import) < 0)
        return failure_memory(why);
    enum crl_outcome outcome =
        crl_verify(&in.crl, rules, now, &signer, &reason);
    if (outcome != CRL_TAKEN) {
        refuse(import, outcome, reason);
        return 0;
    }
    rc = collect(&in, &own);
    import->entries = in.count;
    if (rc == 0)
        rc = put(&in, state, signer, where, now, import, &own);
    CERT_DestroyCertificate(signer);
    free(in.entries);
    free(in.issuers);
    return answer(rc, &own, import, why);
}

#define PEM_BEGIN "-----BEGIN X509 CRL-----"
#define PEM_END "-----END X509 CRL-----"

/* The content of a PEM file (RFC 7468, 7), to be freed with SECITEM_FreeItem:
 * 1, 0 = it is none. */
static int read_pem(const struct der *data, SECItem *der_r)
{
    const char *text = (const char *)data->data;
    const char *begin = memmem(text, data->length, PEM_BEGIN,
                               sizeof PEM_BEGIN - 1);
    if (!begin)
        return 0;
    begin += sizeof PEM_BEGIN - 1;
    size_t left = data->length - (size_t)(begin - text);
    const char *end = memmem(begin, left, PEM_END, sizeof PEM_END - 1);
    return end && NSSBase64_DecodeBuffer(NULL, der_r, begin,
                                         (unsigned)(end - begin)) != NULL;
}

int crl_import(struct state *state, struct pool *pool, const struct der *data,
               const char *where, const struct signature_rules *rules, time_t now,
               struct crl_import *import_r, struct failure *why)
{
    SECItem decoded = {siBuffer, NULL, 0};
    struct der der = *data;
    *import_r = (struct crl_import){.issuer = "", .number = ""};
    if (data->length > INT32_MAX) {
        refuse(import_r, CRL_MALFORMED, "CRL: over 2 GB");
        return 0;
    }
    /* DER begins with the tag of a SEQUENCE; PEM may have text before it. */
    if ((data->length == 0 || data->data[0] != TAG_SEQUENCE) &&
        read_pem(data, &decoded))
        der = (struct der){decoded.data, decoded.len};
    int rc = import_der(state, pool, &der, where, rules, now, import_r, why);
    SECITEM_FreeItem(&decoded, PR_FALSE);
    return rc;
}

static int read_records(struct state *state, struct pool *pool,
                        struct crl_record **records_r, size_t *count_r,
                        struct failure *why)
{
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    return state_end(
        state, crl_index_find(state, pool, NULL, records_r, count_r, why),
        why);
}

int crl_signers_hold(struct state *state, struct pool *pool,
                     struct crl_signers *signers_r, struct failure *why)
{
    struct crl_record *records;
    size_t count;
    *signers_r = (struct crl_signers){NULL, 0};
    if (read_records(state, pool, &records, &count, why) < 0)
        return -1;
    signers_r->certificates =
        pool_array(pool, count + 1, sizeof *signers_r->certificates);
    if (!signers_r->certificates)
        return failure_memory(why);
    for (size_t i = 0; i < count; i++) {
        CERTCertificate *one = cert_decode(&records[i].signer);
        if (one)
            signers_r->certificates[signers_r->count++] = one;
    }
    return 0;
}

void crl_signers_free(struct crl_signers *signers)
{
    for (size_t i = 0; i < signers->count; i++)
        CERT_DestroyCertificate(signers->certificates[i]);
    signers->count = 0;
}
