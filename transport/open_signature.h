#ifndef SEEMAIL_OPEN_SIGNATURE_H
#define SEEMAIL_OPEN_SIGNATURE_H

/*
 * open_signature: what the signatures of one layer say of the message. For
 * open.c.
 */

#include "address.h"
#include "cms_verify.h"
#include "gateway.h"
#include "verdict.h"

struct announcement;

struct signature_finding {
    int domain;           /* a domain's signature is among them */
    enum verdict person;  /* of one of the person in From; none = no such */
    enum verdict verdict; /* of the domain's; of several the best */
    const char *signer, *reason;
    const struct cms_signature *signature; /* the domain's of that verdict */
    const struct announcement *announced; /* of a good one; NULL = none */
};

/* `from': domain NULL = ambiguous. 0 or -1. */
int signature_judge(struct gateway *gateway, struct pool *pool,
                    const struct cms_signed *cms, const struct address *from,
                    struct signature_finding *finding_r, struct failure *why);

#endif
