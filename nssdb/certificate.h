#ifndef SEEMAIL_CERTIFICATE_H
#define SEEMAIL_CERTIFICATE_H

/*
 * certificate: what a certificate says of whom it is for: the mail addresses in
 * its subjectAltName and in its subject (PKCS#9) [2.6-san-dn], and whether
 * it is a domain's, by the names of RFC 3183, 3.1. An address is of printable
 * ASCII around an @: one with a NUL, a blank or other letters in it is none.
 */

#include <cert.h>
#include <time.h>

struct der;
struct pool;

/* Reads one; NULL = NSS cannot. The caller destroys it. */
CERTCertificate *cert_decode(const struct der *der);

#define CERT_DCA "domain-confidentiality-authority"
#define CERT_DSA "domain-signing-authority"

/* Does it have this address? Without regard to case. */
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

/* The closest of these domains, in the pool: 1; 0 = none; -1 = memory. */
int cert_authority(struct pool *pool, CERTCertificate *certificate,
                   const char *domain, const char **authority_r);

/* The first address, or else the subject's name, in printable ASCII without
 * blanks. Pool; NULL = memory. */
const char *cert_title(struct pool *pool, CERTCertificate *certificate);

#define CERT_TITLE_MOST 200

/* How many names it has and, as a CA, permits or excludes, of any kind. */
size_t cert_name_count(CERTCertificate *certificate);

/* Has it a CRL distribution point (RFC 5280, 4.2.1.13)? */
int cert_has_crl_pointer(CERTCertificate *certificate);

/* Since when and until when it is valid: 1; 0 = that cannot be read. */
int cert_times(CERTCertificate *certificate, time_t *from_r, time_t *to_r);
time_t cert_months_after(time_t when, int months);

#endif
