/* own: see own.h. */
#include "own.h"

#include "certificate.h"
#include "failure.h"
#include "judge.h"
#include "keystore_write.h"
#include "policy.h"
#include "pool.h"

#include <certdb.h>
#include <keyhi.h>
#include <secitem.h>
#include <secport.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DAY (24L * 60 * 60)
#define SOON 30  /* days before the end: warn */
#define URGENT 5 /* no room for the overlap of Appendix B any more */
#define CERTIFICATE_MONTHS 13
#define KEY_RENEW_YEARS 4
#define KEY_MOST_YEARS 5

static int same_key(CERTCertificate *a, CERTCertificate *b)
{
    return SECITEM_ItemsAreEqual(&a->derPublicKey, &b->derPublicKey);
}

/* NSS does not keep when a key was made. The first certificate for it, of
 * those that are still in the store, is the best witness. */
time_t own_key_from(CERTCertificate *certificate)
{
    time_t first = 0, to;
    cert_times(certificate, &first, &to);
    CERTCertList *list = CERT_CreateSubjectCertList(
        NULL, CERT_GetDefaultCertDB(), &certificate->derSubject, 0, PR_FALSE);
    if (!list)
        return first;
    for (CERTCertListNode *node = CERT_LIST_HEAD(list);
         !CERT_LIST_END(node, list); node = CERT_LIST_NEXT(node)) {
        time_t from;
        if (same_key(node->cert, certificate) &&
            cert_times(node->cert, &from, &to) && from < first)
            first = from;
    }
    CERT_DestroyCertList(list);
    return first;
}

/* Is there one that takes over when this one ends? */
static int has_successor(CERTCertificate *certificate, time_t end)
{
    int found = 0;
    CERTCertList *list = CERT_CreateSubjectCertList(
        NULL, CERT_GetDefaultCertDB(), &certificate->derSubject, 0, PR_FALSE);
    if (!list)
        return 0;
    for (CERTCertListNode *node = CERT_LIST_HEAD(list);
         !found && !CERT_LIST_END(node, list); node = CERT_LIST_NEXT(node)) {
        time_t from, to;
        found = cert_times(node->cert, &from, &to) && from <= end &&
                to > end + SOON * DAY;
    }
    CERT_DestroyCertList(list);
    return found;
}

static void find(struct own *own, enum own_level level, const char *word,
                 const char *text, const char *step)
{
    if (own->finding_count == OWN_FINDINGS_MOST || !text)
        return;
    own->findings[own->finding_count++] =
        (struct own_finding){word, level, text, step};
    if (level > own->level)
        own->level = level;
}

static void check_end(struct own *own, struct pool *pool,
                      CERTCertificate *certificate)
{
    if (own->days < 0 || own->days > SOON ||
        has_successor(certificate, own->to))
        return;
    find(own, own->days <= URGENT ? OWN_CRITICAL : OWN_WARNING,
         "expires-soon",
         pool_format(pool, "expires in %ld days", own->days),
         "run seemail-certs renew, or ask the CA for a new one");
}

static void check_limits(struct own *own, CERTCertificate *certificate,
                         const struct settings *settings, time_t now)
{
    enum own_level limit =
        settings->own_limits == OWN_LIMITS_REFUSE ? OWN_CRITICAL : OWN_WARNING;
    if (own->to > cert_months_after(own->from, CERTIFICATE_MONTHS))
        find(own, limit, "over-13-months",
             "is valid for longer than 13 months",
             "ask the CA for one of 13 months at the most");
    if (now > cert_months_after(own->key_from, 12 * KEY_MOST_YEARS))
        find(own, limit, "key-over-5-years",
             "its key pair is more than 5 years old",
             "make a new one: seemail-certs renew --new-key");
    else if (now > cert_months_after(own->key_from, 12 * KEY_RENEW_YEARS))
        find(own, OWN_WARNING, "key-over-4-years",
             "its key pair is more than 4 years old",
             "make a new one: seemail-certs renew --new-key");
    if (!cert_has_crl_pointer(certificate))
        find(own, settings->own_crl_pointer == OWN_LIMITS_REFUSE
                 ? OWN_CRITICAL : OWN_WARNING, "no-crl-pointer",
             "has no CRL distribution point",
             "ask the CA for one that has: partners cannot check this one");
}

static int common_name_is(CERTCertificate *certificate, const char *name)
{
    char *text = CERT_GetCommonName(&certificate->subject);
    int is = text && strcasecmp(text, name) == 0;
    PORT_Free(text);
    return is;
}

/* Has it the authority's address in the domain, or in one above it? */
static int names_domain(CERTCertificate *certificate, const char *authority,
                        const char *domain)
{
    char address[512];
    for (domain += *domain == '.'; domain; domain = strchr(domain, '.')) {
        domain += *domain == '.';
        snprintf(address, sizeof address, "%s@%s", authority, domain);
        if (cert_has_address(certificate, address))
            return 1;
    }
    return 0;
}

int own_names(const struct own *own, CERTCertificate *certificate,
              const char *domain)
{
    return names_domain(certificate, CERT_DCA, domain) ||
           (!(own->uses & OWN_RECEIVES) &&
            names_domain(certificate, CERT_DSA, domain));
}

/* RFC 3183, 3.1: names of who signs and of who decrypts for a domain. */
static void check_names(struct own *own, struct pool *pool,
                        CERTCertificate *certificate)
{
    int dca = common_name_is(certificate, CERT_DCA);
    int receives = own->uses & OWN_RECEIVES;
    if (!dca && (receives || !common_name_is(certificate, CERT_DSA)))
        find(own, OWN_WARNING, "name",
             pool_format(pool, "its common name is not %s%s", CERT_DCA,
                         receives ? "" : " or " CERT_DSA),
             "ask the CA for a name as in RFC 3183, 3.1");
    for (size_t i = 0; i < own->domain_count; i++)
        if (!own_names(own, certificate, own->domains[i]))
            find(own, OWN_WARNING, "address",
                 pool_format(pool, "has no address %s@%s",
                             receives ? CERT_DCA : CERT_DSA,
                             own->domains[i] + (*own->domains[i] == '.')),
                 "ask the CA for one with this address as rfc822Name");
}

static int check_path(struct own *own, const struct policy *policy,
                      struct pool *pool, CERTCertificate *certificate,
                      enum judge_use use, time_t now, struct failure *why)
{
    /* Its limits have findings of their own. */
    struct judge_request request = {
        .use = use, .now = now,
        .ignore = own_tolerated(&policy->settings) |
                  1U << JUDGE_NO_CRL_POINTER,
        .bits_least = policy->settings.rsa_bits_send};
    struct judgement judgement;
    if (judge_certificate(pool, certificate, &request, &judgement, why) < 0)
        return -1;
    if (judgement.status == JUDGE_EXPIRED)
        find(own, OWN_CRITICAL, "expired",
             pool_format(pool, "%s", judgement.reason),
             "run seemail-certs renew, or ask the CA for a new one");
    else if (judgement.status != JUDGE_GOOD)
        find(own, OWN_CRITICAL, "invalid",
             pool_format(pool, "%s", judgement.reason),
             "see whether the CA is trusted in the key store (certutil -L), "
             "and that it is the right certificate");
    return 0;
}

/* What is asked of a certificate that is in use, and not of an old one. */
static int check_use(struct own *own, const struct policy *policy,
                     struct pool *pool, CERTCertificate *certificate,
                     time_t now, struct failure *why)
{
    enum judge_use use =
        own->uses & OWN_SIGNS ? JUDGE_SIGN : JUDGE_ENCRYPT;
    if (check_path(own, policy, pool, certificate, use, now, why) < 0)
        return -1;
    if (own->level == OWN_GOOD && (own->uses & OWN_SIGNS) &&
        (own->uses & OWN_RECEIVES) &&
        check_path(own, policy, pool, certificate, JUDGE_ENCRYPT, now, why) < 0)
        return -1;
    check_end(own, pool, certificate);
    check_limits(own, certificate, &policy->settings, now);
    check_names(own, pool, certificate);
    return 0;
}

/* Why no certificate can be used: suspended, or there is none. */
static void find_none(struct own *own, struct pool *pool,
                      const struct failure *reason)
{
    if (reason->kind == FAILURE_CERT)
        find(own, own->uses == OWN_OPENS ? OWN_GOOD : OWN_CRITICAL,
             "suspended", pool_string(pool, reason->text),
             own->pending ? "take in the CA's answer: seemail-certs renew "
                            "--install FILE"
                          : "ask for a new one: seemail-certs renew --new-key");
    else
        find(own, OWN_CRITICAL, "no-certificate",
             pool_string(pool, reason->text),
             own->pending ? "take in the CA's answer: seemail-certs renew "
                            "--install FILE"
                          : "ask for one (seemail-certs renew --new-key), put "
                            "it into the key store (pk12util -i), or correct "
                            "the identity table");
}

/* What else is valid under the nickname, now or later. */
static void find_others(struct own *own, struct keystore *keystore,
                        struct pool *pool, CERTCertificate *used, time_t now)
{
    CERTCertList *list = keystore_named(keystore, own->nickname);
    if (!list)
        return;
    for (CERTCertListNode *node = CERT_LIST_HEAD(list);
         !CERT_LIST_END(node, list) && own->other_count < OWN_OTHERS_MOST;
         node = CERT_LIST_NEXT(node)) {
        struct own_other *other = &own->others[own->other_count];
        time_t since;
        if (SECITEM_ItemsAreEqual(&node->cert->derCert, &used->derCert) ||
            keystore_suspended(keystore, node->cert, &since, NULL) != 0 ||
            !cert_times(node->cert, &other->from, &other->to) || other->to < now)
            continue;
        char *serial = CERT_Hexify(&node->cert->serialNumber, 0);
        other->serial = pool_string(pool, serial ? serial : "");
        PORT_Free(serial);
        own->other_count++;
    }
    CERT_DestroyCertList(list);
}

static int find_pending(struct own *own, struct keystore *keystore)
{
    SECKEYPrivateKey *key = NULL;
    if (keystore_pending(keystore, own->nickname, &key, NULL) <= 0)
        return 0;
    SECKEY_DestroyPrivateKey(key);
    return 1;
}

static int inspect(struct keystore *keystore, const struct policy *policy,
                   struct pool *pool, time_t now, struct own *own,
                   struct failure *why)
{
    CERTCertificate *certificate = NULL;
    SECKEYPrivateKey *key = NULL;
    struct failure reason = {0};
    own->pending = find_pending(own, keystore);
    if (keystore_own(keystore, own->nickname, &certificate, &reason) < 0) {
        find_none(own, pool, &reason);
        return 0;
    }
    char *serial = CERT_Hexify(&certificate->serialNumber, 0);
    own->serial = pool_string(pool, serial ? serial : "");
    own->issuer = pool_string(pool, certificate->issuerName
                                        ? certificate->issuerName : "");
    PORT_Free(serial);
    cert_times(certificate, &own->from, &own->to);
    own->key_from = own_key_from(certificate);
    find_others(own, keystore, pool, certificate, now);
    own->days = own->to < now ? -1 - (long)((now - own->to) / DAY)
                              : (long)((own->to - now) / DAY);
    if (keystore_key(keystore, certificate, &key, &reason) < 0)
        find(own, OWN_CRITICAL, "no-key", pool_string(pool, reason.text),
             "put the key into the store (pk12util -i), or see to the "
             "token and its password");
    else
        SECKEY_DestroyPrivateKey(key);
    int rc = own->uses == OWN_OPENS
                 ? 0
                 : check_use(own, policy, pool, certificate, now, why);
    CERT_DestroyCertificate(certificate);
    return rc;
}

/* Adds a use; a nickname that is new gets its place. NULL = memory. */
static struct own *place(struct pool *pool, struct own *list, size_t *count,
                         size_t domains, const char *nickname)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(list[i].nickname, nickname) == 0)
            return &list[i];
    struct own *own = &list[(*count)++];
    *own = (struct own){.nickname = nickname};
    own->domains = pool_array(pool, domains, sizeof *own->domains);
    return own->domains ? own : NULL;
}

static int add_use(struct pool *pool, struct own *list, size_t *count,
                   const struct policy *policy,
                   const struct identity *identity, const char *nickname,
                   enum own_use use)
{
    struct own *own =
        place(pool, list, count, policy->identity_count, nickname);
    if (!own)
        return -1;
    own->uses |= use;
    if (use == OWN_OPENS || (own->domain_count &&
        own->domains[own->domain_count - 1] == identity->domain))
        return 0;
    own->domains[own->domain_count++] = identity->domain;
    return 0;
}

int own_nicknames(const struct policy *policy, struct pool *pool,
                  struct own **own_r, size_t *count_r, struct failure *why)
{
    size_t most = 0;
    *count_r = 0;
    for (size_t i = 0; i < policy->identity_count; i++)
        most += 1 + policy->identities[i].decrypting_count;
    *own_r = pool_array(pool, most ? most : 1, sizeof **own_r);
    if (!*own_r)
        return failure_memory(why);
    for (size_t i = 0; i < policy->identity_count; i++) {
        const struct identity *row = &policy->identities[i];
        int rc = add_use(pool, *own_r, count_r, policy, row, row->signing,
                         OWN_SIGNS);
        for (size_t k = 0; rc == 0 && k < row->decrypting_count; k++)
            rc = add_use(pool, *own_r, count_r, policy, row,
                         row->decrypting[k], k ? OWN_OPENS : OWN_RECEIVES);
        if (rc < 0)
            return failure_memory(why);
    }
    return 0;
}

int own_list(struct keystore *keystore, const struct policy *policy,
             struct pool *pool, time_t now, struct own **own_r,
             size_t *count_r, struct failure *why)
{
    if (own_nicknames(policy, pool, own_r, count_r, why) < 0)
        return -1;
    for (size_t i = 0; i < *count_r; i++)
        if (inspect(keystore, policy, pool, now, &(*own_r)[i], why) < 0)
            return -1;
    return 0;
}

unsigned own_tolerated(const struct settings *settings)
{
    unsigned unknown = 1U << JUDGE_CRL_NOT_CHECKABLE |
                       1U << JUDGE_CRL_EXPIRED | 1U << JUDGE_CRL_INVALID;
    unsigned limits = 1U << JUDGE_OVER_13_MONTHS | 1U << JUDGE_KEY_TOO_OLD;
    return unknown |
           (settings->own_limits == OWN_LIMITS_REFUSE ? 0 : limits) |
           (settings->own_crl_pointer == OWN_LIMITS_REFUSE
                ? 0 : 1U << JUDGE_NO_CRL_POINTER);
}
