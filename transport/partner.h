#ifndef SEEMAIL_PARTNER_H
#define SEEMAIL_PARTNER_H

/*
 * partner: the certificate to seal for a recipient with, at delivery, where
 * waiting is free: what is pinned and known, and if none of that can be used,
 * what `seemail-certs fetch' finds now in the directories [2.8-auto-a].
 */

#include "gateway.h"

/* For one person's address, or, with `person' NULL, for a domain. 1, the
 * caller destroys what it gets; 0 = none, reason_r says why; -1. */
int partner_find(struct gateway *gateway, const char *person,
                 const char *domain, CERTCertificate **certificate_r,
                 char *reason_r, size_t size, struct failure *why);

#endif
