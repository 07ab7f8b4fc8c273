/* ghash: see ghash.h. */
#include "ghash.h"

#include <string.h>

static uint64_t load(const unsigned char *at)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | at[i];
    return value;
}

static void store(unsigned char *at, uint64_t value)
{
    for (int i = 8; i-- > 0; value >>= 8)
        at[i] = (unsigned char)value;
}

static uint64_t reverse(uint64_t x)
{
    const uint64_t m1 = 0x5555555555555555, m2 = 0x3333333333333333,
                   m4 = 0x0f0f0f0f0f0f0f0f;
    x = (x & m1) << 1 | (x >> 1 & m1);
    x = (x & m2) << 2 | (x >> 2 & m2);
    x = (x & m4) << 4 | (x >> 4 & m4);
    return __builtin_bswap64(x);
}

/*
 * The lower half of a product without carries. Integers of which only each
 * fourth bit may be set are multiplied: up to 15 terms add up in four bits,
 * and of these only the lowest is looked at.
 */
static uint64_t product(uint64_t a, uint64_t b)
{
    const uint64_t m0 = 0x1111111111111111, m1 = m0 << 1, m2 = m0 << 2,
                   m3 = m0 << 3;
    uint64_t a0 = a & m0, a1 = a & m1, a2 = a & m2, a3 = a & m3;
    uint64_t b0 = b & m0, b1 = b & m1, b2 = b & m2, b3 = b & m3;
    uint64_t s0 = a0 * b0 ^ a1 * b3 ^ a2 * b2 ^ a3 * b1;
    uint64_t s1 = a0 * b1 ^ a1 * b0 ^ a2 * b3 ^ a3 * b2;
    uint64_t s2 = a0 * b2 ^ a1 * b1 ^ a2 * b0 ^ a3 * b3;
    uint64_t s3 = a0 * b3 ^ a1 * b2 ^ a2 * b1 ^ a3 * b0;
    return (s0 & m0) | (s1 & m1) | (s2 & m2) | (s3 & m3);
}

static struct ghash_element element(uint64_t high, uint64_t low)
{
    return (struct ghash_element){high, low, reverse(high), reverse(low)};
}

/*
 * The field's bits stand in reverse: the first of a block is the lowest. So
 * the product (by Karatsuba; its upper halves from reversed factors) comes
 * out one bit too low, and is reduced from its lower end.
 */
static void multiply(uint64_t *high, uint64_t *low,
                     const struct ghash_element *by)
{
    struct ghash_element a = element(*high, *low);
    uint64_t l = product(a.low, by->low), h = product(a.high, by->high);
    uint64_t lr = product(a.low_reversed, by->low_reversed);
    uint64_t hr = product(a.high_reversed, by->high_reversed);
    uint64_t m = l ^ h ^ product(a.low ^ a.high, by->low ^ by->high);
    uint64_t mr = lr ^ hr ^ product(a.low_reversed ^ a.high_reversed,
                                    by->low_reversed ^ by->high_reversed);
    uint64_t v0 = l, v1 = (reverse(lr) >> 1) ^ m;
    uint64_t v2 = h ^ (reverse(mr) >> 1), v3 = reverse(hr) >> 1;
    v3 = v3 << 1 | v2 >> 63;
    v2 = v2 << 1 | v1 >> 63;
    v1 = v1 << 1 | v0 >> 63;
    v0 <<= 1;
    v1 ^= v0 << 63 ^ v0 << 62 ^ v0 << 57;
    v2 ^= v0 ^ v0 >> 1 ^ v0 >> 2 ^ v0 >> 7;
    v2 ^= v1 << 63 ^ v1 << 62 ^ v1 << 57;
    v3 ^= v1 ^ v1 >> 1 ^ v1 >> 2 ^ v1 >> 7;
    *high = v3;
    *low = v2;
}

static void add_block(struct ghash *ghash, const unsigned char *block)
{
    ghash->high ^= load(block);
    ghash->low ^= load(block + 8);
    multiply(&ghash->high, &ghash->low, &ghash->key);
    ghash->blocks++;
}

void ghash_init(struct ghash *ghash, const unsigned char key[GHASH_BLOCK])
{
    memset(ghash, 0, sizeof *ghash);
    ghash->key = element(load(key), load(key + 8));
}

void ghash_add(struct ghash *ghash, const void *data, size_t size)
{
    const unsigned char *at = data;
    while (size > 0) {
        size_t part = GHASH_BLOCK - ghash->rest_length;
        if (part == GHASH_BLOCK && size >= GHASH_BLOCK) {
            add_block(ghash, at);
        } else {
            part = part < size ? part : size;
            memcpy(ghash->rest + ghash->rest_length, at, part);
            ghash->rest_length += (unsigned)part;
            if (ghash->rest_length == GHASH_BLOCK) {
                ghash->rest_length = 0;
                add_block(ghash, ghash->rest);
            }
        }
        at += part;
        size -= part;
    }
}

void ghash_pad(struct ghash *ghash)
{
    if (!ghash->rest_length)
        return;
    memset(ghash->rest + ghash->rest_length, 0,
           GHASH_BLOCK - ghash->rest_length);
    ghash->rest_length = 0;
    add_block(ghash, ghash->rest);
}

void ghash_join(struct ghash *ghash, const struct ghash *before)
{
    uint64_t high = before->high, low = before->low;
    struct ghash_element power = ghash->key;
    for (unsigned long long left = ghash->blocks; left; left >>= 1) {
        if (left & 1)
            multiply(&high, &low, &power);
        uint64_t square_high = power.high, square_low = power.low;
        multiply(&square_high, &square_low, &power);
        power = element(square_high, square_low);
    }
    ghash->high ^= high;
    ghash->low ^= low;
    ghash->blocks += before->blocks;
}

void ghash_value(const struct ghash *ghash, unsigned char value_r[GHASH_BLOCK])
{
    store(value_r, ghash->high);
    store(value_r + 8, ghash->low);
}
