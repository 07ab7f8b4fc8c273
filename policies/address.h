#ifndef SEEMAIL_ADDRESS_H
#define SEEMAIL_ADDRESS_H

/*
 * address: mail addresses and domains, compared so that no look-alike
 * passes. Domains are ASCII (an IDN as its A-labels); one that is written in
 * other letters is no domain here, so it matches nothing. Local parts are
 * compared without regard to case, since certificates and lists are.
 */

#include <stddef.h>

struct pool;

#define ADDRESS_DOMAIN_MOST 253
#define ADDRESS_LOCAL_MOST 64

/*
 * The canonical form of a domain: lower case. 1 and *domain_r (in the pool);
 * 0 = not a domain (empty label, trailing dot, NUL, a letter that is not
 * letter, digit or hyphen, over 63 or 253 characters); -1 = memory.
 */
int domain_canonical(struct pool *pool, const char *text, size_t length,
                     char **domain_r);

/* Is `domain' the same as `above', or below it? Both canonical. */
int domain_within(const char *domain, const char *above);

/*
 * Splits an addr-spec (RFC 5322; a quoted local part too) into a local part
 * in lower case and a canonical domain. 1; 0 = not an address; -1 = memory.
 */
struct address {
    const char *local, *domain;
};
int address_parse(struct pool *pool, const char *text, size_t length,
                  struct address *address_r);

/*
 * Any address as one word of ADDRESS_WORD_BYTES, other bytes as =HH, for where
 * quotes, blanks and 8-bit letters would need care; NULL = memory. And back,
 * in place.
 */
#define ADDRESS_WORD_BYTES                                                    \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._+@="
char *address_word(struct pool *pool, const char *address);
void address_unword(char *word);

/*
 * Does an entry of a list cover the address? Entries are canonical:
 *   user@domain    that address alone
 *   *@domain       the domain itself, nothing below it
 *   *@.domain      the domain and all below it
 */
int address_covered(const struct address *address, const char *entry);

#endif
