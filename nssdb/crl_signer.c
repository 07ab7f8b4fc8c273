/* crl_signer: see crl_signer.h. */
#include "crl_signer.h"

#include <prerror.h>
#include <prtime.h>
#include <secerr.h>
#include <secport.h>

/* Path validation with revocation off: 0, or NSS's error. */
static int validate(CERTCertificate *certificate, PRTime when,
                    SECCertificateUsage usage, CERTCertificate **root_r)
{
    CERTRevocationMethodIndex preferred[1] = {cert_revocation_method_crl};
    PRUint64 methods[2] = {0, 0};
    CERTRevocationTests none = {2, methods, 1, preferred, 0};
    CERTRevocationFlags off = {none, none};
    CERTValInParam in[3];
    in[0].type = cert_pi_date;
    in[0].value.scalar.time = when;
    in[1].type = cert_pi_revocationFlags;
    in[1].value.pointer.revocation = &off;
    in[2].type = cert_pi_end;
    CERTValOutParam out[2];
    out[0].type = cert_po_trustAnchor;
    out[0].value.pointer.cert = NULL;
    out[1].type = cert_po_end;
    PORT_SetError(0);
    if (CERT_PKIXVerifyCert(certificate, usage, in, out, NULL) == SECSuccess) {
        /* none: it is itself one that is trusted */
        *root_r = out[0].value.pointer.cert;
        if (!*root_r)
            *root_r = CERT_DupCertificate(certificate);
        return 0;
    }
    int code = PORT_GetError();
    return code ? code : SEC_ERROR_LIBRARY_FAILURE;
}

/* keyUsage, where it is there, must have cRLSign: 1, 0. */
static int may_sign(CERTCertificate *certificate)
{
    SECItem bits = {siBuffer, NULL, 0};
    if (CERT_FindKeyUsageExtension(certificate, &bits) != SECSuccess)
        return PORT_GetError() == SEC_ERROR_EXTENSION_NOT_FOUND;
    int may = bits.len > 0 && (bits.data[0] & KU_CRL_SIGN);
    SECITEM_FreeItem(&bits, PR_FALSE);
    return may;
}

int crl_signer_trusted(CERTCertificate *signer, time_t now,
                       CERTCertificate **root_r, const char **reason_r)
{
    PRTime when = (PRTime)now * PR_USEC_PER_SEC;
    CERTCertificate *root = NULL;
    *reason_r = "";
    if (!may_sign(signer)) {
        *reason_r = "its issuer's key is not for signing CRLs (keyUsage)";
        return 0;
    }
    int code = validate(signer, when, certificateUsageVerifyCA, &root);
    if (code) { /* one that signs CRLs alone is no CA */
        *reason_r = PR_ErrorToName(code);
        if (!*reason_r)
            *reason_r = "no path to a trusted root";
        return 0;
    }
    if (root_r)
        *root_r = root;
    else if (root)
        CERT_DestroyCertificate(root);
    return 1;
}

int crl_signer_same_key(const CERTCertificate *one, const CERTCertificate *two)
{
    return SECITEM_ItemsAreEqual(&one->derPublicKey, &two->derPublicKey);
}

int crl_signer_root(CERTCertificate *authority, time_t now,
                    CERTCertificate **root_r)
{
    return validate(authority, (PRTime)now * PR_USEC_PER_SEC,
                    certificateUsageVerifyCA, root_r) == 0;
}
