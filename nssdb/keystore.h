#ifndef SEEMAIL_KEYSTORE_H
#define SEEMAIL_KEYSTORE_H

/*
 * keystore: the agency's NSS store (sql:, made with certutil): own keys and
 * certificates, the roots that are trusted, and partners' certificates that
 * an administrator pinned. Opened read-only, after the last fork of a
 * process (NSS's random state must not be shared), once in a process: NSS
 * has room for one. Its folder belongs to root or to who runs us and nobody
 * else may read the keys [2.4-keys]: otherwise it is not opened.
 *
 * Failures are FAILURE_KEYSTORE: missing, unsafe, locked, corrupt.
 */

#include "cms_decrypt.h"

#include <cert.h>
#include <keythi.h>

struct der;
struct keystore;

/* `password_file': first line; may be missing if the store has none. */
int keystore_open(const char *folder, const char *password_file,
                  struct keystore **keystore_r, struct failure *why);
void keystore_close(struct keystore **keystore);

/* An own certificate by its nickname, CA-issued [2.5-ca-issued]; of several
 * the newest that is valid. The caller destroys what it gets. */
int keystore_own(struct keystore *keystore, const char *nickname,
                 CERTCertificate **certificate_r, struct failure *why);

/* The private key of an own certificate. */
int keystore_key(struct keystore *keystore, CERTCertificate *certificate,
                 SECKEYPrivateKey **key_r, struct failure *why);

/* As struct cms_keys wants it, with the key store as context: any key that
 * is in the store opens, old ones too [2.10-oldkeys]. */
int keystore_find_key(void *keystore, const struct der *issuer,
                      const struct der *serial, const struct der *identifier,
                      SECKEYPrivateKey **key_r, struct failure *why);

/* As struct cms_verifier wants it. By issuer and serial number alone. */
int keystore_find_certificate(void *keystore, const struct der *issuer,
                              const struct der *serial,
                              const struct der *identifier,
                              CERTCertificate **certificate_r,
                              struct failure *why);

/* A certificate that holds the mail address, pinned. 1, 0. */
int keystore_pinned(struct keystore *keystore, const char *address,
                    CERTCertificate **certificate_r);

#endif
