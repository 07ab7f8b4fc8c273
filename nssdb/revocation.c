/* revocation: see revocation.h. */
#include "revocation.h"

#include "buffer.h"
#include "certificate.h"
#include "cms_oids.h"
#include "crl_index.h"
#include "crl_points.h"
#include "crl_signer.h"
#include "crl_source.h"
#include "extension.h"
#include "failure.h"
#include "pool.h"
#include "revocation_text.h"
#include "state.h"

#include <string.h>

#define SKEW 300       /* seconds that a CA's clock may be ahead of ours */
#define DEPTH_MOST 3   /* signers of CRLs whose own revocation is asked */
enum { HOLD = 6, REMOVED = 8 }; /* of CRLReason */

struct checking {
    struct state *state;
    struct pool *pool;
    CERTCertificate *certificate, *issuer;
    struct der serial, issuer_name;
    unsigned char issuer_hash[NAME_HASH];
    int authority; /* the certificate is a CA's */
    time_t now;
    long grace;
    int depth;
    struct crl_point *points;
    size_t point_count;
    /* Reasons for which CRLs in force were asked, and those before their
     * nextUpdate. */
    unsigned covered, fresh;
    size_t base_urls; /* of result->urls: those of complete CRLs */
    struct revocation *result;
};

/* A CRL, and the delta that goes on top of it, if there is one. */
struct current {
    const struct crl_record *base, *delta;
    const struct crl_record *dated; /* the one whose dates count */
    struct crl_scope scope;
};

static void decide(struct checking *c, enum revocation_status status,
                   const struct crl_record *record)
{
    struct revocation *result = c->result;
    result->status = status;
    result->this_update = record ? (time_t)record->this_update : 0;
    result->next_update = record ? (time_t)record->next_update : 0;
    result->crl_number = "";
    if (record && record->number.data) {
        const char *number = revocation_number(c->pool, &record->number);
        result->crl_number = number ? number : "";
    }
}

static int is_known(const struct revocation *result)
{
    return result->status == REVOCATION_GOOD ||
           result->status == REVOCATION_REVOKED ||
           result->status == REVOCATION_SUSPENDED;
}

/* Of two ways in which a CRL does not help, the one that says more. */
static void note(struct checking *c, enum revocation_status status,
                 const struct crl_record *record, const char *words)
{
    if (is_known(c->result) || c->result->status >= status)
        return;
    decide(c, status, record);
    revocation_say_crl(c->result, record, words);
}

static int check_one(struct checking *c, struct failure *why);

/* The signer of a CRL, if he was revoked himself, is no signer: 1 = he was. */
static int signer_revoked(struct checking *c, CERTCertificate *signer,
                          struct failure *why)
{
    struct revocation result = {.status = REVOCATION_NOT_CHECKABLE};
    struct checking above = *c;
    above.certificate = signer;
    above.result = &result;
    above.depth++;
    above.issuer = CERT_FindCertIssuer(
        signer, (PRTime)c->now * PR_USEC_PER_SEC, certUsageAnyCA);
    if (!above.issuer)
        return 0;
    int rc = c->depth < DEPTH_MOST ? check_one(&above, why) : 0;
    CERT_DestroyCertificate(above.issuer);
    return rc < 0 ? -1
                  : result.status == REVOCATION_REVOKED ||
                        result.status == REVOCATION_SUSPENDED;
}

/* Another key than the issuer's signed it: it must lead to the same root. */
static int other_signer(struct checking *c, CERTCertificate *signer,
                        struct failure *why)
{
    CERTCertificate *root = NULL, *ours = NULL;
    const char *reason;
    int rc = crl_signer_trusted(signer, c->now, &root, &reason) &&
             crl_signer_root(c->issuer, c->now, &ours) &&
             crl_signer_same_key(root, ours);
    if (rc && !crl_signer_same_key(root, signer)) {
        rc = signer_revoked(c, signer, why);
        rc = rc < 0 ? -1 : !rc;
    }
    if (root)
        CERT_DestroyCertificate(root);
    if (ours)
        CERT_DestroyCertificate(ours);
    return rc;
}

/* May the CRL's signer speak for the certificate's issuer? 1, 0, -1. */
static int signer_fits(struct checking *c, const struct crl_record *record,
                       struct failure *why)
{
    CERTCertificate *signer = cert_decode(&record->signer);
    if (!signer)
        return 0;
    int rc = crl_signer_same_key(signer, c->issuer)
                 ? 1 : other_signer(c, signer, why);
    CERT_DestroyCertificate(signer);
    return rc;
}

/* Is the CRL's issuer the one whom the point wants? 1, 0, -1. */
static int issuer_fits(const struct checking *c, const struct crl_point *point,
                       const struct crl_record *record,
                       const struct crl_scope *scope)
{
    if (!point->issuer.data)
        return memcmp(record->key + 1, c->issuer_hash, NAME_HASH) == 0;
    return scope->indirect ? crl_point_names(point, &record->issuer) : 0;
}

/* RFC 5280, 6.3.3 (b): 1, 0, -1. */
static int scope_fits(const struct checking *c, const struct crl_point *point,
                      const struct crl_record *record,
                      const struct crl_scope *scope)
{
    struct der relative_to = c->issuer_name;
    if (scope->attributes || (scope->users && c->authority) ||
        (scope->authorities && !c->authority))
        return 0;
    int rc = issuer_fits(c, point, record, scope);
    if (rc <= 0)
        return rc;
    if (point->issuer.data)
        crl_point_issuer(point, &relative_to);
    return crl_points_match(point, &relative_to, scope, &record->issuer);
}

static int same(const struct der *one, const struct der *two)
{
    return der_equal(one, two->data, two->length);
}

/* RFC 5280, 5.2.4 and 6.3.3 (c) */
static int is_delta_of(const struct crl_record *delta,
                       const struct crl_record *base)
{
    return delta->delta && delta->number.data && base->number.data &&
           memcmp(delta->key, base->key, 1 + NAME_HASH) == 0 &&
           same(&delta->scope, &base->scope) &&
           crl_index_same_key(delta, base) &&
           crl_number_compare(&delta->base, &base->number) <= 0 &&
           crl_number_compare(&delta->number, &base->number) >= 0;
}

static void find_delta(struct current *crl, const struct crl_record *records,
                       size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_delta_of(&records[i], crl->base) &&
            (!crl->delta || crl_number_compare(&records[i].number,
                                               &crl->delta->number) > 0))
            crl->delta = &records[i];
    crl->dated = crl->base;
    if (crl->delta && crl->delta->next_update > crl->base->next_update)
        crl->dated = crl->delta;
}

/* What the CRL has of the certificate: 1, 0, -1. */
static int look(struct checking *c, const struct current *crl,
                struct crl_revoked *revoked, struct failure *why)
{
    if (crl->delta) {
        int rc = crl_index_look(c->state, crl->delta, c->issuer_hash,
                                &c->serial, revoked, why);
        if (rc != 0)
            return rc < 0 ? -1 : revoked->reason != REMOVED;
    }
    return crl_index_look(c->state, crl->base, c->issuer_hash, &c->serial,
                          revoked, why);
}

static int has_expired(const struct checking *c, const struct current *crl)
{
    return crl->dated->next_update + c->grace < (int64_t)c->now;
}

static void say_revoked(struct checking *c, const struct current *crl,
                        const struct crl_revoked *revoked)
{
    struct revocation *result = c->result;
    int hold = revoked->reason == HOLD;
    if (result->status == REVOCATION_REVOKED)
        return;
    if (hold && has_expired(c, crl)) { /* it may be over since */
        note(c, REVOCATION_CRL_EXPIRED, crl->dated, "has expired");
        return;
    }
    decide(c, hold ? REVOCATION_SUSPENDED : REVOCATION_REVOKED, crl->dated);
    result->reason = revoked->reason;
    result->since = (time_t)revoked->date;
    result->within_grace = 0;
    revocation_say_revoked(result, crl->dated);
}

static void say_unlisted(struct checking *c, const struct current *crl,
                         unsigned reasons)
{
    struct revocation *result = c->result;
    int64_t now = (int64_t)c->now;
    if (crl->dated->this_update > now + SKEW) {
        note(c, REVOCATION_CRL_INVALID, crl->dated, "is not valid yet");
        return;
    }
    if (has_expired(c, crl)) {
        note(c, REVOCATION_CRL_EXPIRED, crl->dated, "has expired");
        return;
    }
    c->covered |= reasons;
    if (crl->dated->next_update >= now)
        c->fresh |= reasons;
    if (c->covered != CRL_REASONS_ALL ||
        result->status == REVOCATION_REVOKED ||
        result->status == REVOCATION_SUSPENDED ||
        (result->status == REVOCATION_GOOD && !result->within_grace))
        return;
    decide(c, REVOCATION_GOOD, crl->dated);
    result->within_grace = c->fresh != CRL_REASONS_ALL;
    revocation_say_good(result, crl->dated);
}

/* One CRL for one point. */
static int consider(struct checking *c, const struct crl_point *point,
                    const struct crl_record *records, size_t count,
                    const struct crl_record *record, struct failure *why)
{
    struct current crl = {.base = record};
    struct crl_revoked revoked;
    if (record->delta || !crl_scope_read(&record->scope, &crl.scope))
        return 0;
    int rc = scope_fits(c, point, record, &crl.scope);
    if (rc < 0)
        return failure_memory(why);
    if (rc > 0)
        rc = signer_fits(c, record, why);
    if (rc <= 0)
        return rc;
    find_delta(&crl, records, count);
    rc = look(c, &crl, &revoked, why);
    if (rc > 0)
        say_revoked(c, &crl, &revoked);
    else if (rc == 0)
        say_unlisted(c, &crl, point->reasons & crl.scope.reasons);
    return rc < 0 ? -1 : 0;
}

static int consider_point(struct checking *c, const struct crl_point *point,
                          struct failure *why)
{
    unsigned char hash[NAME_HASH];
    struct crl_record *records;
    struct der name;
    size_t count;
    memcpy(hash, c->issuer_hash, sizeof hash);
    if (point->issuer.data &&
        (!crl_point_issuer(point, &name) || !name_hash(&name, hash)))
        return 0;
    if (crl_index_find(c->state, c->pool, hash, &records, &count, why) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (consider(c, point, records, count, &records[i], why) < 0)
            return -1;
    return 0;
}

/* The points that the certificate names, then any CRL of its issuer. */
static int consider_all(struct checking *c, struct failure *why)
{
    const struct crl_point any = {.reasons = CRL_REASONS_ALL};
    for (size_t i = 0; i < c->point_count; i++)
        if (consider_point(c, &c->points[i], why) < 0)
            return -1;
    return c->covered == CRL_REASONS_ALL ? 0 : consider_point(c, &any, why);
}

/* What a place gave counts when no CRL helps. */
static void take_source(struct checking *c, const struct crl_source *source)
{
    struct revocation *result = c->result;
    const char *text = source->text;
    int invalid = source->outcome == CRL_SOURCE_INVALID;
    if (source->outcome == CRL_SOURCE_NEVER)
        return;
    if (source->outcome == CRL_SOURCE_TAKEN) {
        if (c->covered)
            return;
        invalid = 1;
        text = "its CRL does not speak for this certificate";
    }
    if (invalid && result->status < REVOCATION_CRL_INVALID)
        decide(c, REVOCATION_CRL_INVALID, NULL);
    else if (invalid || result->status != REVOCATION_NOT_CHECKABLE)
        return;
    revocation_say_source(result, source->where, text);
}

static int ask_sources(struct checking *c, struct failure *why)
{
    struct crl_source source;
    for (size_t i = 0; !is_known(c->result) && i < c->base_urls; i++) {
        int rc = crl_source_get(c->state, c->pool, c->result->urls[i],
                                &source, why);
        if (rc < 0)
            return -1;
        if (rc > 0)
            take_source(c, &source);
    }
    return 0;
}

/* Extension `oid' of the certificate: its points, and their URLs. */
static int read_points(struct checking *c, const char *oid, size_t length,
                       struct crl_point **points_r, size_t *count_r,
                       struct failure *why)
{
    struct der whole = extension_certificate(c->certificate);
    struct extension found;
    struct revocation *result = c->result;
    *count_r = 0;
    if (extension_of(&whole, oid, length, &found) <= 0)
        return 0;
    int rc = crl_points_read(c->pool, &found.value, points_r, count_r);
    if (rc == 0)
        *count_r = 0;
    for (size_t i = 0; rc > 0 && i < *count_r; i++)
        if (crl_point_urls(c->pool, &(*points_r)[i], &result->urls,
                           &result->url_count) < 0)
            rc = -1;
    return rc < 0 ? failure_memory(why) : 0;
}

/* basicConstraints with cA */
static int is_authority(const CERTCertificate *certificate)
{
    struct der whole = extension_certificate(certificate);
    struct extension found;
    struct der_value list, value;
    return extension_of(&whole, OID(CE_BASIC_CONSTRAINTS), &found) > 0 &&
           der_expect(&found.value, TAG_SEQUENCE, &list) &&
           der_expect(&list.content, TAG_BOOLEAN, &value) &&
           value.content.length == 1 && value.content.data[0] != 0;
}

static int prepare(struct checking *c, struct failure *why)
{
    const CERTCertificate *certificate = c->certificate;
    struct crl_point *freshest;
    size_t count;
    c->serial = (struct der){certificate->serialNumber.data,
                             certificate->serialNumber.len};
    c->issuer_name = (struct der){certificate->derIssuer.data,
                                  certificate->derIssuer.len};
    c->authority = is_authority(certificate);
    c->covered = c->fresh = 0;
    c->points = NULL;
    if (read_points(c, OID(CE_CRL_POINTS), &c->points, &c->point_count,
                    why) < 0)
        return -1;
    c->base_urls = c->result->url_count;
    return read_points(c, OID(CE_FRESHEST_CRL), &freshest, &count, why);
}

/* Within a transaction, if there is a state. */
static int check_one(struct checking *c, struct failure *why)
{
    struct revocation *result = c->result;
    *result = (struct revocation){.status = REVOCATION_NO_POINTER,
                                  .reason = REVOCATION_NO_REASON,
                                  .crl_number = ""};
    if (prepare(c, why) < 0)
        return -1;
    result->status = c->point_count ? REVOCATION_NOT_CHECKABLE
                                    : REVOCATION_NO_POINTER;
    revocation_say(result, c->point_count
                               ? "no CRL of its distribution points is here"
                               : "it has no CRL distribution point");
    if (c->serial.length > CRL_SERIAL_MOST ||
        !name_hash(&c->issuer_name, c->issuer_hash)) {
        revocation_say(result, "its issuer or serial number is malformed");
        return 0;
    }
    if (!c->state)
        return 0;
    if (consider_all(c, why) < 0)
        return -1;
    if (c->covered && result->status == REVOCATION_NOT_CHECKABLE)
        revocation_say(result, "there are CRLs for some reasons only");
    return ask_sources(c, why);
}

int revocation_check(struct state *state, struct pool *pool,
                     CERTCertificate *certificate, CERTCertificate *issuer,
                     time_t now, long grace, struct revocation *result_r,
                     struct failure *why)
{
    struct checking c = {.state = state, .pool = pool,
                         .certificate = certificate, .issuer = issuer,
                         .now = now, .grace = grace, .result = result_r};
    if (state && state_begin(state, STATE_READ, why) < 0)
        return -1;
    int rc = check_one(&c, why);
    if (state)
        rc = state_end(state, rc, why);
    if (is_known(result_r) && !result_r->within_grace)
        result_r->url_count = 0;
    return rc;
}
