#ifndef SEEMAIL_CMS_VERIFY_H
#define SEEMAIL_CMS_VERIFY_H

/*
 * cms_verify: reads SignedData (RFC 5652, 5; BER or DER) in constant memory
 * and checks its signatures, and nothing of its certificates: whether the
 * signer is who he should be is for others to judge. Stricter than the RFC
 * where laxness has been abused: the content must be id-data, its type must
 * be what was signed, nothing may follow.
 */

#include "der.h"
#include "stream.h"

#include <cert.h>
#include <time.h>

struct failure;
struct pool;

/* By severity. */
enum cms_status {
    CMS_GOOD,
    CMS_NO_CERTIFICATE, /* the signer's certificate was not found */
    CMS_BAD_ALGORITHM,  /* one that we do not know or do not permit */
    CMS_ALTERED,        /* digest or signature do not fit */
    CMS_BROKEN          /* SignerInfo is malformed */
};

struct cms_signature {
    enum cms_status status;
    const char *reason;           /* words for the log; "" when good */
    CERTCertificate *certificate; /* NULL = not found */
    time_t signed_at;             /* as claimed; 0 = not */
    int domain;                   /* it has the type id-sti-domainSig */
    const unsigned char *capabilities; /* SMIMECapabilities as DER, or NULL */
    size_t capabilities_length;
    const unsigned char *preference; /* SMIMEEncryptionKeyPreference, or NULL */
    size_t preference_length;
    struct der label; /* ESSSecurityLabel, whole; data NULL = none */
};

struct cms_signed {
    struct cms_signature *signatures;
    size_t count;
    CERTCertificate **certificates; /* all that came with it */
    size_t certificate_count;
    int detached; /* there was no content in it */
};

/* What the caller brings. */
struct cms_verifier {
    /* A certificate that did not come with the message: 1, 0, -1. NULL = there
     * are no others. By issuer and serial number, or, when issuer is NULL, by
     * subject key identifier. */
    int (*find)(void *context, const struct der *issuer,
                const struct der *serial, const struct der *identifier,
                CERTCertificate **certificate_r, struct failure *why);
    /* May this algorithm be relied on? By its name in the algorithms table
     * ("sha256"; "rsa", "rsa-pss", "ecdsa"). NULL = all that we know. */
    int (*permits)(void *context, const char *name);
    void *context;
};

enum cms_read { CMS_READ, CMS_NOT_SIGNED, CMS_UNREADABLE };

/*
 * Verifies. `content' gets what is inside (may be NULL when `detached' is
 * not). `detached' is the content when it came beside the signature; then
 * content inside is CMS_UNREADABLE. 0 and *read_r; for CMS_READ *signed_r,
 * in the pool, whose certificates cms_signed_free() lets go; for the others
 * *why has words. -1 = it could not be tried. No signer at all is
 * CMS_READ with count 0.
 */
int cms_verify(struct pool *pool, struct source *in, struct source *detached,
               struct sink *content, const struct cms_verifier *verifier,
               enum cms_read *read_r, struct cms_signed *signed_r,
               struct failure *why);

void cms_signed_free(struct cms_signed *cms);

/* The certificate among those that came with it that the signer wants to be
 * encrypted to (RFC 8551, 2.5.3); NULL = he names none, or none of them.
 * Borrowed. */
CERTCertificate *cms_preferred(const struct cms_signed *cms,
                               const struct cms_signature *signature);

#endif
