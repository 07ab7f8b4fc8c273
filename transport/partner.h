#ifndef SEEMAIL_PARTNER_H
#define SEEMAIL_PARTNER_H

/*
 * partner: the certificate to seal for a recipient with, at delivery, where
 * waiting is free: what is pinned and known, and if none of that can be used,
 * what `seemail-certs fetch' finds now in the directories [2.8-auto-a].
 */

#include "gateway.h"

struct partner_found {
    CERTCertificate *certificate; /* the caller destroys it */
    enum judge_status status;     /* of it, as the policy lets it be used */
    char reason[400];             /* why there is none */
};

/* For one person's address, or, with `person' NULL, for a domain. 1; 0 =
 * none; -1. */
int partner_find(struct gateway *gateway, const char *person,
                 const char *domain, struct partner_found *found_r,
                 struct failure *why);

#endif
