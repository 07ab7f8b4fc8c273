#ifndef SEEMAIL_OCSP_FETCH_H
#define SEEMAIL_OCSP_FETCH_H

/*
 * ocsp_fetch: asks the responder that a certificate names, verifies what it
 * answers and keeps it. One process at a time asks for a certificate; a
 * responder that failed is left alone for a while.
 *
 * For seemail-certs: who links this links libcurl.
 */

#include "ocsp.h"

struct ocsp_fetcher {
    struct state *state; /* open for writing */
    struct pool *pool;
    const char *proxy;   /* NULL = none */
    unsigned seconds;    /* for one request, with the wait for its turn */
    time_t now;
    int again;           /* whatever is kept, and however it failed before */
    struct signature_rules rules;
};

enum ocsp_outcome {
    OCSP_ASKED,   /* *answer_r is verified and kept */
    OCSP_KEPT,    /* an answer in force was here */
    OCSP_NO_URL,  /* the certificate names no responder */
    OCSP_FAILED   /* no usable answer: why->text; remembered */
};

/* 0 and *outcome_r; -1 = what is no fault of the responder. */
int ocsp_fetch(const struct ocsp_fetcher *fetcher,
               CERTCertificate *certificate, CERTCertificate *issuer,
               enum ocsp_outcome *outcome_r, struct ocsp_answer *answer_r,
               struct failure *why);

#endif
