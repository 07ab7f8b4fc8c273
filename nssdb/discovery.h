#ifndef SEEMAIL_DISCOVERY_H
#define SEEMAIL_DISCOVERY_H

/*
 * discovery: looks for the certificate of an address in the directories that
 * the policy has rows for [2.8-auto-a, 2.8-ldap, 2.8-ldap-specs]: those that
 * serve its domain, or the issuer of a certificate of its that is known, in
 * the order of the rows, until one has given what can be used. Entries that
 * hold a URL are followed to it [2.15-publish]. What looks valid and names
 * the address is kept in the state; the rest is not.
 *
 * It waits for the network: at delivery, not at reception.
 */

#include "recipient.h"

struct discovered {
    size_t asked, failed; /* directories */
    size_t met;     /* certificates that they gave */
    size_t kept;    /* of those: that name the address and look valid */
    size_t fresh;   /* of those: that were not known before */
    int usable;     /* one can be used now, old or new */
    struct recipient_answer answer; /* if not: why */
    struct failure *first; /* of the directories, the first failure; kind
                              FAILURE_NONE = all answered */
    char refused[200];     /* why one that was met was not kept; "" */
};

/* The state is open for writing, without a transaction. Takes `seconds' at
 * the most. `found->first' is the caller's. 0; -1 = the state or the key
 * store failed; a directory that does is told in *found. */
int discovery_run(const struct recipient_search *search, const char *address,
                  unsigned seconds, struct discovered *found,
                  struct failure *why);

#endif
