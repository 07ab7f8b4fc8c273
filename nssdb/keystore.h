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
 * Keys may be on a PKCS#11 token (modutil -add) [2.4-hsm], and the store may
 * be in FIPS mode [2.4-fips]. What the token's module wants from the
 * environment stands in the folder's file "environment", a line NAME=value
 * each: Exim starts its programs with next to none. A module that is named
 * and cannot be loaded is a failure: its keys would look like others' keys.
 *
 * Failures are FAILURE_KEYSTORE: missing, unsafe, locked, corrupt.
 */

#include "cms_decrypt.h"

#include <cert.h>
#include <keythi.h>
#include <time.h>

struct der;
struct keystore;
struct pool;

/* `password_file': see passwords.h; may be missing if the store has none. */
int keystore_open(const char *folder, const char *password_file,
                  struct keystore **keystore_r, struct failure *why);
/* The same, and keys and certificates can be added: keystore_write.h. */
int keystore_open_to_write(const char *folder, const char *password_file,
                           struct keystore **keystore_r, struct failure *why);
void keystore_close(struct keystore **keystore);

#define KEYSTORE_SUBJECTS_MOST 9

/* All certificates of a nickname and of "nickname #2" to 9, which NSS needs
 * where the CA has changed our subject's name; on whatever token:
 * "TOKEN:nickname" on that one alone. NULL = memory; empty = none. The caller destroys the list. */
CERTCertList *keystore_named(struct keystore *keystore, const char *nickname);

/* Our own certificates under a nickname, CA-issued [2.5-ca-issued]: those
 * that are in their time first, and of these the newest. Of several none
 * without its key, unless none has one; and none whose key pair is suspended:
 * if that leaves none, FAILURE_CERT says so. One at the least; the caller
 * destroys the list. own_choice.h takes one of them. */
int keystore_own(struct keystore *keystore, const char *nickname,
                 CERTCertList **list_r, struct failure *why);

/* Is its key pair suspended [1.9-compromise]? 1, 0, -1. */
int keystore_suspended(struct keystore *keystore,
                       CERTCertificate *certificate, time_t *since_r,
                       struct failure *why);

/* Suspends all key pairs that the nickname has, also one that waits for its
 * certificate; or lets those be used again that were suspended under it.
 * Whole or not at all; the store itself is not written to. 0 and how many
 * were changed; -1. */
int keystore_suspend(struct keystore *keystore, const char *nickname,
                     time_t now, size_t *count_r, struct failure *why);
int keystore_resume(struct keystore *keystore, const char *nickname,
                    size_t *count_r, struct failure *why);

/* Is there a key for a certificate of this nickname, at the least? 0; -1 and
 * why not. Before a mail is called not for us, its keys must be there. */
int keystore_there(struct keystore *keystore, const char *nickname,
                   struct failure *why);

/* The private key of an own certificate. */
int keystore_key(struct keystore *keystore, CERTCertificate *certificate,
                 SECKEYPrivateKey **key_r, struct failure *why);

/* As struct cms_keys wants it, with the key store as context: any key that
 * is in the store opens, old ones too [2.10-oldkeys]. */
int keystore_find_key(void *keystore, const struct der *issuer,
                      const struct der *serial, const struct der *identifier,
                      SECKEYPrivateKey **key_r, struct failure *why);

/* As struct cms_verifier wants it. */
int keystore_find_certificate(void *keystore, const struct der *issuer,
                              const struct der *serial,
                              const struct der *identifier,
                              CERTCertificate **certificate_r,
                              struct failure *why);

/* The certificates that hold the mail address (lower case), pinned; each as
 * DER in the pool. All that the store and its tokens have are read for the
 * first question (about 20 us each), so that every address of every one is
 * found: for some hundred partners, not for thousands. 0, also for none; -1. */
int keystore_pinned(struct keystore *keystore, struct pool *pool,
                    const char *address, struct der **pinned_r,
                    size_t *count_r, struct failure *why);

#endif
