#ifndef SEEMAIL_CRL_FETCH_H
#define SEEMAIL_CRL_FETCH_H

/*
 * crl_fetch: gets CRLs from where certificates say that they are, by http,
 * https, ldap or ldaps, and from files, and takes them in. One process at a
 * time asks for a URL; what failed is left alone for a while, longer each
 * time; what is here already is asked for by its tag. The servers are trusted
 * with nothing: time and size are limited, and what comes is verified.
 *
 * For seemail-certs: who links this links libcurl and libldap.
 */

#include "crl_source.h"
#include "crl_verify.h"

#include <stddef.h>
#include <time.h>

struct failure;
struct pool;
struct state;

struct crl_fetcher {
    struct state *state; /* open for writing */
    struct pool *pool;
    struct signature_rules rules;
    const char *proxy; /* for http and https; NULL = none */
    size_t most;      /* bytes of a CRL */
    unsigned seconds; /* for one URL */
    long retry;       /* seconds before it is asked for again; longer, up to
                       * CRL_RETRY_MOST, the more often it failed */
    long wait;        /* milliseconds for another process that asks for it */
    int again;        /* ask, even if it was asked or failed just now */
    int wanted;       /* somebody needs it now: keep it fresh */
};

#define CRL_RETRY_MOST 3600

/* What became of it. */
struct crl_fetched {
    struct crl_source source; /* as the state has it now */
    int asked;                /* 0 = it was left alone, or another asked */
};

/* 0, whatever the outcome (see source.outcome and source.text); -1 = what is
 * no fault of the URL. */
int crl_fetch_url(struct crl_fetcher *fetcher, const char *url, time_t now,
                  struct crl_fetched *fetched_r, struct failure *why);

/* The same for a file; one that has not changed since it was taken in is left
 * alone. */
int crl_fetch_file(struct crl_fetcher *fetcher, const char *path, time_t now,
                   struct crl_fetched *fetched_r, struct failure *why);

#endif
