#ifndef SEEMAIL_DIRECTORY_H
#define SEEMAIL_DIRECTORY_H

/*
 * directory: asks an LDAPv3 directory (RFC 4511). Only programs that may wait
 * for the network do: reception and delivery work from what these have put
 * into the state.
 *
 * Whatever goes wrong with the server is a FAILURE_NETWORK, also an answer
 * that it calls incomplete: half a list must never replace a whole one. What
 * is more than the limits is a FAILURE_LIMIT. Referrals are not followed:
 * nobody sends us elsewhere. A server's certificate is always checked, the
 * system's ldap.conf(5) and the environment may not turn that off.
 */

#include <stddef.h>

struct directory_session;
struct failure;

/* Who is asked, and how. Zero or NULL leaves an optional member out. */
struct directory_server {
    const char *uri;       /* ldap://, ldaps:// or ldapi:// */
    int starttls;          /* demanded before anything else is said */
    const char *ca_file;   /* optional: of TLS; default: the system's */
    const char *mechanism; /* optional: of SASL; default: a simple bind */
    const char *user, *password; /* optional: a DN, or SASL's name */
    unsigned step_seconds; /* for each thing that is asked */
    unsigned seconds;      /* for all of it, from directory_open() on */
    size_t message_most;   /* bytes of one message from the server */
};

enum directory_scope { DIRECTORY_TREE, DIRECTORY_CHILDREN, DIRECTORY_BASE };

struct directory_query {
    const char *base, *filter;
    const char *const *attributes; /* ended by NULL */
    enum directory_scope scope;
    int whole; /* an answer that refers to elsewhere for a part fails */
    size_t entries_most, bytes_most; /* of the answer */
};

/* One value of one attribute of one entry. 0 or -1. */
typedef int directory_visit(void *context, const char *dn,
                            const char *attribute, const void *value,
                            size_t length, struct failure *why);

/* Connects and says who we are. 0 or -1. */
int directory_open(const struct directory_server *server,
                   struct directory_session **session_r, struct failure *why);
void directory_close(struct directory_session **session);

/* 0 or -1. An entry's values come one after another. */
int directory_search(struct directory_session *session,
                     const struct directory_query *query,
                     directory_visit *visit, void *context,
                     struct failure *why);

/*
 * What an LDAP URL (RFC 4516) stands for, from where a CRL or a certificate
 * says that it is: ldap or ldaps with a host. `seconds' for all of it, `most'
 * bytes. 0, also when there is nothing; -1, FAILURE_USAGE for a URL that is
 * not followed.
 */
int directory_get(const char *url, unsigned seconds, size_t most,
                  directory_visit *visit, void *context, struct failure *why);

#endif
