#ifndef SEEMAIL_CERTIFICATE_H
#define SEEMAIL_CERTIFICATE_H

/*
 * certificate: what a certificate says of whom it is for: the mail addresses in
 * its subjectAltName and in its subject (PKCS#9) [2.6-san-dn], and whether
 * it is a domain's, by the names of RFC 3183, 3.1.
 */

#include <cert.h>

struct der;
struct pool;

/* Reads one; NULL = NSS cannot. The caller destroys it. */
CERTCertificate *cert_decode(const struct der *der);

#define CERT_DCA "domain-confidentiality-authority"
#define CERT_DSA "domain-signing-authority"

/* Does it have this address? (Lower case.) */
int cert_has_address(CERTCertificate *certificate, const char *address);

/* How many addresses there are. */
int cert_address_count(CERTCertificate *certificate);

#define CERT_ADDRESSES_MOST 1000 /* of one certificate that are looked at */

/* All of them in lower case, in the pool. 0, or -1 = memory. */
int cert_addresses(struct pool *pool, CERTCertificate *certificate,
                   const char *const **addresses_r, size_t *count_r);

/* Is it a domain's: a common name or the local part of an address is DCA or
 * DSA? */
int cert_is_domain(CERTCertificate *certificate);

/* A domain's certificate: does it speak for this canonical domain, that is,
 * is the domain that of one of its DCA/DSA addresses or below it
 * [2.6-mapping]? */
int cert_speaks_for(CERTCertificate *certificate, const char *domain);

/* The first address, or else the subject's name, in printable ASCII without
 * blanks. Pool; NULL = memory. */
const char *cert_title(struct pool *pool, CERTCertificate *certificate);

#endif
