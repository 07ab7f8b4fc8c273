#ifndef SEEMAIL_GHASH_H
#define SEEMAIL_GHASH_H

/*
 * ghash: the universal hash of GCM (NIST SP 800-38D, 6.4), in pieces of any
 * size, in time that does not depend on the data. NSS has it only within
 * AES-GCM over a whole buffer, and a message is longer than memory.
 */

#include <stddef.h>
#include <stdint.h>

#define GHASH_BLOCK 16

/* An element of GF(2^128), and its halves with the bits in reverse. */
struct ghash_element {
    uint64_t high, low, high_reversed, low_reversed;
};

struct ghash {
    struct ghash_element key;
    uint64_t high, low; /* the hash so far */
    unsigned char rest[GHASH_BLOCK];
    unsigned rest_length;
    unsigned long long blocks;
};

void ghash_init(struct ghash *ghash, const unsigned char key[GHASH_BLOCK]);
void ghash_add(struct ghash *ghash, const void *data, size_t size);

/* Zeroes up to the end of a block. */
void ghash_pad(struct ghash *ghash);

/* As if what `before' has had been added in front. Both are padded. */
void ghash_join(struct ghash *ghash, const struct ghash *before);

void ghash_value(const struct ghash *ghash,
                 unsigned char value_r[GHASH_BLOCK]);

#endif
