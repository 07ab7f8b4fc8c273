#ifndef SEEMAIL_RENEW_H
#define SEEMAIL_RENEW_H

/*
 * renew: new certificates for our nicknames, those of the identity table:
 * for the key pair that is in use, or for a new one that was asked for. A
 * certificate is taken in when it is for a key of ours and would be used: its
 * path leads to a trusted root, and its names and limits are right. What is
 * taken in stands beside the old one: both open, the newest valid one signs
 * [2.8-auto-b, B-overlap].
 */

#include "bundle.h"

#include <time.h>

struct buffer;
struct directory;
struct failure;
struct keystore;
struct own;
struct own_search;
struct policy;
struct pool;

struct renew_request {
    const struct own *own;
    const char *subject; /* as certutil -s has it; NULL = as it is now */
    const char *key;     /* "rsa:BITS" or "ec"; NULL = as it is now */
    const char *token;   /* NULL = where the one before is, or in the store */
};

/*
 * Appends a request to the CA (PEM) for a new key pair, which is made in the
 * store (opened to write); or again for the one that waits for its
 * certificate. *new_r = it was made now. 0 or -1.
 */
int renew_ask(struct keystore *keystore, const struct renew_request *request,
              struct buffer *out, int *new_r, struct failure *why);

/* A directory that failed; the others are asked all the same. */
typedef void renew_fault(void *context, const struct directory *row,
                         const struct failure *fault);

/*
 * What the directories that are asked for certificates when a mail needs one
 * (rows with the purpose discover, for our domains or our issuer) have for
 * our own addresses [2.7-keyserver, 2.8-ldap-specs]. In the pool; *asked_r:
 * how many questions were asked. Waits for the network. 0 or -1.
 */
int renew_find(struct keystore *keystore, const struct policy *policy,
               struct pool *pool, struct bundle *bundle_r, size_t *asked_r,
               renew_fault *fault, void *context, struct failure *why);

enum renew_outcome { RENEW_ADDED, RENEW_KNOWN, RENEW_REFUSED };

struct renewed {
    const char *nickname;
    enum renew_outcome outcome;
    const char *reason; /* it was refused; else "" */
    const char *serial;
    time_t from, to;
    int new_key; /* the pair had no certificate before */
};

/*
 * Takes in those certificates of the bundle that are for our keys; `newer':
 * only if they last longer than what is in use. Others may lead to a root.
 * In the pool. 0 or -1, and then some may have been added.
 */
int renew_take(const struct own_search *search, const struct bundle *bundle,
               int newer, struct renewed **renewed_r, size_t *count_r,
               struct failure *why);

#endif
