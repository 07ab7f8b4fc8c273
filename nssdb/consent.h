#ifndef SEEMAIL_CONSENT_H
#define SEEMAIL_CONSENT_H

/*
 * consent: may a certificate that nobody pinned be used [2.8-approval]? An
 * administrator's word on that certificate counts first; then the setting
 * `approval': domains on the SEEMAIL list need none, or those of the table
 * partners neither, or nobody does, or all do. It is asked at each use: who
 * leaves the list needs a word from then on.
 */

#include <stddef.h>

struct failure;
struct policy;
struct state;

#define CONSENT_FINGERPRINT 32 /* SHA-256 of the certificate */

enum consent { CONSENT_GIVEN, CONSENT_PENDING, CONSENT_DENIED };

/* "approved", "pending", "denied". */
const char *consent_word(enum consent consent);

struct consent_record {
    unsigned char fingerprint[CONSENT_FINGERPRINT];
    enum consent consent;
    long long when;      /* Unix time: since when it is so */
    const char *address; /* that it was found for */
};

/* The answer for a certificate and the address that it was found for. `state'
 * NULL = nothing is known. Transactions of its own. 0, -1. */
int consent_of(struct state *state, const struct policy *policy,
                const unsigned char *fingerprint, const char *address,
                enum consent *consent_r, struct failure *why);

/* Writes it down as pending, if there is no word on it: 1 = it was not
 * before; 0; -1. A transaction of its own, as those that follow. */
int consent_ask(struct state *state, const unsigned char *fingerprint,
                 const char *address, long long now, struct failure *why);

/* An administrator's word. 0, -1. */
int consent_put(struct state *state, const struct consent_record *record,
                 struct failure *why);

/* 1, 0 = nothing is written down, -1. The address is in the caller's buffer. */
#define CONSENT_ADDRESS 400
int consent_get(struct state *state, const unsigned char *fingerprint,
                 struct consent_record *record_r,
                 char address_r[CONSENT_ADDRESS], struct failure *why);

/* All that are written down. The visitor returns 0 to go on, -1. */
typedef int consent_visit(void *context,
                           const struct consent_record *record,
                           struct failure *why);
int consent_each(struct state *state, consent_visit *visit, void *context,
                  struct failure *why);

#endif
