/* gcm: the test vectors of the GCM specification (McGrew and Viega). */
#include "unit.h"

#include "der.h"
#include "failure.h"
#include "gcm.h"

#include <nss.h>
#include <stdio.h>
#include <string.h>

#include "cms_fixture.h"

#define P "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" \
          "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define A "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define Z32 "00000000000000000000000000000000"

static const struct vector {
    const char *key, *nonce, *text, *attributes, *cipher, *tag;
} vectors[] = {
    {Z32, "000000000000000000000000", "", "", "",
     "58e2fccefa7e3061367f1d57a4e7455a"},
    {Z32, "000000000000000000000000", Z32, "",
     "0388dace60b6a392f328c2b971b2fe78", "ab6e47d42cec13bdf53a67b21257bddf"},
    {"feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", P "1aafd255",
     "",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b2"
     "5466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985",
     "4d5c2af327cd64a62cf35abd2ba6fab4"},
    {"feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", P, A,
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b2"
     "5466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
     "5bc94fbc3221a5db94fae95ae7121a47"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c",
     "cafebabefacedbaddecaf888", P, A,
     "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00"
     "c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710",
     "2519498e80f1478f37ba55bd6d27618c"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", P, A,
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48"
     "590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

static size_t bytes(const char *hex, unsigned char *out)
{
    size_t count = strlen(hex) / 2;
    for (size_t i = 0; i < count; i++) {
        unsigned byte = 0;
        sscanf(hex + 2 * i, "%2x", &byte);
        out[i] = (unsigned char)byte;
    }
    return count;
}

static PK11SymKey *import(unsigned char *data, size_t length)
{
    SECItem item = {siBuffer, data, (unsigned)length};
    PK11SlotInfo *slot = PK11_GetInternalSlot();
    PK11SymKey *key = PK11_ImportSymKey(slot, CKM_AES_CTR, PK11_OriginUnwrap,
                                        CKA_ENCRYPT, &item, NULL);
    PK11_FreeSlot(slot);
    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    return key;
}

/* In pieces of `step' bytes. */
static void check(const struct vector *v, int decrypts, size_t step)
{
    unsigned char key[32], nonce[16], in[80], out[80], expected[80];
    unsigned char extra[40], tag[GCM_TAG], expected_tag[GCM_TAG];
    struct gcm gcm;
    struct failure why = {0};
    size_t length = bytes(decrypts ? v->cipher : v->text, in);
    struct der attributes = {extra, bytes(v->attributes, extra)};
    bytes(decrypts ? v->text : v->cipher, expected);
    bytes(v->tag, expected_tag);
    bytes(v->nonce, nonce);
    PK11SymKey *symmetric = import(key, bytes(v->key, key));
    CU_ASSERT_EQUAL_FATAL(gcm_init(&gcm, symmetric, nonce, decrypts, &why), 0);
    for (size_t at = 0; at < length; at += step) {
        size_t part = length - at < step ? length - at : step;
        CU_ASSERT_EQUAL(gcm_crypt(&gcm, in + at, out + at, part, &why), 0);
    }
    gcm_tag(&gcm, attributes.length ? &attributes : NULL, tag);
    CU_ASSERT_EQUAL(memcmp(out, expected, length), 0);
    CU_ASSERT_EQUAL(memcmp(tag, expected_tag, GCM_TAG), 0);
    gcm_free(&gcm);
    PK11_FreeSymKey(symmetric);
}

static void published_vectors(void)
{
    static const size_t steps[] = {1, 5, 16, 17, 100};
    cms_fixture_rsa();
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
        for (size_t k = 0; k < sizeof steps / sizeof steps[0]; k++) {
            check(&vectors[i], 0, steps[k]);
            check(&vectors[i], 1, steps[k]);
        }
}

/* Attributes added behind the content count as if they came in front. */
static void joined(void)
{
    unsigned char key[GHASH_BLOCK], data[1000], one[16], two[16];
    struct ghash whole, front, back;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * 7 + i / 5);
    for (unsigned i = 0; i < sizeof key; i++)
        key[i] = (unsigned char)(200 - i * 11);
    for (size_t split = 0; split < 400; split += 16) {
        ghash_init(&whole, key);
        ghash_add(&whole, data, sizeof data);
        ghash_pad(&whole);
        ghash_init(&front, key);
        ghash_add(&front, data, split);
        ghash_init(&back, key);
        ghash_add(&back, data + split, sizeof data - split);
        ghash_pad(&back);
        ghash_join(&back, &front);
        ghash_value(&whole, one);
        ghash_value(&back, two);
        CU_ASSERT_EQUAL(memcmp(one, two, sizeof one), 0);
    }
}

static const struct unit_test tests[] = {
    {"2.4-aes: the published vectors of AES-GCM, in pieces",
     published_vectors},
    {"2.4-aes: what is authenticated behind the content", joined},
};
UNIT_SUITE(gcm, tests)
