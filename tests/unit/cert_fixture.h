#ifndef SEEMAIL_CERT_FIXTURE_H
#define SEEMAIL_CERT_FIXTURE_H

/*
 * cert_fixture: certificates of any names and times, quickly: all have the
 * one public key that is given. Without a signing key the signature is
 * nonsense, which the store of certificates does not look at.
 */

#include "der.h"

#include <keythi.h>

struct buffer;
struct pool;

struct cert_plan {
    unsigned serial;
    long long from, to; /* Unix time, 2000 to 2049 */
    struct der issuer;  /* a whole Name; empty = C=NZ */
    const char *const *addresses;
    size_t address_count;
    const char *identifier; /* subject key identifier; NULL = none */
    const char *crl_url;    /* of its distribution point; NULL = none */
    struct der public_key;  /* SubjectPublicKeyInfo, whole */
    SECKEYPrivateKey *key;  /* of an EC issuer; NULL = no signature */
};

/* Appends the certificate; failure sticks in the buffer. */
void cert_fixture(struct buffer *out, const struct cert_plan *plan);

/* The same in memory of the pool; a failure ends the program. */
struct der cert_fixture_in(struct pool *pool, const struct cert_plan *plan);

#endif
