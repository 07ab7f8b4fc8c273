#ifndef SEEMAIL_BUNDLE_H
#define SEEMAIL_BUNDLE_H

/*
 * bundle: certificates as files and answers bring them, and the other way:
 * DER (one after another), PEM (see pem.h; any number, with text between
 * them), and the "certs-only" SignedData of .p7b and .p7c (RFC 5652, 5.1;
 * RFC 8551, 3.8) in BER, DER or PEM. Signatures and content of a SignedData
 * are passed over: each certificate is to be judged for itself.
 */

#include "der.h"

struct buffer;
struct failure;
struct pool;

#define BUNDLE_BYTES_MOST (256U << 20) /* of a file that is worth reading */

struct bundle {
    struct der *certificates; /* whole; the same one may be there twice */
    size_t count;
};

/*
 * Reads what it is, by its look. Copies in the pool; `most' certificates at
 * the most. What is given has the form of a certificate: NSS has not looked
 * at it yet. 0 with at least one; -1: FAILURE_MALFORMED (nothing of it is to
 * be used, one bad certificate spoils all), FAILURE_LIMIT, FAILURE_MEMORY.
 */
int bundle_read(struct pool *pool, const void *data, size_t length,
                size_t most, struct bundle *bundle_r, struct failure *why);

/* Has the slice the form of one certificate (RFC 5280, 4.1), no more? */
int bundle_is_certificate(struct der whole);

/* Appends all as a certs-only SignedData. Failure sticks in the buffer. */
void bundle_put_p7c(struct buffer *out, const struct der *certificates,
                    size_t count);

#endif
