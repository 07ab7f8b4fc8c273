#ifndef SEEMAIL_CRL_POINTS_H
#define SEEMAIL_CRL_POINTS_H

/*
 * crl_points: where the CRLs of a certificate are, and which CRL speaks for
 * it: distribution points of certificates and CRLs (RFC 5280, 4.2.1.13 and
 * 5.2.5). Slices point into the DER that was given.
 */

#include "der.h"

struct failure;
struct pool;

/* Sets of reasons: bit n of ReasonFlags is 1 << n; all but `unused'. */
#define CRL_REASONS_ALL 0x1feu

struct crl_point {
    struct der name;    /* DistributionPointName; NULL = none */
    struct der issuer;  /* cRLIssuer: content of GeneralNames; NULL = the
                         * certificate's issuer */
    unsigned reasons;
};

#define CRL_POINTS_MOST 32 /* of one certificate; the others are left out */

/* Of the extension cRLDistributionPoints or freshestCRL: 1; 0 = malformed;
 * -1 = memory. */
int crl_points_read(struct pool *pool, const struct der *extension,
                    struct crl_point **points_r, size_t *count_r);

/* The extension issuingDistributionPoint of a CRL. */
struct crl_scope {
    struct der name; /* DistributionPointName; NULL = any */
    int users, authorities, attributes; /* it has these alone */
    int indirect;
    unsigned reasons;
};

/* 1, 0 = malformed. An empty slice gives the scope of a CRL that has no such
 * extension. */
int crl_scope_read(const struct der *extension, struct crl_scope *scope_r);

/*
 * Does a CRL for `scope' speak for the distribution point (RFC 5280, 6.3.3
 * (b) (2) (i))? `point_issuer' is the name of the CRL's issuer for the
 * certificate, `crl_issuer' that in the CRL: names may be relative to them.
 * A point without names stands for that issuer.
 * 1, 0, -1 = memory.
 */
int crl_points_match(const struct crl_point *point,
                     const struct der *point_issuer,
                     const struct crl_scope *scope,
                     const struct der *crl_issuer);

/* Does the point name this CRL issuer in its cRLIssuer? 1, 0, -1. */
int crl_point_names(const struct crl_point *point, const struct der *issuer);

/* The first directoryName of the point's cRLIssuer: 1, 0. */
int crl_point_issuer(const struct crl_point *point, struct der *name_r);

#define CRL_URL_MOST 2000 /* bytes of a URL */

/* The URLs (http, https, ldap, ldaps; printable, without blanks) of the
 * point, added to those there are; none twice. 0, -1 = memory. */
int crl_point_urls(struct pool *pool, const struct crl_point *point,
                   const char *const **urls_r, size_t *count_r);

#endif
