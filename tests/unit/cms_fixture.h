#ifndef SEEMAIL_CMS_FIXTURE_H
#define SEEMAIL_CMS_FIXTURE_H

/*
 * cms_fixture: RSA and EC keys with self-made certificates, in NSS
 * and, for `openssl cms', as files. Made once; NSS runs without a database.
 */

#include "cms_decrypt.h"

#include <cert.h>
#include <stddef.h>

struct blob;

struct cms_party {
    CERTCertificate *certificate;
    SECKEYPrivateKey *key;
    char cert_file[80], key_file[80]; /* PEM */
};

/* Fatal to the test if it cannot be made. */
const struct cms_party *cms_fixture_rsa(void);
const struct cms_party *cms_fixture_ec(void);
/* "rsa", "ec" (P-256), "p384", "p521", "rsa1024", "pss" (id-RSASSA-PSS; key NULL) */
const struct cms_party *cms_fixture_party(const char *name);
const char *cms_fixture_folder(void);

/* Called before NSS is stopped, for what a test kept. */
void cms_fixture_at_end(void (*let_go)(void));

/* Runs a shell script in the folder: its exit status. */
int cms_fixture_shell(const char *script);

/* A file in the folder, there and back. */
void cms_fixture_write(const char *name, const struct blob *blob);
void cms_fixture_read(const char *name, struct blob *blob);

/* Finds the key of one party alone: the context is its name. */
struct cms_keys cms_fixture_keys(const char *name);

#endif
