#ifndef SEEMAIL_CMS_WRAP_H
#define SEEMAIL_CMS_WRAP_H

/*
 * cms_wrap: a RecipientInfo: the content key for one recipient, by issuer
 * and serial number (RFC 5652, 6.2).
 */

#include <cert.h>
#include <pk11pub.h>

struct buffer;
struct failure;

enum cms_transport {
    CMS_RSA,      /* PKCS#1 v1.5 */
    CMS_RSA_OAEP, /* with SHA-256 throughout */
    CMS_ECDH      /* one ephemeral key for each recipient */
};

struct cms_recipient {
    CERTCertificate *certificate;
    enum cms_transport transport; /* must fit the key */
};

/* Appends it. `length': of the content key. */
int cms_wrap(const struct cms_recipient *recipient, PK11SymKey *key,
             unsigned length, struct buffer *der, struct failure *why);

/* RSAES-OAEP-params (RFC 4055, 4.1) for it, as CMS_RSA_OAEP writes them. */
void cms_wrap_oaep(struct buffer *der);

#endif
