#ifndef SEEMAIL_KEYSTORE_WRITE_H
#define SEEMAIL_KEYSTORE_WRITE_H

/*
 * keystore_write: new key pairs and certificates for the store that
 * keystore_open_to_write() gave. Each change is one transaction of the
 * store's: who is killed leaves it as it was or as it is to be.
 *
 * A key pair that waits for its certificate has the nickname as its label,
 * and no certificate: nothing else is kept of it. Nothing is ever deleted:
 * old keys open old mail [2.10-oldkeys].
 */

#include "keystore.h"

struct key_kind {
    KeyType type;  /* rsaKey or ecKey (P-256) */
    unsigned bits; /* of an RSA key */
};

/* The pair of the nickname that waits for its certificate, and is not
 * suspended. 1; 0 = none; -1. The caller destroys the key. */
int keystore_pending(struct keystore *keystore, const char *nickname,
                     SECKEYPrivateKey **key_r, struct failure *why);

/* A new pair, on the token of that name; NULL = in the store. 0 or -1. */
int keystore_make_key(struct keystore *keystore, const char *token,
                      const char *nickname, const struct key_kind *kind,
                      SECKEYPrivateKey **key_r, struct failure *why);

/* Its SubjectPublicKeyInfo, to be freed; NULL = it cannot be read. */
SECItem *keystore_public(SECKEYPrivateKey *key);

/* Is the certificate for this key? */
int keystore_matches(CERTCertificate *certificate, SECKEYPrivateKey *key);

/* Puts a certificate where its key is, under the nickname: "nickname #2" if
 * its subject is another than before. 0, also when it is there already. */
int keystore_add(struct keystore *keystore, CERTCertificate *certificate,
                 SECKEYPrivateKey *key, const char *nickname,
                 struct failure *why);

/* Puts an intermediate CA's certificate into the store, trusted for nothing
 * by itself. 0, also when it is there already. */
int keystore_add_ca(struct keystore *keystore, CERTCertificate *certificate,
                    struct failure *why);

#endif
