/* crl_verify: see crl_verify.h. */
#include "crl_verify.h"

#include "crl.h"
#include "crl_signer.h"

#include <keyhi.h>
#include <secasn1.h>
#include <secoid.h>
#include <secport.h>
#include <string.h>

#define SKEW 300        /* seconds that the issuer's clock may be ahead */
#define SIGNERS_MOST 50 /* certificates of one name that are tried */

static const char *const words[] = {
    [CRL_TAKEN] = "taken",
    [CRL_SAME] = "same",
    [CRL_OLDER] = "older",
    [CRL_MALFORMED] = "malformed",
    [CRL_UNDATED] = "undated",
    [CRL_NOT_YET] = "not-yet-valid",
    [CRL_NO_SIGNER] = "unknown-issuer",
    [CRL_BAD_ALGORITHM] = "bad-algorithm",
    [CRL_BAD_SIGNATURE] = "bad-signature",
    [CRL_UNTRUSTED] = "untrusted",
};

const char *crl_outcome_word(enum crl_outcome outcome)
{
    return (unsigned)outcome <= CRL_UNTRUSTED ? words[outcome] : "";
}

static int algorithm_permitted(const struct crl *crl,
                               const struct signature_rules *rules)
{
    struct der in = crl->algorithm;
    struct der_value algorithm, oid;
    return der_expect(&in, TAG_SEQUENCE, &algorithm) &&
           der_expect(&algorithm.content, TAG_OID, &oid) &&
           signature_permitted(&oid.content, algorithm.content, rules);
}

static SECItem item(const struct der *slice)
{
    return (SECItem){siBuffer, (unsigned char *)(size_t)slice->data,
                     (unsigned)slice->length};
}

/* Did this certificate's key make the signature? */
static int made_by(const struct crl *crl, CERTCertificate *signer)
{
    CERTSignedData data;
    SECItem algorithm = item(&crl->algorithm);
    PLArenaPool *arena = PORT_NewArena(1024);
    SECKEYPublicKey *key = CERT_ExtractPublicKey(signer);
    memset(&data, 0, sizeof data);
    data.data = item(&crl->tbs);
    data.signature = item(&crl->signature);
    data.signature.len *= 8; /* bits */
    int good = arena && key &&
               SEC_QuickDERDecodeItem(arena, &data.signatureAlgorithm,
                                      SEC_ASN1_GET(SECOID_AlgorithmIDTemplate),
                                      &algorithm) == SECSuccess &&
               CERT_VerifySignedDataWithPublicKey(&data, key, NULL) ==
                   SECSuccess;
    if (key)
        SECKEY_DestroyPublicKey(key);
    if (arena)
        PORT_FreeArena(arena, PR_FALSE);
    return good;
}

/* Of all who could have signed it: one who did and may; else the best that
 * can be said. */
static enum crl_outcome find_signer(const struct crl *crl, time_t now,
                                    CERTCertList *list,
                                    CERTCertificate **signer_r,
                                    const char **reason_r)
{
    enum crl_outcome outcome = CRL_BAD_SIGNATURE;
    int tried = 0;
    *reason_r = "its signature is wrong";
    for (CERTCertListNode *node = CERT_LIST_HEAD(list);
         !CERT_LIST_END(node, list) && tried < SIGNERS_MOST;
         node = CERT_LIST_NEXT(node), tried++) {
        if (!made_by(crl, node->cert))
            continue;
        outcome = CRL_UNTRUSTED;
        if (crl_signer_trusted(node->cert, now, NULL, reason_r)) {
            *signer_r = CERT_DupCertificate(node->cert);
            return CRL_TAKEN;
        }
    }
    return outcome;
}

static enum crl_outcome check_dates(const struct crl *crl, time_t now,
                                    const char **reason_r)
{
    if (crl->next_update == 0 || crl->next_update < crl->this_update) {
        *reason_r = crl->next_update ? "its nextUpdate is before thisUpdate"
                                     : "it has no nextUpdate";
        return CRL_UNDATED;
    }
    if (crl->this_update > (int64_t)now + SKEW) {
        *reason_r = "its thisUpdate is to come: is our clock right?";
        return CRL_NOT_YET;
    }
    return CRL_TAKEN;
}

enum crl_outcome crl_verify(const struct crl *crl,
                            const struct signature_rules *rules, time_t now,
                            CERTCertificate **signer_r, const char **reason_r)
{
    SECItem issuer = item(&crl->issuer);
    enum crl_outcome outcome = check_dates(crl, now, reason_r);
    if (outcome != CRL_TAKEN)
        return outcome;
    if (!algorithm_permitted(crl, rules)) {
        *reason_r = "the algorithm of its signature is not accepted";
        return CRL_BAD_ALGORITHM;
    }
    CERTCertList *list = CERT_CreateSubjectCertList(
        NULL, CERT_GetDefaultCertDB(), &issuer, 0, PR_FALSE);
    if (!list || CERT_LIST_EMPTY(list)) {
        *reason_r = "no certificate of its issuer is known";
        outcome = CRL_NO_SIGNER;
    } else {
        outcome = find_signer(crl, now, list, signer_r, reason_r);
    }
    if (list)
        CERT_DestroyCertList(list);
    return outcome;
}
