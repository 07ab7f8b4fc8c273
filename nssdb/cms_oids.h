#ifndef SEEMAIL_CMS_OIDS_H
#define SEEMAIL_CMS_OIDS_H

/* cms_oids: object identifiers as their encoded octets (RFC 5652, 8551,
 * 3183, 5035, 3565, 8017, 5084, 5753), for der_put_oid() and der_equal(). Use as
 * OID(DATA): the octets, and how many. */

#define OID(name) OID_##name, sizeof(OID_##name) - 1

#define PKCS "\x2a\x86\x48\x86\xf7\x0d\x01" /* 1.2.840.113549.1 */
#define OID_DATA PKCS "\x07\x01"
#define OID_SIGNED_DATA PKCS "\x07\x02"
#define OID_ENVELOPED_DATA PKCS "\x07\x03"
#define OID_AUTH_ENVELOPED_DATA PKCS "\x09\x10\x01\x17"
#define OID_RSA PKCS "\x01\x01"
#define OID_RSA_OAEP PKCS "\x01\x07"
#define OID_MGF1 PKCS "\x01\x08"
#define OID_P_SPECIFIED PKCS "\x01\x09"
#define OID_RSA_PSS PKCS "\x01\x0a"
#define OID_RSA_SHA1 PKCS "\x01\x05"
#define OID_RSA_SHA256 PKCS "\x01\x0b"
#define OID_RSA_SHA384 PKCS "\x01\x0c"
#define OID_RSA_SHA512 PKCS "\x01\x0d"
#define OID_CONTENT_TYPE PKCS "\x09\x03"
#define OID_MESSAGE_DIGEST PKCS "\x09\x04"
#define OID_SIGNING_TIME PKCS "\x09\x05"
#define OID_SMIME_CAPABILITIES PKCS "\x09\x0f"
/* id-aa-signatureType and id-sti-domainSig of RFC 3183 */
#define OID_SIGNATURE_TYPE PKCS "\x09\x10\x02\x1c"
#define OID_DOMAIN_SIG PKCS "\x09\x10\x09\x02"
/* of ESS (RFC 2634, 3.2; RFC 5035) */
#define OID_SECURITY_LABEL PKCS "\x09\x10\x02\x02"
#define OID_SIGNING_CERTIFICATE PKCS "\x09\x10\x02\x0c"
#define OID_SIGNING_CERTIFICATE_V2 PKCS "\x09\x10\x02\x2f"
#define OID_KEY_PREFERENCE PKCS "\x09\x10\x02\x0b"

/* of certificate requests (RFC 2985, 5280) */
#define OID_EXTENSION_REQUEST PKCS "\x09\x0e"
#define OID_KEY_USAGE "\x55\x1d\x0f"
#define OID_SUBJECT_ALT_NAME "\x55\x1d\x11"

#define ECDSA "\x2a\x86\x48\xce\x3d\x04" /* 1.2.840.10045.4 */
#define OID_ECDSA_SHA1 ECDSA "\x01"
#define OID_ECDSA_SHA256 ECDSA "\x03\x02"
#define OID_ECDSA_SHA384 ECDSA "\x03\x03"
#define OID_ECDSA_SHA512 ECDSA "\x03\x04"
#define OID_EC_KEY "\x2a\x86\x48\xce\x3d\x02\x01"

/* dhSinglePass-stdDH and -cofactorDH, which are the same for these curves */
#define SECG "\x2b\x81\x04\x01" /* 1.3.132.1 */
#define OID_ECDH_SHA1 "\x2b\x81\x05\x10\x86\x48\x3f\x00\x02"
#define OID_ECDH_SHA224 SECG "\x0b\x00"
#define OID_ECDH_SHA256 SECG "\x0b\x01"
#define OID_ECDH_SHA384 SECG "\x0b\x02"
#define OID_ECDH_SHA512 SECG "\x0b\x03"
#define OID_COFACTOR_SHA1 "\x2b\x81\x05\x10\x86\x48\x3f\x00\x03"
#define OID_COFACTOR_SHA224 SECG "\x0e\x00"
#define OID_COFACTOR_SHA256 SECG "\x0e\x01"
#define OID_COFACTOR_SHA384 SECG "\x0e\x02"
#define OID_COFACTOR_SHA512 SECG "\x0e\x03"

#define NIST "\x60\x86\x48\x01\x65\x03\x04" /* 2.16.840.1.101.3.4 */
#define OID_AES128_CBC NIST "\x01\x02"
#define OID_AES192_CBC NIST "\x01\x16"
#define OID_AES256_CBC NIST "\x01\x2a"
#define OID_AES128_GCM NIST "\x01\x06"
#define OID_AES192_GCM NIST "\x01\x1a"
#define OID_AES256_GCM NIST "\x01\x2e"
#define OID_AES128_WRAP NIST "\x01\x05"
#define OID_AES192_WRAP NIST "\x01\x19"
#define OID_AES256_WRAP NIST "\x01\x2d"
#define OID_SHA256 NIST "\x02\x01"
#define OID_SHA384 NIST "\x02\x02"
#define OID_SHA512 NIST "\x02\x03"
#define OID_SHA224 NIST "\x02\x04"
#define OID_SHA1 "\x2b\x0e\x03\x02\x1a"
#define OID_DES_EDE3_CBC "\x2a\x86\x48\x86\xf7\x0d\x03\x07"

#endif
