/* crl_signer: see crl_signer.h. */
#include "crl_signer.h"

#include "cms_oids.h"
#include "extension.h"

#include <keyhi.h>
#include <prerror.h>
#include <prtime.h>
#include <secerr.h>
#include <secport.h>

#define CLIMB_MOST 4    /* certificates that we climb ourselves */
#define STEPS_MOST 50   /* of one climb: who made the certificates may be a
                         * stranger */

static const char no_path[] = "its signer has no path to a trusted root";

/* Path validation with revocation off: 0, or NSS's error. */
static int validate(CERTCertificate *certificate, time_t now,
                    CERTCertificate **root_r)
{
    CERTRevocationMethodIndex preferred[1] = {cert_revocation_method_crl};
    PRUint64 methods[2] = {0, 0};
    CERTRevocationTests none = {2, methods, 1, preferred, 0};
    CERTRevocationFlags off = {none, none};
    CERTValInParam in[3];
    in[0].type = cert_pi_date;
    in[0].value.scalar.time = (PRTime)now * PR_USEC_PER_SEC;
    in[1].type = cert_pi_revocationFlags;
    in[1].value.pointer.revocation = &off;
    in[2].type = cert_pi_end;
    CERTValOutParam out[2];
    out[0].type = cert_po_trustAnchor;
    out[0].value.pointer.cert = NULL;
    out[1].type = cert_po_end;
    PORT_SetError(0);
    if (CERT_PKIXVerifyCert(certificate, certificateUsageVerifyCA, in, out,
                            NULL) == SECSuccess) {
        /* none: it is itself one that is trusted */
        *root_r = out[0].value.pointer.cert;
        if (!*root_r)
            *root_r = CERT_DupCertificate(certificate);
        return 0;
    }
    int code = PORT_GetError();
    return code ? code : SEC_ERROR_LIBRARY_FAILURE;
}

/* keyUsage, where it is there, must have the bit: 1, 0. */
static int may(const CERTCertificate *certificate, int bit)
{
    struct der whole = extension_certificate(certificate);
    struct extension found;
    struct der_value bits;
    int rc = extension_of(&whole, OID(CE_KEY_USAGE), &found);
    if (rc <= 0)
        return rc == 0;
    return der_expect(&found.value, TAG_BIT_STRING, &bits) &&
           bits.content.length > 1 && (bits.content.data[1] & bit);
}

static int made_by(CERTCertificate *certificate, CERTCertificate *issuer)
{
    SECKEYPublicKey *key = CERT_ExtractPublicKey(issuer);
    int made = key && CERT_VerifySignedDataWithPublicKey(
                          &certificate->signatureWrap, key, NULL) ==
                          SECSuccess;
    if (key)
        SECKEY_DestroyPublicKey(key);
    return made;
}

static int is_self_issued(const CERTCertificate *certificate)
{
    return SECITEM_ItemsAreEqual(&certificate->derSubject,
                                 &certificate->derIssuer);
}

/* Are all critical extensions among those that say nothing about whether a
 * key may sign CRLs, or that were looked at? */
static int is_understood(const CERTCertificate *certificate)
{
    /* keyUsage, subjectAltName, basicConstraints, cRLDistributionPoints,
     * certificatePolicies, authorityKeyIdentifier, extKeyUsage */
    static const char known[] = "\x0f\x11\x13\x1f\x20\x23\x25";
    struct der list, whole = extension_certificate(certificate);
    struct extension one;
    int rc = extension_list(&whole, &list);
    while (rc > 0 && (rc = extension_next(&list, &one)) > 0) {
        int ours = 0;
        for (size_t i = 0; i < sizeof known - 1; i++) {
            const char oid[3] = {0x55, 0x1d, known[i]};
            ours |= der_equal(&one.oid, oid, sizeof oid);
        }
        if (one.critical && !ours)
            return 0;
    }
    return rc == 0;
}

/* May the issuer have given it, and be climbed over? */
static int may_issue(CERTCertificate *certificate, CERTCertificate *issuer,
                     int names)
{
    struct der whole = extension_certificate(issuer);
    struct extension found;
    return !SECITEM_ItemsAreEqual(&certificate->derCert, &issuer->derCert) &&
           CERT_IsCACert(issuer, NULL) && may(issuer, KU_KEY_CERT_SIGN) &&
           (names || extension_of(&whole, OID(CE_NAME_CONSTRAINTS),
                                  &found) == 0) &&
           made_by(certificate, issuer);
}

struct climb {
    time_t now;
    int names, steps;
    CERTCertificate *root;
};

/*
 * The path that NSS does not find: of one who signs CRLs and is no CA, and of
 * a CA's certificate for itself with another key. One step by hand, the rest
 * by NSS. `names' = names do not matter; else no constraints on them may be
 * climbed over.
 */
static int climb(struct climb *way, CERTCertificate *certificate, int depth)
{
    PRTime when = (PRTime)way->now * PR_USEC_PER_SEC;
    int found = 0;
    if (way->steps++ == STEPS_MOST)
        return 0;
    if (validate(certificate, way->now, &way->root) == 0)
        return 1;
    if (depth == CLIMB_MOST || !is_understood(certificate) ||
        (CERT_IsCACert(certificate, NULL) && !is_self_issued(certificate)) ||
        CERT_CheckCertValidTimes(certificate, when, PR_FALSE) !=
            secCertTimeValid)
        return 0;
    CERTCertList *list = CERT_CreateSubjectCertList(
        NULL, CERT_GetDefaultCertDB(), &certificate->derIssuer, 0, PR_FALSE);
    if (!list)
        return 0;
    for (CERTCertListNode *node = CERT_LIST_HEAD(list);
         !found && !CERT_LIST_END(node, list) && way->steps < STEPS_MOST;
         node = CERT_LIST_NEXT(node))
        found = may_issue(certificate, node->cert, way->names) &&
                climb(way, node->cert, depth + 1);
    CERT_DestroyCertList(list);
    return found;
}

int crl_signer_trusted(CERTCertificate *signer, time_t now,
                       CERTCertificate **root_r, const char **reason_r)
{
    struct climb way = {.now = now};
    *reason_r = "";
    if (!may(signer, KU_CRL_SIGN)) {
        *reason_r = "its signer's key is not for signing CRLs (keyUsage)";
        return 0;
    }
    if (!climb(&way, signer, 0)) {
        *reason_r = no_path;
        return 0;
    }
    if (root_r)
        *root_r = way.root;
    else
        CERT_DestroyCertificate(way.root);
    return 1;
}

int crl_signer_same_key(const CERTCertificate *one, const CERTCertificate *two)
{
    return SECITEM_ItemsAreEqual(&one->derPublicKey, &two->derPublicKey);
}

int crl_signer_root(CERTCertificate *authority, time_t now,
                    CERTCertificate **root_r)
{
    struct climb way = {.now = now, .names = 1};
    int found = climb(&way, authority, 0);
    *root_r = way.root;
    return found;
}
