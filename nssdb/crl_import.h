#ifndef SEEMAIL_CRL_IMPORT_H
#define SEEMAIL_CRL_IMPORT_H

/*
 * crl_import: takes a CRL in: reads it (DER or PEM), verifies it, and puts it
 * into the index in the place of an older one. One that is refused changes
 * nothing: a bad one beside a good one is as if it were not there.
 */

#include "crl_verify.h"
#include "der.h"

#include <stdint.h>

struct failure;
struct pool;
struct state;

struct crl_import {
    enum crl_outcome outcome;
    const char *issuer; /* printable; "" = it could not be read */
    const char *number; /* hexadecimal; "" = none */
    int64_t this_update, next_update;
    size_t entries;
    int delta;
    char reason[400]; /* words; "" when taken */
};

/*
 * `where' = the URL or path that it came from. The state is open for writing.
 * 0 and the outcome; -1: FAILURE_STATE (a full disk too), FAILURE_MEMORY:
 * nothing was changed.
 */
int crl_import(struct state *state, struct pool *pool, const struct der *data,
               const char *where, const struct signature_rules *rules, time_t now,
               struct crl_import *import_r, struct failure *why);

/*
 * Holds the certificates that signed the CRLs of the index, so that NSS finds
 * them: they may have come with mail alone. To be let go before NSS stops.
 */
struct crl_signers {
    CERTCertificate **certificates;
    size_t count;
};
int crl_signers_hold(struct state *state, struct pool *pool,
                     struct crl_signers *signers_r, struct failure *why);
void crl_signers_free(struct crl_signers *signers);

#endif
