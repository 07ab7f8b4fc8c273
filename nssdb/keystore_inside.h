#ifndef SEEMAIL_KEYSTORE_INSIDE_H
#define SEEMAIL_KEYSTORE_INSIDE_H

/* keystore_inside: what the keystore_*.c files share. */

#include "keystore.h"

struct passwords;
struct suspended;

struct keystore {
    char *folder;
    struct passwords *passwords;
    struct suspended *suspended;
    SECItem *certificates; /* all that there are, once was_read */
    size_t count;
    int was_read;
    char trouble[200]; /* with a password: what a fault's text ends with */
};

/* FAILURE_KEYSTORE with NSS's own reason. -1. */
int keystore_fail(const struct keystore *keystore, struct failure *why,
                  const char *what);

/* NULL = it is not there. The caller destroys it. */
CERTCertificate *keystore_by_issuer(struct keystore *keystore,
                                    const struct der *issuer,
                                    const struct der *serial);

/* Keeps other processes out, of what is not safe against two at once: the
 * lock's file descriptor, to be closed; -1. */
int keystore_lock(const char *folder, struct failure *why);

#endif
