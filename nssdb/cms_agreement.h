#ifndef SEEMAIL_CMS_AGREEMENT_H
#define SEEMAIL_CMS_AGREEMENT_H

/*
 * cms_agreement: the key encryption key of two EC keys, one of them
 * ephemeral: ECDH with the KDF of X9.63 (RFC 5753, 7.2), for the AES key
 * wrap (RFC 3565). For cms_wrap.c and cms_unwrap.c.
 */

#include <keythi.h>
#include <pk11pub.h>
#include <stddef.h>

struct der;

struct cms_kdf {
    const char *oid;
    size_t oid_length;
    CK_EC_KDF_TYPE type;
};

struct cms_key_wrap {
    const char *oid;
    size_t oid_length;
    unsigned key; /* bytes */
};

/* NULL = not one of ours. */
const struct cms_kdf *cms_kdf_of(const struct der *oid);
const struct cms_key_wrap *cms_key_wrap_of(const struct der *oid);
/* Those that fit a curve of so many bits, and a content key's bytes. */
const struct cms_kdf *cms_kdf_for(unsigned bits);
const struct cms_key_wrap *cms_key_wrap_for(unsigned key);

/* `identifier': the key wrap's AlgorithmIdentifier, whole; `ukm': NULL =
 * none. Operation: CKA_WRAP or CKA_UNWRAP. NULL with NSS's error. */
PK11SymKey *cms_agree(SECKEYPrivateKey *own, SECKEYPublicKey *other,
                      const struct cms_kdf *kdf,
                      const struct cms_key_wrap *wrap,
                      const struct der *identifier, const struct der *ukm,
                      CK_ATTRIBUTE_TYPE operation);

#endif
