/* own: see own.h. */
#include "own.h"

#include "certificate.h"
#include "cms_choice.h"
#include "cms_trial.h"
#include "failure.h"
#include "keystore_write.h"
#include "own_choice.h"
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

enum judge_use own_use_of(const struct own *own)
{
    return own->uses & OWN_SIGNS ? JUDGE_SIGN : JUDGE_ENCRYPT;
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

static void find_status(struct own *own, struct pool *pool,
                        const struct judgement *judgement)
{
    const char *text = pool_string(pool, judgement->reason);
    switch (judgement->status) {
    case JUDGE_EXPIRED:
        find(own, OWN_CRITICAL, "expired", text,
             "run seemail-certs renew, or ask the CA for a new one");
        break;
    case JUDGE_REVOKED:
    case JUDGE_SUSPENDED:
        find(own, OWN_CRITICAL, "revoked", text,
             "ask the CA why; then seemail-certs renew --new-key");
        break;
    default:
        find(own, OWN_CRITICAL, "invalid", text,
             "see whether the CA is trusted in the key store (certutil -L), "
             "and that it is the right certificate");
    }
}

/* Its limits and names have findings of their own. */
static int check_path(struct own *own, const struct own_search *search,
                      CERTCertificate *certificate, enum judge_use use,
                      struct failure *why)
{
    struct judge_request request = {
        .use = use, .now = search->now, .state = search->state,
        .ignore = own_tolerated(&search->policy->settings) |
                  1U << JUDGE_NO_CRL_POINTER};
    struct judgement judgement;
    judge_by_policy(search->policy, &request);
    if (judge_certificate(search->pool, certificate, &request, &judgement,
                          why) < 0)
        return -1;
    if (judgement.status != JUDGE_GOOD)
        find_status(own, search->pool, &judgement);
    return 0;
}

/* What is asked of a certificate that is in use, and not of an old one. */
static int check_use(struct own *own, const struct own_search *search,
                     CERTCertificate *certificate, enum judge_use use,
                     struct failure *why)
{
    if (check_path(own, search, certificate, use, why) < 0)
        return -1;
    if (own->level == OWN_GOOD && (own->uses & OWN_SIGNS) &&
        (own->uses & OWN_RECEIVES) &&
        check_path(own, search, certificate, JUDGE_ENCRYPT, why) < 0)
        return -1;
    check_end(own, search->pool, certificate);
    check_limits(own, certificate, &search->policy->settings, search->now);
    check_names(own, search->pool, certificate);
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

static const char *serial_of(struct pool *pool, CERTCertificate *certificate)
{
    char *serial = CERT_Hexify(&certificate->serialNumber, 0);
    const char *text = pool_string(pool, serial ? serial : "");
    PORT_Free(serial);
    return text;
}

static int is_other(const struct own_search *search,
                    CERTCertificate *certificate, CERTCertificate *used,
                    struct own_other *other_r)
{
    time_t since;
    return !SECITEM_ItemsAreEqual(&certificate->derCert, &used->derCert) &&
           keystore_suspended(search->keystore, certificate, &since,
                              NULL) == 0 &&
           cert_times(certificate, &other_r->from, &other_r->to) &&
           other_r->to >= search->now;
}

/* What else may be used under the nickname, now or later. */
static void find_others(struct own *own, const struct own_search *search,
                        CERTCertificate *used)
{
    enum judge_use use = own_use_of(own);
    struct judgement judgement;
    CERTCertList *list = keystore_named(search->keystore, own->nickname);
    if (!list)
        return;
    for (CERTCertListNode *node = CERT_LIST_HEAD(list);
         !CERT_LIST_END(node, list) && own->other_count < OWN_OTHERS_MOST;
         node = CERT_LIST_NEXT(node)) {
        struct own_other *other = &own->others[own->other_count];
        if (!is_other(search, node->cert, used, other) ||
            own_judge(search, node->cert, use, 1, &judgement, NULL) < 0 ||
            judgement.status != JUDGE_GOOD)
            continue;
        other->serial = serial_of(search->pool, node->cert);
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

static void describe(struct own *own, const struct own_search *search,
                     CERTCertificate *certificate)
{
    time_t now = search->now;
    own->serial = serial_of(search->pool, certificate);
    own->issuer = pool_string(search->pool, certificate->issuerName
                                                ? certificate->issuerName : "");
    cert_times(certificate, &own->from, &own->to);
    own->key_from = own_key_from(certificate);
    own->days = own->to < now ? -1 - (long)((now - own->to) / DAY)
                              : (long)((own->to - now) / DAY);
    find_others(own, search, certificate);
}

/* What partners encrypt to it must be opened by the token that has the key. */
static void check_opens(struct own *own, CERTCertificate *certificate,
                        SECKEYPrivateKey *key)
{
    int ec = cms_key_of(certificate) == CMS_KEY_EC;
    if (cms_opens(certificate, key, ec ? CMS_ECDH : CMS_RSA, NULL) != 1)
        find(own, OWN_CRITICAL, "cannot-open",
             "its token cannot open what is encrypted to it",
             ec ? "use an RSA key, or have this one in the key store and not "
                  "on the token: doc/keys.md"
                : "see to the token: doc/keys.md");
}

static void check_key(struct own *own, const struct own_search *search,
                      CERTCertificate *certificate)
{
    SECKEYPrivateKey *key = NULL;
    struct failure reason = {0};
    if (keystore_key(search->keystore, certificate, &key, &reason) < 0) {
        find(own, OWN_CRITICAL, "no-key",
             pool_string(search->pool, reason.text),
             "put the key into the store (pk12util -i), or see to the "
             "token and its password");
        return;
    }
    if (own->uses & OWN_RECEIVES)
        check_opens(own, certificate, key);
    SECKEY_DestroyPrivateKey(key);
}

/* A newer one is there and not used. */
static void check_passed(struct own *own, struct pool *pool,
                         const struct own_choice *choice)
{
    if (choice->passed)
        find(own, OWN_WARNING, "passed-over",
             pool_format(pool, "a newer one, %s, is not used: %s",
                         serial_of(pool, choice->passed), choice->reason),
             "ask the CA why; then seemail-certs renew --new-key");
}

static int inspect(const struct own_search *search, struct own *own,
                   struct failure *why)
{
    enum judge_use use = own_use_of(own);
    struct own_choice choice;
    struct failure reason = {0};
    own->pending = find_pending(own, search->keystore);
    if (own_choose(search, own->nickname, use, &choice, &reason) < 0) {
        if (reason.kind != FAILURE_CERT && reason.kind != FAILURE_KEYSTORE)
            return failure(why, reason.kind, "%s", reason.text);
        find_none(own, search->pool, &reason);
        return 0;
    }
    describe(own, search, choice.certificate);
    check_key(own, search, choice.certificate);
    int rc = own->uses == OWN_OPENS
                 ? 0 : check_use(own, search, choice.certificate, use, why);
    if (own->uses != OWN_OPENS)
        check_passed(own, search->pool, &choice);
    own_choice_free(&choice);
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

int own_list(const struct own_search *search, struct own **own_r,
             size_t *count_r, struct failure *why)
{
    if (own_nicknames(search->policy, search->pool, own_r, count_r, why) < 0)
        return -1;
    for (size_t i = 0; i < *count_r; i++)
        if (inspect(search, &(*own_r)[i], why) < 0)
            return -1;
    return 0;
}
