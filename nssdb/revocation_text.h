#ifndef SEEMAIL_REVOCATION_TEXT_H
#define SEEMAIL_REVOCATION_TEXT_H

/* revocation_text: the words of a struct revocation. For revocation.c. */

#include "revocation.h"

struct crl_record;
struct der;

/* The number in hexadecimal. Pool; NULL = memory. */
const char *revocation_number(struct pool *pool, const struct der *number);

/* A Name in printable ASCII. Pool; NULL = memory. */
const char *revocation_name(struct pool *pool, const struct der *name);

/* Each sets result->text. */
void revocation_say(struct revocation *result, const char *words);
/* "CRL 1A of CN=...: words"; record NULL = no certain one. */
void revocation_say_crl(struct revocation *result,
                        const struct crl_record *record, const char *words);
void revocation_say_source(struct revocation *result, const char *where,
                           const char *words);
/* By what the result says already. */
void revocation_say_revoked(struct revocation *result,
                            const struct crl_record *record);
void revocation_say_good(struct revocation *result,
                         const struct crl_record *record);

#endif
