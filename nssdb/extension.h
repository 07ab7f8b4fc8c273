#ifndef SEEMAIL_EXTENSION_H
#define SEEMAIL_EXTENSION_H

/*
 * extension: extensions of certificates, CRLs and their entries as DER (RFC
 * 5280, 4.2 and 5.2), without NSS.
 */

#include "der.h"

#include <cert.h>

/* Object identifiers, as OID() of cms_oids.h takes them: id-ce, 2.5.29. */
#define CE "\x55\x1d"
#define OID_CE_KEY_USAGE CE "\x0f"
#define OID_CE_SUBJECT_KEY_ID CE "\x0e"
#define OID_CE_BASIC_CONSTRAINTS CE "\x13"
#define OID_CE_CRL_NUMBER CE "\x14"
#define OID_CE_REASON_CODE CE "\x15"
#define OID_CE_HOLD_INSTRUCTION CE "\x17"
#define OID_CE_INVALIDITY_DATE CE "\x18"
#define OID_CE_DELTA_INDICATOR CE "\x1b"
#define OID_CE_ISSUING_POINT CE "\x1c"
#define OID_CE_CERTIFICATE_ISSUER CE "\x1d"
#define OID_CE_NAME_CONSTRAINTS CE "\x1e"
#define OID_CE_CRL_POINTS CE "\x1f"
#define OID_CE_AUTHORITY_KEY_ID CE "\x23"
#define OID_CE_FRESHEST_CRL CE "\x2e"

struct extension {
    struct der oid; /* its content */
    int critical;
    struct der value; /* what the OCTET STRING holds */
};

/* Takes one off the front of the content of an Extensions: 1; 0 = there is
 * none left; -1 = malformed. */
int extension_next(struct der *list, struct extension *one_r);

/* The content of a certificate's Extensions, by its DER: 1; 0 = it has none;
 * -1 = that is no certificate. */
int extension_list(const struct der *certificate, struct der *list_r);

/* An extension of a certificate, by its DER: 1, 0 = it has none; -1 = that is
 * no certificate. */
int extension_of(const struct der *certificate, const char *oid, size_t length,
                 struct extension *one_r);

struct der extension_certificate(const CERTCertificate *certificate);

#endif
