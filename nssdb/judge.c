/* judge: see judge.h. */
#include "judge.h"

#include "certificate.h"
#include "failure.h"
#include "path.h"
#include "policy.h"
#include "pool.h"
#include "pss.h"
#include "revocation_ocsp.h"

#include <keyhi.h>
#include <secitem.h>
#include <secoid.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CERTIFICATE_MONTHS 13 /* [2.3-thirteen] */
#define KEY_YEARS 5
#define EC_BITS_LEAST 224 /* all that NSS has are above */

struct judging {
    struct pool *pool;
    const struct judge_request *request;
    struct judgement *judgement;
};

/* What is found; the last one in precedence is the status. */
__attribute__((format(printf, 3, 4)))
static void find(const struct judging *j, enum judge_status status,
                 const char *format, ...)
{
    struct judgement *judgement = j->judgement;
    va_list arguments;
    if (j->request->ignore >> status & 1 || status <= judgement->status)
        return;
    judgement->status = status;
    va_start(arguments, format);
    vsnprintf(judgement->reason, sizeof judgement->reason, format, arguments);
    va_end(arguments);
}

static int self_signed(CERTCertificate *certificate)
{
    return SECITEM_ItemsAreEqual(&certificate->derIssuer,
                                 &certificate->derSubject) &&
           CERT_VerifySignedDataWithPublicKeyInfo(
               &certificate->signatureWrap,
               &certificate->subjectPublicKeyInfo, NULL) == SECSuccess;
}

static void judge_names(CERTCertificate *certificate,
                        const struct judging *j)
{
    const struct judge_request *request = j->request;
    if (!request->domain && !request->address)
        return;
    if (cert_address_count(certificate) == 0)
        find(j, JUDGE_NO_ADDRESS, "it has no mail address");
    else if (request->domain && !cert_speaks_for(certificate, request->domain))
        find(j, JUDGE_WRONG_ADDRESS, "it does not speak for %.200s",
             request->domain);
    else if (request->address &&
             !cert_has_address(certificate, request->address))
        find(j, JUDGE_WRONG_ADDRESS, "it does not name %.200s",
             request->address);
}

static void judge_times(const struct judging *j, time_t from, time_t to)
{
    const struct judge_request *request = j->request;
    time_t key_from = request->key_from ? request->key_from : from;
    if (request->now < from)
        find(j, JUDGE_NOT_YET_VALID, "not valid yet");
    if (request->now > to)
        find(j, JUDGE_EXPIRED, "expired");
    if (!request->own)
        return;
    if (to > cert_months_after(from, CERTIFICATE_MONTHS))
        find(j, JUDGE_OVER_13_MONTHS,
             "it is valid for longer than %d months", CERTIFICATE_MONTHS);
    if (request->now > cert_months_after(key_from, 12 * KEY_YEARS))
        find(j, JUDGE_KEY_TOO_OLD,
             "its key pair is more than %d years old", KEY_YEARS);
}

/* Of an algorithm that names it in its parameters. */
static int weak_parameters(const SECItem *parameters, int sha1)
{
    const char *hash =
        pss_hash((struct der){parameters->data, parameters->len});
    return !hash || (!sha1 && strcmp(hash, "sha1") == 0);
}

/* SHA-1, or what is weaker still. */
static int weak_digest(CERTCertificate *certificate, int sha1)
{
    switch (SECOID_GetAlgorithmTag(&certificate->signature)) {
    case SEC_OID_PKCS1_SHA1_WITH_RSA_ENCRYPTION:
    case SEC_OID_ISO_SHA_WITH_RSA_SIGNATURE:
    case SEC_OID_ISO_SHA1_WITH_RSA_SIGNATURE:
    case SEC_OID_ANSIX962_ECDSA_SHA1_SIGNATURE:
    case SEC_OID_ANSIX9_DSA_SIGNATURE_WITH_SHA1_DIGEST:
        return !sha1;
    case SEC_OID_PKCS1_RSA_PSS_SIGNATURE:
        return weak_parameters(&certificate->signature.parameters, sha1);
    case SEC_OID_PKCS1_MD2_WITH_RSA_ENCRYPTION:
    case SEC_OID_PKCS1_MD4_WITH_RSA_ENCRYPTION:
    case SEC_OID_PKCS1_MD5_WITH_RSA_ENCRYPTION:
        return 1;
    default:
        return 0;
    }
}

/* The strength of one certificate of the path. */
static void judge_strength(CERTCertificate *certificate,
                           const struct judging *j)
{
    SECKEYPublicKey *key = CERT_ExtractPublicKey(certificate);
    unsigned bits = key ? SECKEY_PublicKeyStrengthInBits(key) : 0;
    long least = key && SECKEY_GetPublicKeyType(key) == ecKey
                     ? EC_BITS_LEAST : j->request->bits_least;
    if (key)
        SECKEY_DestroyPublicKey(key);
    if ((long)bits < least)
        find(j, JUDGE_WEAK_KEY, "a key of %u bits, below %ld", bits,
             least);
    if (weak_digest(certificate, j->request->sha1))
        find(j, JUDGE_WEAK_KEY,
             "it, or one above it, is signed with SHA-1 or weaker");
}

static void take_path_status(const struct path *path, const struct judging *j)
{
    static const enum judge_status statuses[] = {
        [PATH_GOOD] = JUDGE_GOOD,
        [PATH_EXPIRED] = JUDGE_EXPIRED,
        [PATH_NOT_YET_VALID] = JUDGE_NOT_YET_VALID,
        [PATH_WRONG_USAGE] = JUDGE_WRONG_USAGE,
        [PATH_UNKNOWN_CA] = JUDGE_UNKNOWN_CA,
        [PATH_BAD] = JUDGE_BAD};
    if (path->status != PATH_GOOD)
        find(j, statuses[path->status], "%s", path->reason);
}

/* Superseded, of another name, not needed any more: nobody else has the key. */
static int speaks_against_key(const struct revocation *revocation)
{
    enum { AFFILIATION = 3, SUPERSEDED = 4, CESSATION = 5 }; /* CRLReason */
    return (revocation->status == REVOCATION_REVOKED ||
            revocation->status == REVOCATION_SUSPENDED) &&
           revocation->reason != AFFILIATION &&
           revocation->reason != SUPERSEDED &&
           revocation->reason != CESSATION;
}

/* One certificate of the path; `above' = not the one that is judged. */
static void take_revocation(const struct revocation *revocation, int above,
                            const struct judging *j)
{
    static const enum judge_status statuses[] = {
        [REVOCATION_GOOD] = JUDGE_GOOD,
        [REVOCATION_REVOKED] = JUDGE_REVOKED,
        [REVOCATION_SUSPENDED] = JUDGE_SUSPENDED,
        [REVOCATION_NO_POINTER] = JUDGE_NO_CRL_POINTER,
        [REVOCATION_NOT_CHECKABLE] = JUDGE_CRL_NOT_CHECKABLE,
        [REVOCATION_CRL_INVALID] = JUDGE_CRL_INVALID,
        [REVOCATION_CRL_EXPIRED] = JUDGE_CRL_EXPIRED};
    struct judgement *judgement = j->judgement;
    /* Our own must name one; of those above it none is asked. */
    if (j->request->own && revocation->status == REVOCATION_NO_POINTER)
        return;
    if (!above)
        judgement->key_out = speaks_against_key(revocation);
    find(j, statuses[revocation->status], "%s%s", above ? "above it: " : "",
         revocation->text);
    for (size_t i = 0; i < revocation->url_count &&
                       judgement->url_count < JUDGE_URLS_MOST; i++)
        judgement->urls[judgement->url_count++] = revocation->urls[i];
}

/* A responder is to be asked for the certificate. */
static int want_ocsp(CERTCertificate *certificate, CERTCertificate *issuer,
                     const struct judging *j, struct failure *why)
{
    const SECItem *both[] = {&certificate->derCert, &issuer->derCert};
    struct judgement *judgement = j->judgement;
    for (size_t i = 0; i < 2 && judgement->ocsp_count < JUDGE_OCSP_MOST; i++) {
        const void *copy = pool_copy(j->pool, both[i]->data, both[i]->len);
        if (!copy)
            return failure_memory(why);
        judgement->ocsp[judgement->ocsp_count++] =
            (struct der){copy, both[i]->len};
    }
    return 0;
}

/* CRLs first, then OCSP. */
static int check_revocation(CERTCertificate *certificate,
                            CERTCertificate *issuer, const struct judging *j,
                            struct revocation *revocation_r,
                            struct failure *why)
{
    const struct judge_request *request = j->request;
    const char *responder = NULL;
    if (revocation_check(request->state, j->pool, certificate, issuer,
                         request->now, request->grace, revocation_r, why) < 0)
        return -1;
    if (request->ocsp &&
        revocation_ask_ocsp(request->state, j->pool, certificate, issuer,
                            request->now, request->grace, revocation_r,
                            &responder, why) < 0)
        return -1;
    return responder ? want_ocsp(certificate, issuer, j, why) : 0;
}

static int judge_revocation(const struct path *path, const struct judging *j,
                            struct failure *why)
{
    struct revocation revocation;
    for (size_t i = 0; i + 1 < path->count; i++) {
        if (check_revocation(path->certificates[i], path->certificates[i + 1],
                             j, &revocation, why) < 0)
            return -1;
        take_revocation(&revocation, i > 0, j);
    }
    return 0;
}

static int take_path(const struct path *path, const struct judging *j,
                     struct failure *why)
{
    struct judgement *judgement = j->judgement;
    for (size_t i = 0; judgement->url_count && i < path->count; i++) {
        const SECItem *der = &path->certificates[i]->derCert;
        const void *copy = pool_copy(j->pool, der->data, der->len);
        if (!copy)
            return failure_memory(why);
        judgement->path[judgement->path_count++] = (struct der){copy, der->len};
    }
    return 0;
}

/* The path and all that is on it. */
static int judge_path(CERTCertificate *certificate, const struct judging *j,
                      time_t when, struct failure *why)
{
    struct path path;
    if (path_find(certificate, j->request->use, when, &path, why) < 0)
        return -1;
    take_path_status(&path, j);
    for (size_t i = 0; i + 1 < path.count; i++)
        judge_strength(path.certificates[i], j);
    int rc = judge_revocation(&path, j, why);
    if (rc == 0)
        rc = take_path(&path, j, why);
    path_free(&path);
    return rc;
}

int judge_unknown(enum judge_status status)
{
    return status >= JUDGE_NO_CRL_POINTER && status <= JUDGE_CRL_INVALID;
}

int judge_revoked(enum judge_status status)
{
    return status == JUDGE_REVOKED || status == JUDGE_SUSPENDED;
}

int judge_certificate(struct pool *pool, CERTCertificate *certificate,
                      const struct judge_request *request,
                      struct judgement *judgement_r, struct failure *why)
{
    time_t from, to, now = request->now;
    *judgement_r = (struct judgement){.status = JUDGE_GOOD};
    struct judging j = {pool, request, judgement_r};
    if (!cert_times(certificate, &from, &to)) {
        find(&j, JUDGE_BAD, "its times cannot be read");
        return 0;
    }
    if (self_signed(certificate))
        find(&j, JUDGE_SELF_SIGNED, "it is self-signed");
    /* Out of its time, the path is looked at as of when it was in it: an
     * expired certificate of an unknown CA is first of all untrusted. */
    else if (judge_path(certificate, &j,
                        now < from ? from : now > to ? to : now, why) < 0)
        return -1;
    judge_names(certificate, &j);
    judge_times(&j, from, to);
    if (request->own && !cert_has_crl_pointer(certificate))
        find(&j, JUDGE_NO_CRL_POINTER, "it has no CRL distribution point");
    if (!judge_unknown(judgement_r->status))
        judgement_r->url_count = judgement_r->ocsp_count =
            judgement_r->path_count = 0;
    return 0;
}

void judge_by_policy(const struct policy *policy,
                     struct judge_request *request)
{
    int send = request->use != JUDGE_VERIFY;
    request->grace = policy->settings.crl_grace;
    request->ocsp = (int)policy->settings.ocsp;
    request->bits_least = send ? policy->settings.rsa_bits_send
                               : policy->settings.rsa_bits_receive;
    request->sha1 =
        policy_permits(policy, ALGORITHM_DIGEST, "sha1", send) != NULL;
}
