#ifndef SEEMAIL_DIRECTORY_INSIDE_H
#define SEEMAIL_DIRECTORY_INSIDE_H

/* directory_inside: what the files of directory.h share. */

#include "directory.h"

#include <ldap.h>

struct directory_session {
    LDAP *ldap;
    const struct directory_server *server; /* the caller's */
    long long deadline; /* milliseconds of the monotonic clock */
    struct ldap_conncb callback;
    struct directory_watch *watch; /* while it connects */
};

/* -1: what did not work, in libldap's and the server's own words. */
int directory_fail(struct directory_session *session, int rc,
                   const char *what, struct failure *why);

/* How long the next step may take; as an option of the handle too. 0, or -1
 * = there is no time left. */
int directory_step(struct directory_session *session, struct timeval *limit_r,
                   struct failure *why);

/* By SASL (RFC 4513, 5.2). 0, or -1. */
int directory_sasl(struct directory_session *session, struct failure *why);

#endif
