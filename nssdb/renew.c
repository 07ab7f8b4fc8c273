/* renew: taking in certificates; see renew.h. */
#include "renew.h"

#include "certificate.h"
#include "failure.h"
#include "keystore_write.h"
#include "own.h"
#include "own_choice.h"
#include "policy.h"
#include "pool.h"

#include <certdb.h>
#include <keyhi.h>
#include <pk11pub.h>
#include <prtime.h>
#include <secport.h>
#include <string.h>

struct taking {
    const struct own_search *search;
    struct keystore *keystore;
    struct pool *pool;
    int newer;
    struct own *own;
    size_t own_count;
    CERTCertificate **certificates; /* of the bundle; NULL = not readable */
    size_t certificate_count;
    struct renewed *renewed;
    size_t count;
    struct failure *why;
};

/* In use under the nickname for this key, or NULL. */
static CERTCertificate *same_key(CERTCertList *list,
                                 CERTCertificate *certificate)
{
    for (CERTCertListNode *node = CERT_LIST_HEAD(list);
         !CERT_LIST_END(node, list); node = CERT_LIST_NEXT(node))
        if (SECITEM_ItemsAreEqual(&node->cert->derPublicKey,
                                  &certificate->derPublicKey))
            return node->cert;
    return NULL;
}

/* The nickname's key that the certificate is for. 1, 0, -1. */
static int find_key(struct taking *t, const char *nickname,
                    CERTCertificate *certificate, SECKEYPrivateKey **key_r,
                    int *new_r)
{
    CERTCertList *list = keystore_named(t->keystore, nickname);
    if (!list)
        return failure_memory(t->why);
    CERTCertificate *before = same_key(list, certificate);
    int rc = before ? keystore_key(t->keystore, before, key_r, t->why) : 1;
    CERT_DestroyCertList(list);
    *new_r = before == NULL;
    if (before)
        return rc < 0 ? -1 : 1;
    rc = keystore_pending(t->keystore, nickname, key_r, t->why);
    if (rc <= 0 || keystore_matches(certificate, *key_r))
        return rc;
    SECKEY_DestroyPrivateKey(*key_r);
    return 0;
}

static int refuse(struct taking *t, struct renewed *one, const char *reason)
{
    one->outcome = RENEW_REFUSED;
    one->reason = reason;
    return reason ? 0 : failure_memory(t->why);
}

/* 1 = it may be used, now or when its time comes; 0 = refused; -1. */
static int judge_for(struct taking *t, CERTCertificate *certificate,
                     enum judge_use use, struct renewed *one)
{
    struct judgement judgement;
    if (own_judge(t->search, certificate, use, 1, &judgement, t->why) < 0)
        return -1;
    if (judgement.status == JUDGE_GOOD)
        return 1;
    return refuse(t, one, pool_string(t->pool, judgement.reason));
}

static int check_names(struct taking *t, const struct own *own,
                       CERTCertificate *certificate, struct renewed *one)
{
    for (size_t i = 0; i < own->domain_count; i++)
        if (!own_names(own, certificate, own->domains[i]))
            return refuse(t, one,
                          pool_format(t->pool, "it has no address for %s",
                                      own->domains[i]));
    return 1;
}

static int check(struct taking *t, const struct own *own,
                 CERTCertificate *certificate, struct renewed *one)
{
    time_t since;
    int rc = keystore_suspended(t->keystore, certificate, &since, t->why);
    if (rc > 0)
        return refuse(t, one, "its key pair is suspended (seemail-certs "
                              "compromise)");
    if (rc == 0)
        rc = own->uses & OWN_SIGNS
             ? judge_for(t, certificate, JUDGE_SIGN, one) : 1;
    if (rc > 0 && (own->uses & OWN_RECEIVES))
        rc = judge_for(t, certificate, JUDGE_ENCRYPT, one);
    if (rc > 0)
        rc = check_names(t, own, certificate, one);
    return rc;
}

/* The CAs between it and its root, if they came along with it. */
static int add_chain(struct taking *t, CERTCertificate *certificate)
{
    int rc = 0;
    CERTCertList *chain = CERT_GetCertChainFromCert(
        certificate, (PRTime)t->search->now * PR_USEC_PER_SEC,
        certUsageEmailSigner);
    if (!chain)
        return 0;
    for (CERTCertListNode *node = CERT_LIST_HEAD(chain);
         rc == 0 && !CERT_LIST_END(node, chain); node = CERT_LIST_NEXT(node))
        if (node->cert != certificate && !node->cert->isperm &&
            !SECITEM_ItemsAreEqual(&node->cert->derIssuer,
                                   &node->cert->derSubject))
            rc = keystore_add_ca(t->keystore, node->cert, t->why);
    CERT_DestroyCertList(chain);
    return rc;
}

static int add(struct taking *t, const struct own *own,
               CERTCertificate *certificate, SECKEYPrivateKey *key,
               struct renewed *one)
{
    CERTCertificate *there = CERT_FindCertByDERCert(CERT_GetDefaultCertDB(),
                                                    &certificate->derCert);
    int known = there && there->isperm && !one->new_key;
    if (there)
        CERT_DestroyCertificate(there);
    if (known) {
        one->outcome = RENEW_KNOWN;
        return 0;
    }
    int rc = check(t, own, certificate, one);
    if (rc <= 0)
        return rc;
    if (add_chain(t, certificate) < 0)
        return -1;
    return keystore_add(t->keystore, certificate, key, own->nickname, t->why);
}

/* Does it end later than what is in use? Without that, later than now. */
static int lasts_longer(struct taking *t, const struct own *own,
                        const struct renewed *one)
{
    struct own_choice choice;
    time_t from, to = t->search->now;
    int rc = own_choose(t->search, own->nickname, own_use_of(own), &choice,
                        NULL);
    if (rc > 0)
        cert_times(choice.certificate, &from, &to);
    own_choice_free(&choice);
    return one->to > to;
}

static int describe(struct taking *t, const struct own *own,
                    CERTCertificate *certificate, struct renewed *one)
{
    PRTime from = 0, to = 0;
    CERT_GetCertTimes(certificate, &from, &to);
    char *serial = CERT_Hexify(&certificate->serialNumber, 0);
    one->nickname = own->nickname;
    one->serial = pool_string(t->pool, serial ? serial : "");
    one->reason = "";
    one->from = (time_t)(from / PR_USEC_PER_SEC);
    one->to = (time_t)(to / PR_USEC_PER_SEC);
    PORT_Free(serial);
    return one->serial ? 0 : failure_memory(t->why);
}

/* One certificate, for one nickname. */
static int consider(struct taking *t, const struct own *own,
                    CERTCertificate *certificate)
{
    SECKEYPrivateKey *key = NULL;
    struct renewed *one = &t->renewed[t->count];
    *one = (struct renewed){.outcome = RENEW_ADDED};
    int rc = find_key(t, own->nickname, certificate, &key, &one->new_key);
    if (rc <= 0)
        return rc;
    rc = describe(t, own, certificate, one);
    if (rc == 0 && (!t->newer || lasts_longer(t, own, one))) {
        t->count++;
        rc = add(t, own, certificate, key, one);
    }
    SECKEY_DestroyPrivateKey(key);
    return rc;
}

static int take_all(struct taking *t)
{
    for (size_t i = 0; i < t->certificate_count; i++)
        for (size_t k = 0; t->certificates[i] && k < t->own_count; k++)
            if (t->own[k].uses != OWN_OPENS &&
                consider(t, &t->own[k], t->certificates[i]) < 0)
                return -1;
    return 0;
}

int renew_take(const struct own_search *search, const struct bundle *bundle,
               int newer, struct renewed **renewed_r, size_t *count_r,
               struct failure *why)
{
    struct pool *pool = search->pool;
    struct taking t = {.search = search, .keystore = search->keystore,
                       .pool = pool, .newer = newer, .why = why,
                       .certificate_count = bundle->count};
    int rc = own_nicknames(search->policy, pool, &t.own, &t.own_count, why);
    if (rc < 0)
        return -1;
    t.certificates =
        pool_array(pool, bundle->count + 1, sizeof(CERTCertificate *));
    t.renewed = pool_array(pool, bundle->count * t.own_count + 1,
                           sizeof *t.renewed);
    if (!t.certificates || !t.renewed)
        return failure_memory(why);
    for (size_t i = 0; i < bundle->count; i++)
        t.certificates[i] = cert_decode(&bundle->certificates[i]);
    rc = take_all(&t);
    for (size_t i = 0; i < bundle->count; i++)
        if (t.certificates[i])
            CERT_DestroyCertificate(t.certificates[i]);
    *renewed_r = t.renewed;
    *count_r = t.count;
    return rc;
}
