#ifndef SEEMAIL_JUDGE_H
#define SEEMAIL_JUDGE_H

/*
 * judge: is a certificate valid now, by our clock, for this use, with a path
 * to a root that the key store trusts (RFC 5280, 6)? Every certificate is
 * judged before it is used, own or others', either way.
 */

#include "revocation.h"

#include <cert.h>
#include <time.h>

struct failure;

enum judge_use { JUDGE_SIGNER, JUDGE_RECIPIENT };

/* By severity. */
enum judge_status {
    JUDGE_GOOD,
    JUDGE_EXPIRED,
    JUDGE_NOT_YET_VALID,
    JUDGE_UNKNOWN_CA, /* no path to a trusted root */
    JUDGE_BAD         /* usage, constraints, signature, weak key */
};

struct judgement {
    enum judge_status status;
    enum revocation_status revocation; /* not asked here yet */
    char reason[200]; /* words for the log; "" when good */
};

/* 0, or -1 for what is no fault of the certificate. */
int judge_certificate(CERTCertificate *certificate, enum judge_use use,
                      time_t now, struct judgement *judgement_r,
                      struct failure *why);

#endif
