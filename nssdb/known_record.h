#ifndef SEEMAIL_KNOWN_RECORD_H
#define SEEMAIL_KNOWN_RECORD_H

/*
 * known_record: how known.h's certificates lie in the state. For known*.c.
 *     STATE_CERTIFICATES  fingerprint -> record
 *     STATE_ADDRESSES     address, NUL, fingerprint -> nothing
 *     STATE_SUBJECTS      'i', SHA-256 of issuer and serial number,
 *                         fingerprint -> nothing;
 *                         's', SHA-256 of subject key identifier, likewise
 */

#include "known.h"

struct buffer;

int known_encode(struct buffer *out, const struct known *known,
                 struct failure *why);

/* A record as it lies there: 1, what is given points into it; 0 = none. */
int known_view(const struct der *record, const unsigned char *fingerprint,
               struct known *known_r);

/* The front of the keys, without the fingerprint: its length; 0 = the
 * address is too long, or SHA-256 failed. */
#define KNOWN_SUBJECT_PREFIX (1 + KNOWN_FINGERPRINT)
size_t known_address_prefix(const char *address, char *key_r);
size_t known_issuer_prefix(const struct der *issuer, const struct der *serial,
                           char *key_r);
size_t known_identifier_prefix(const struct der *identifier, char *key_r);

#endif
