#ifndef SEEMAIL_DISCOVERY_DNS_H
#define SEEMAIL_DISCOVERY_DNS_H

/*
 * discovery_dns: what the DNS has for an address: the directories of its
 * domain (RFC 2782), and certificates (RFC 8162). DANE takes the place of no
 * root that we trust: a certificate from here is judged like any other.
 */

#include "dns.h"

struct failure;
struct policy;
struct pool;

#define DISCOVERY_SERVERS 3 /* that are asked, of those named */

/* URIs in the order in which to ask, by priority and weight. 0, also for
 * none; -1. */
int discovery_dns_servers(struct pool *pool, const struct policy *policy,
                          const char *address, unsigned seconds,
                          const char *uris_r[DISCOVERY_SERVERS],
                          size_t *count_r, struct failure *why);

/* Whole certificates; those that are given by a hash alone are left out. 0,
 * also for none; -1. */
int discovery_dns_certificates(struct pool *pool, const struct policy *policy,
                               const char *address, unsigned seconds,
                               struct dns_answer *answer_r,
                               struct failure *why);

#endif
