/* publish: see publish.h. */
#include "publish.h"

#include "certificate.h"
#include "directory_row.h"
#include "failure.h"
#include "keystore.h"
#include "own.h"
#include "own_choice.h"
#include "policy.h"
#include "pool.h"

#include <certdb.h>
#include <secitem.h>
#include <string.h>

#define OVERLAP (5L * 24 * 60 * 60) /* seconds; Appendix B */
#define SECONDS 60 /* for one directory */

struct planning {
    const struct own_search *search;
    struct pool *pool;
    time_t now;
    struct failure *why;
};

static int add(struct planning *p, struct der *list, size_t *count,
               CERTCertificate *certificate)
{
    for (size_t i = 0; i < *count; i++) /* it may be on two tokens */
        if (der_equal(&list[i], certificate->derCert.data,
                      certificate->derCert.len))
            return 0;
    void *copy = pool_copy(p->pool, certificate->derCert.data,
                           certificate->derCert.len);
    if (!copy)
        return failure_memory(p->why);
    list[(*count)++] = (struct der){copy, certificate->derCert.len};
    return 0;
}

static int add_addresses(struct planning *p, struct publication *one,
                         CERTCertificate *certificate)
{
    one->addresses =
        pool_array(p->pool, (size_t)cert_address_count(certificate) + 1,
                   sizeof *one->addresses);
    if (!one->addresses)
        return failure_memory(p->why);
    for (const char *at = CERT_GetFirstEmailAddress(certificate); at;
         at = CERT_GetNextEmailAddress(certificate, at))
        if (!(one->addresses[one->address_count++] =
                  pool_string(p->pool, at)))
            return failure_memory(p->why);
    return 0;
}

/* In the days after a renewal: valid before it, and partners may have it in
 * their hands. */
static int overlaps(struct planning *p, CERTCertificate *used,
                    CERTCertificate *other)
{
    time_t from = 0, to = 0, began = 0, end = 0;
    return cert_times(used, &began, &end) && cert_times(other, &from, &to) &&
           from <= began && to > p->now && p->now < began + OVERLAP;
}

static int to_come(struct planning *p, CERTCertificate *certificate)
{
    time_t from, to;
    return cert_times(certificate, &from, &to) && from > p->now;
}

/* May partners find it? 1; 0 = it is taken out; 2 = it is left as it is. When
 * none is in its time, our clock may be wrong: none is taken out for that. */
static int place_of(struct planning *p, const struct own_choice *choice,
                    int may, CERTCertificate *certificate)
{
    struct judgement judgement = {.status = JUDGE_BAD};
    time_t since;
    int out = keystore_suspended(p->search->keystore, certificate, &since,
                                 NULL) != 0;
    if (p->search->unseen) /* what was revoked? */
        return out ? 0 : 2;
    if (may && SECITEM_ItemsAreEqual(&choice->certificate->derCert,
                                     &certificate->derCert))
        return 1;
    if (own_judge(p->search, certificate, JUDGE_ENCRYPT, 1, &judgement,
                  NULL) < 0)
        judgement.status = JUDGE_BAD;
    if (out || keys_out_has(&choice->out, certificate) ||
        judge_revoked(judgement.status))
        return 0;
    if (may && judgement.status == JUDGE_GOOD &&
        overlaps(p, choice->certificate, certificate))
        return 1;
    return may && !to_come(p, certificate) ? 0 : 2;
}

static int make_room(struct planning *p, struct publication *one,
                     CERTCertList *all)
{
    size_t most = 0;
    for (CERTCertListNode *node = CERT_LIST_HEAD(all);
         !CERT_LIST_END(node, all); node = CERT_LIST_NEXT(node))
        most++;
    one->certificates = pool_array(p->pool, most + 1, sizeof(struct der));
    one->gone = pool_array(p->pool, most + 1, sizeof(struct der));
    return one->certificates && one->gone ? 0 : failure_memory(p->why);
}

static int sort_out(struct planning *p, struct publication *one,
                    const struct own_choice *choice, int may,
                    CERTCertList *all)
{
    if (make_room(p, one, all) < 0)
        return -1;
    for (CERTCertListNode *node = CERT_LIST_HEAD(all);
         !CERT_LIST_END(node, all); node = CERT_LIST_NEXT(node)) {
        int place = place_of(p, choice, may, node->cert);
        if (place != 2 &&
            add(p, place ? one->certificates : one->gone,
                place ? &one->certificate_count : &one->gone_count,
                node->cert) < 0)
            return -1;
    }
    return may ? add_addresses(p, one, choice->certificate) : 0;
}

static int plan_one(struct planning *p, struct publication *one)
{
    struct own_choice choice;
    struct failure reason = {0};
    int rc = own_choose(p->search, one->nickname, JUDGE_ENCRYPT, &choice,
                        &reason);
    int may = rc > 0;
    if (rc < 0 && reason.kind != FAILURE_CERT) /* suspended is no failure */
        return failure(p->why, reason.kind, "%s", reason.text);
    one->reason = pool_string(p->pool, rc < 0    ? reason.text
                                       : rc == 0 ? choice.judgement.reason
                                                 : "");
    CERTCertList *all = keystore_named(p->search->keystore, one->nickname);
    rc = all && one->reason ? sort_out(p, one, &choice, may, all)
                            : failure_memory(p->why);
    if (all)
        CERT_DestroyCertList(all);
    own_choice_free(&choice);
    return rc;
}

int publish_plan(const struct own_search *search, struct publication **plan_r,
                 size_t *count_r, struct failure *why)
{
    struct pool *pool = search->pool;
    struct planning p = {search, pool, search->now, why};
    struct own *own;
    size_t count;
    *count_r = 0;
    if (own_nicknames(search->policy, pool, &own, &count, why) < 0)
        return -1;
    *plan_r = pool_array(pool, count + 1, sizeof **plan_r);
    if (!*plan_r)
        return failure_memory(why);
    for (size_t i = 0; i < count; i++) {
        struct publication *one = &(*plan_r)[*count_r];
        if (!(own[i].uses & OWN_RECEIVES))
            continue;
        *one = (struct publication){.nickname = own[i].nickname,
                                    .domains = own[i].domains,
                                    .domain_count = own[i].domain_count};
        if (plan_one(&p, one) < 0)
            return -1;
        ++*count_r;
    }
    return 0;
}

struct publishing {
    const struct directory *row;
    struct pool *pool;
    struct directory_session *session;
    struct published *published;
    size_t count;
    struct failure *why;
};

/* All that is the plan's, or that of one domain, for one entry. */
static int collect(struct publishing *p, const struct publication *plan,
                   size_t count, const char *domain,
                   struct directory_change *change)
{
    size_t most[3] = {1, 1, 1};
    for (size_t i = 0; i < count; i++) {
        most[0] += plan[i].certificate_count;
        most[1] += plan[i].gone_count;
        most[2] += plan[i].address_count;
    }
    struct der *certificates =
        pool_array(p->pool, most[0], sizeof *certificates);
    struct der *gone = pool_array(p->pool, most[1], sizeof *gone);
    const char **addresses = pool_array(p->pool, most[2], sizeof *addresses);
    if (!certificates || !gone || !addresses)
        return failure_memory(p->why);
    change->certificates = certificates;
    change->gone = gone;
    change->addresses = addresses;
    for (size_t i = 0; i < count; i++) {
        int its = domain == NULL;
        for (size_t k = 0; domain && k < plan[i].domain_count; k++)
            its |= strcmp(plan[i].domains[k], domain) == 0;
        if (!its)
            continue;
        for (size_t k = 0; k < plan[i].certificate_count; k++)
            certificates[change->certificate_count++] =
                plan[i].certificates[k];
        for (size_t k = 0; k < plan[i].gone_count; k++)
            gone[change->gone_count++] = plan[i].gone[k];
        for (size_t k = 0; k < plan[i].address_count; k++)
            addresses[change->address_count++] = plan[i].addresses[k];
    }
    return 0;
}

/* The base, with the domain in place of %d; a canonical domain has nothing
 * that would have to be escaped (RFC 4514). */
static const char *entry_name(struct pool *pool, const char *base,
                              const char *domain)
{
    const char *place = strstr(base, "%d");
    return place ? pool_format(pool, "%.*s%s%s", (int)(place - base), base,
                               domain, place + 2)
                 : pool_string(pool, base);
}

static int publish(struct publishing *p, const struct publication *plan,
                   size_t count, const char *domain)
{
    struct directory_change change = {0};
    struct published *one = &p->published[p->count];
    one->dn = change.dn =
        entry_name(p->pool, p->row->base, domain ? domain : "");
    if (!change.dn)
        return failure_memory(p->why);
    if (collect(p, plan, count, domain, &change) < 0 ||
        directory_change(p->session, &change, &one->changed, p->why) < 0)
        return -1;
    p->count++;
    return 0;
}

/* A domain may be there for itself and for all below it. */
static int publish_domains(struct publishing *p,
                           const struct publication *plan, size_t count)
{
    int rc = 0;
    if (!strstr(p->row->base, "%d"))
        return publish(p, plan, count, NULL);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; rc == 0 && k < plan[i].domain_count; k++)
            if (*plan[i].domains[k] != '.')
                rc = publish(p, plan, count, plan[i].domains[k]);
    return rc;
}

int publish_row(const struct directory *row, struct pool *pool,
                const struct publication *plan, size_t count,
                struct published **published_r, size_t *published_count_r,
                struct failure *why)
{
    struct publishing p = {.row = row, .pool = pool, .why = why};
    struct directory_server server;
    size_t most = 1;
    for (size_t i = 0; i < count; i++)
        most += plan[i].domain_count;
    p.published = pool_array(pool, most, sizeof *p.published);
    *published_count_r = 0;
    if (!p.published)
        return failure_memory(why);
    if (directory_row_server(pool, row, SECONDS, &server, why) < 0 ||
        directory_open(&server, &p.session, why) < 0)
        return -1;
    int rc = publish_domains(&p, plan, count);
    directory_close(&p.session);
    *published_r = p.published;
    *published_count_r = p.count;
    return rc;
}
