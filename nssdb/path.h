#ifndef SEEMAIL_PATH_H
#define SEEMAIL_PATH_H

/*
 * path: from a certificate by its issuers up to a root that the key store
 * trusts, valid for a use at a time (RFC 5280, 6.1), revocation not asked.
 * The issuers come from the key store and from the message: whoever wrote
 * the message chose those, so that their number and ways are limited.
 */

#include "judge.h"

#define PATH_MOST JUDGE_PATH_MOST /* certificates, with the root */
/* Certificates that are looked at to find a path, each as often as there is
 * a way to it. */
#define PATH_CANDIDATES_MOST 200
/* Names in one certificate: NSS's cost is their square, 0.1 s for 1,000. */
#define PATH_NAMES_MOST 1000

enum path_status {
    PATH_GOOD,
    PATH_EXPIRED,       /* a certificate above has */
    PATH_NOT_YET_VALID, /* likewise */
    PATH_WRONG_USAGE,   /* not for this use, or an issuer not to issue */
    PATH_UNKNOWN_CA,    /* none leads to a trusted root, or too many ways */
    PATH_BAD            /* a signature, a constraint, an extension */
};

struct path {
    enum path_status status;
    CERTCertificate *certificates[PATH_MOST]; /* the root last */
    size_t count;     /* 0 when not good */
    char reason[120]; /* words for the log */
};

/* 0, or -1 for what is no fault of a certificate. */
int path_find(CERTCertificate *certificate, enum judge_use use, time_t when,
              struct path *path_r, struct failure *why);
void path_free(struct path *path);

#endif
