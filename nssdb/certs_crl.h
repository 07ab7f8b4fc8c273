#ifndef SEEMAIL_CERTS_CRL_H
#define SEEMAIL_CERTS_CRL_H

/* certs_crl: what the commands of seemail-certs that have to do with CRLs
 * share. */

#include "certs.h"

#include <time.h>

struct buffer;
struct crl_record;

/* Folder and URLs that are due; the key store and the state (for writing) are
 * open. Prints what it did, or adds it to `json' as "crls"; the exit status,
 * which servers that fail do not change. */
int certs_crl_refresh(struct certs *certs, struct state *state,
                      struct buffer *json);

certs_command certs_crl_list, certs_crl_show;

/* Has its issuer the text in it, or did it come from there? */
int certs_crl_matches(struct pool *pool, const struct crl_record *record,
                      const char *text);

/* Forgets those that match, and the source of that name; the exit status. NSS
 * must have been started, the state is open for writing. */
int certs_crl_forget(struct certs *certs, struct state *state,
                     const char *text);

/* For seemail-certs status: prints or adds to the JSON how the CRLs are;
 * *warn_r = something is wrong. state NULL = there is none. 0, -1. */
int certs_crl_status(struct certs *certs, struct state *state, time_t now,
                     struct buffer *json, int *warn_r, struct failure *why);

#endif
