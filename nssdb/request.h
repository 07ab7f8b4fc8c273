#ifndef SEEMAIL_REQUEST_H
#define SEEMAIL_REQUEST_H

/*
 * request: a certificate request (PKCS#10, RFC 2986) for a key pair of ours,
 * with the names that RFC 3183, 3.1 wants: what is sent to the CA.
 */

#include <keythi.h>
#include <seccomon.h>
#include <stddef.h>

struct buffer;
struct failure;

struct request {
    const SECItem *subject;  /* a Name, in DER */
    const SECItem *public;   /* a SubjectPublicKeyInfo, in DER */
    SECKEYPrivateKey *key;   /* signs it: proof that we have it */
    const char *const *addresses; /* rfc822Names */
    size_t address_count;
};

/* Appends it as PEM. 0 or -1. */
int request_put(const struct request *request, struct buffer *out,
                struct failure *why);

#endif
