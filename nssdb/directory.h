#ifndef SEEMAIL_DIRECTORY_H
#define SEEMAIL_DIRECTORY_H

/*
 * directory: asks an LDAPv3 directory (RFC 4511). Only seemail-certs does:
 * reception and delivery work from what it has put into the state.
 *
 * Whatever goes wrong with the server is a FAILURE_NETWORK, also an answer
 * that it calls incomplete: half a list must never replace a whole one.
 */

#include <stddef.h>

struct failure;

struct directory_query {
    const char *uri, *base, *filter;
    const char *const *attributes; /* ended by NULL */
    const char *bind_dn, *password; /* NULL = anonymous */
    unsigned seconds; /* for each step */
};

/* One value of one attribute of one entry. 0 or -1. */
typedef int directory_visit(void *context, const char *dn,
                            const char *attribute, const void *value,
                            size_t length, struct failure *why);

/* 0 or -1. An entry's values come one after another. */
int directory_search(const struct directory_query *query,
                     directory_visit *visit, void *context,
                     struct failure *why);

#endif
