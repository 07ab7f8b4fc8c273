#ifndef SEEMAIL_JUDGE_H
#define SEEMAIL_JUDGE_H

/*
 * judge: may a certificate be used now, by our clock, for this? Its path to a
 * root that the key store trusts (RFC 5280, 6), its revocation and that of
 * all above it, its dates, its names, its strength: one named status
 * [2.8-always]. Every certificate is judged before it is used, each time,
 * own or others', either way [2.9-validkey].
 */

#include "der.h"

#include <cert.h>
#include <stddef.h>
#include <time.h>

struct failure;
struct policy;
struct pool;
struct state;

enum judge_use {
    JUDGE_SIGN,    /* one of ours, to sign */
    JUDGE_ENCRYPT, /* to encrypt to */
    JUDGE_VERIFY   /* the signature of somebody else */
};

/*
 * By precedence: of several that hold, the last one here is the status.
 * Without a path nothing else can be known; a certificate that was revoked
 * is first of all that, whatever else there is; then what no time heals
 * (strength, names), then what may be well tomorrow.
 */
enum judge_status {
    JUDGE_GOOD,
    JUDGE_OVER_13_MONTHS, /* these two: our own alone [2.3-thirteen] */
    JUDGE_KEY_TOO_OLD,
    JUDGE_NO_CRL_POINTER,
    JUDGE_CRL_NOT_CHECKABLE,
    JUDGE_CRL_EXPIRED,
    JUDGE_CRL_INVALID,
    JUDGE_EXPIRED,
    JUDGE_NOT_YET_VALID,
    JUDGE_NO_ADDRESS,
    JUDGE_WRONG_ADDRESS,
    JUDGE_WEAK_KEY, /* or signed by a digest that may not be relied on */
    JUDGE_SUSPENDED,
    JUDGE_REVOKED,
    JUDGE_WRONG_USAGE,
    JUDGE_UNKNOWN_CA,
    JUDGE_SELF_SIGNED,
    JUDGE_BAD, /* a signature, a constraint, an extension */
    JUDGE_STATUSES
};

struct judge_request {
    enum judge_use use;
    int own;             /* it is ours: its limits count */
    const char *domain;  /* that it must speak for; NULL = any */
    const char *address; /* that it must have; NULL = any */
    time_t now;
    time_t key_from;     /* since when its key is in use; 0 = as itself */
    long bits_least;     /* of an RSA key in the path */
    int sha1;            /* may certificates be signed with SHA-1? */
    unsigned ignore;     /* bit 1 << status: that are not looked for */
    struct state *state; /* with the CRLs; NULL = none is known */
    long grace;          /* seconds that a CRL counts after its time */
    int ocsp;            /* do OCSP answers count where CRLs do not tell? */
};

#define JUDGE_URLS_MOST 20
#define JUDGE_OCSP_MOST 24
#define JUDGE_PATH_MOST 12

struct judgement {
    enum judge_status status;
    int key_out; /* revoked for a reason that may speak against its key: then
                    no other certificate for that key is better */
    /* What is to be fetched (seemail-certs crl fetch) so that a status of
     * JUDGE_CRL_... may become another; none with other statuses. */
    const char *urls[JUDGE_URLS_MOST];
    size_t url_count;
    /* Likewise, certificates, each with its issuer: seemail-certs ocsp. */
    struct der ocsp[JUDGE_OCSP_MOST];
    size_t ocsp_count;
    /* With URLs: the certificates of the path, which may have signed. */
    struct der path[JUDGE_PATH_MOST];
    size_t path_count;
    char reason[300]; /* words for the log; "" when good */
};

/* "good", "revoked", ...: the words of the table outcomes. */
const char *judge_word(enum judge_status status);

/* 0, or -1 for what is no fault of the certificate. URLs and certificates to
 * ask for are in the pool. */
int judge_certificate(struct pool *pool, CERTCertificate *certificate,
                      const struct judge_request *request,
                      struct judgement *judgement_r, struct failure *why);

/* Fills in what the policy says for the request's use: keys, digests, CRLs. */
void judge_by_policy(const struct policy *policy,
                     struct judge_request *request);

/* Is it that whether it was revoked is not known? Or that it was, for now or
 * for good? */
int judge_unknown(enum judge_status status);
int judge_revoked(enum judge_status status);

#endif
