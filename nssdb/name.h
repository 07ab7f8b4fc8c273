#ifndef SEEMAIL_NAME_H
#define SEEMAIL_NAME_H

/*
 * name: distinguished names as DER, compared as RFC 5280, 7.1 wants: whatever
 * the kind of string, without regard to the case of ASCII letters and to how
 * many blanks there are.
 */

#include "der.h"

struct buffer;

/* Appends a form of the Name (its whole DER) that equal names share. 1, or
 * 0 = it is no Name (or memory is out: buffer->failed). */
int name_canonical(const struct der *name, struct buffer *out);

/* The same for one RelativeDistinguishedName, by the content of its SET. */
int name_canonical_rdn(const struct der *set, struct buffer *out);

#define NAME_HASH 16 /* bytes */

/* A digest of the canonical form. NSS must have been started. 1, or 0 = it
 * is no Name. */
int name_hash(const struct der *name, unsigned char hash_r[NAME_HASH]);

#endif
