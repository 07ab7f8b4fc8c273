/* ocsp_read: reads and verifies a response; see ocsp.h. */
#include "certificate.h"
#include "cms_oids.h"
#include "der.h"
#include "failure.h"
#include "ocsp.h"
#include "ocsp_id.h"
#include "pool.h"
#include "revocation.h"

#include <certdb.h>
#include <cryptohi.h>
#include <pk11pub.h>
#include <prtime.h>
#include <secder.h>
#include <secitem.h>
#include <secport.h>

#define CERTIFICATES_MOST 10
#define TAG_ENUMERATED 0x0a
#define EXPLICIT(n) (TAG_CONTEXT | TAG_CONSTRUCTED | (n))

#define OID_OCSP_BASIC "\x2b\x06\x01\x05\x05\x07\x30\x01\x01"

/* The parts of a BasicOCSPResponse (RFC 6960, 4.2.1). */
struct basic {
    struct der data;       /* ResponseData, as it is signed */
    struct der algorithm;  /* AlgorithmIdentifier */
    struct der signature;  /* the octets of the BIT STRING */
    struct der certificates; /* what is in the SEQUENCE; may be empty */
    int by_name;
    struct der responder;  /* its name, or the hash of its key */
    struct der singles;    /* what is in the SEQUENCE OF SingleResponse */
};

static int malformed(struct failure *why, const char *what)
{
    return failure(why, FAILURE_MALFORMED, "OCSP response: %s malformed",
                   what);
}

static SECItem item_of(const struct der *der)
{
    return (SECItem){siBuffer, (unsigned char *)(size_t)der->data,
                     (unsigned)der->length};
}

/* The responseStatus: 0 = successful. */
static int check_status(const struct der *status, struct failure *why)
{
    static const char *const words[] = {
        NULL, "malformedRequest", "internalError", "tryLater", NULL,
        "sigRequired", "unauthorized"};
    if (status->length != 1)
        return malformed(why, "status");
    unsigned number = status->data[0];
    if (number == 0)
        return 0;
    return failure(why, FAILURE_NETWORK, "the OCSP responder says: %s",
                   number < sizeof words / sizeof words[0] && words[number]
                       ? words[number] : "an unknown status");
}

/* Takes the outer layers off. */
static int read_outer(const struct der *response, struct der *basic_r,
                      struct failure *why)
{
    struct der in = *response;
    struct der_value whole, status, bytes, sequence, type, basic;
    if (!der_expect(&in, TAG_SEQUENCE, &whole) || in.length ||
        !der_expect(&whole.content, TAG_ENUMERATED, &status))
        return malformed(why, "it is");
    if (check_status(&status.content, why) < 0)
        return -1;
    if (!der_expect(&whole.content, EXPLICIT(0), &bytes) ||
        !der_expect(&bytes.content, TAG_SEQUENCE, &sequence) ||
        !der_expect(&sequence.content, TAG_OID, &type) ||
        !der_expect(&sequence.content, TAG_OCTET_STRING, &basic) ||
        sequence.content.length)
        return malformed(why, "responseBytes");
    if (!der_equal(&type.content, OID(OCSP_BASIC)))
        return failure(why, FAILURE_MALFORMED,
                       "OCSP response: of an unknown type");
    *basic_r = basic.content;
    return 0;
}

/* We read no extension; one that is critical could change what is said. */
static int check_extensions(struct der in, struct failure *why)
{
    struct der_value list, one, oid, value;
    if (!der_expect(&in, TAG_SEQUENCE, &list) || in.length)
        return malformed(why, "extensions");
    while (list.content.length) {
        if (!der_expect(&list.content, TAG_SEQUENCE, &one) ||
            !der_expect(&one.content, TAG_OID, &oid) ||
            der_next(&one.content, &value) != 1)
            return malformed(why, "extensions");
        if (value.tag == TAG_BOOLEAN && value.content.length == 1 &&
            value.content.data[0])
            return failure(why, FAILURE_MALFORMED, "OCSP response: has a "
                           "critical extension that is not known");
    }
    return 0;
}

static int read_data(struct der in, struct basic *basic, struct failure *why)
{
    struct der_value value, inner;
    if (der_next(&in, &value) == 1 && value.tag == EXPLICIT(0) &&
        der_next(&in, &value) != 1) /* the version: v1 is left out */
        return malformed(why, "responderID");
    basic->by_name = value.tag == EXPLICIT(1);
    if (!basic->by_name && value.tag != EXPLICIT(2))
        return malformed(why, "responderID");
    if (!der_expect(&value.content,
                    basic->by_name ? TAG_SEQUENCE : TAG_OCTET_STRING, &inner))
        return malformed(why, "responderID");
    basic->responder = basic->by_name ? inner.whole : inner.content;
    if (!der_expect(&in, TAG_GENERALIZED_TIME, &value) ||
        !der_expect(&in, TAG_SEQUENCE, &value))
        return malformed(why, "ResponseData");
    basic->singles = value.content;
    if (in.length == 0)
        return 0;
    if (!der_expect(&in, EXPLICIT(1), &value) || in.length)
        return malformed(why, "ResponseData");
    return check_extensions(value.content, why);
}

static int read_basic(const struct der *der, struct basic *basic_r,
                      struct failure *why)
{
    struct der in = *der;
    struct der_value whole, data, algorithm, bits, extra, list;
    *basic_r = (struct basic){.by_name = 0};
    if (!der_expect(&in, TAG_SEQUENCE, &whole) || in.length ||
        !der_expect(&whole.content, TAG_SEQUENCE, &data) ||
        !der_expect(&whole.content, TAG_SEQUENCE, &algorithm) ||
        !der_expect(&whole.content, TAG_BIT_STRING, &bits) ||
        bits.content.length < 2 || bits.content.data[0] != 0)
        return malformed(why, "BasicOCSPResponse");
    basic_r->data = data.whole;
    basic_r->algorithm = algorithm.whole;
    basic_r->signature = (struct der){bits.content.data + 1,
                                      bits.content.length - 1};
    if (whole.content.length) {
        if (!der_expect(&whole.content, EXPLICIT(0), &extra) ||
            !der_expect(&extra.content, TAG_SEQUENCE, &list) ||
            whole.content.length)
            return malformed(why, "its certificates");
        basic_r->certificates = list.content;
    }
    return read_data(data.content, basic_r, why);
}

/* Is the responder, as the response names it, the owner of this? */
static int is_responder(const struct basic *basic,
                        CERTCertificate *certificate, struct failure *why)
{
    unsigned char digest[OCSP_HASH_MOST];
    if (basic->by_name)
        return der_equal(&basic->responder, certificate->derSubject.data,
                         certificate->derSubject.len);
    if (ocsp_key_hash(certificate, SEC_OID_SHA1, digest, why) < 0)
        return -1;
    return der_equal(&basic->responder, digest, 20);
}

/* Was this given by the issuer for signing responses, and is it valid? */
static int is_delegate(CERTCertificate *certificate, CERTCertificate *issuer,
                       time_t now)
{
    SECItem extension = {siBuffer, NULL, 0};
    int found = 0;
    if (!SECITEM_ItemsAreEqual(&certificate->derIssuer,
                               &issuer->derSubject) ||
        CERT_CheckCertValidTimes(certificate, (PRTime)now * PR_USEC_PER_SEC,
                                 PR_FALSE) != secCertTimeValid ||
        (certificate->keyUsagePresent &&
         !(certificate->rawKeyUsage & KU_DIGITAL_SIGNATURE)) ||
        CERT_VerifySignedDataWithPublicKeyInfo(
            &certificate->signatureWrap, &issuer->subjectPublicKeyInfo,
            NULL) != SECSuccess ||
        CERT_FindCertExtension(certificate, SEC_OID_X509_EXT_KEY_USAGE,
                               &extension) != SECSuccess)
        return 0;
    CERTOidSequence *uses = CERT_DecodeOidSequence(&extension);
    for (SECItem **use = uses ? uses->oids : NULL; use && *use; use++)
        found |= SECOID_FindOIDTag(*use) == SEC_OID_OCSP_RESPONDER;
    if (uses)
        CERT_DestroyOidSequence(uses);
    SECITEM_FreeItem(&extension, PR_FALSE);
    return found;
}

/* A responder's certificate may say that nobody need ask. Of others, not to
 * know is no reason against them: it would go round in circles. 1, 0, -1. */
static int is_revoked(const struct ocsp_reader *reader,
                      CERTCertificate *certificate, CERTCertificate *issuer,
                      struct failure *why)
{
    SECItem extension = {siBuffer, NULL, 0};
    struct revocation revocation;
    if (CERT_FindCertExtension(certificate, SEC_OID_PKIX_OCSP_NO_CHECK,
                               &extension) == SECSuccess) {
        SECITEM_FreeItem(&extension, PR_FALSE);
        return 0;
    }
    if (revocation_check(reader->state, reader->pool, certificate, issuer,
                         reader->now, 0, &revocation, why) < 0)
        return -1;
    return revocation.status == REVOCATION_REVOKED ||
           revocation.status == REVOCATION_SUSPENDED;
}

/* With a digest that may be relied on? */
static int is_permitted(const struct ocsp_reader *reader,
                        const SECAlgorithmID *algorithm)
{
    const struct der oid = {algorithm->algorithm.data,
                            algorithm->algorithm.len};
    const struct der parameters = {algorithm->parameters.data,
                                   algorithm->parameters.len};
    return signature_permitted(&oid, parameters, &reader->rules);
}

/* 1, 0, -1. */
static int may_answer(const struct ocsp_reader *reader,
                      const struct basic *basic, CERTCertificate *certificate,
                      CERTCertificate *issuer, struct failure *why)
{
    int rc = is_responder(basic, certificate, why);
    if (rc <= 0 || !is_delegate(certificate, issuer, reader->now) ||
        !is_permitted(reader, &certificate->signatureWrap.signatureAlgorithm))
        return rc < 0 ? -1 : 0;
    rc = is_revoked(reader, certificate, issuer, why);
    return rc < 0 ? -1 : !rc;
}

/* Whose key has signed: 1 and the certificate, 0, -1. */
static int find_responder(const struct ocsp_reader *reader,
                          const struct basic *basic, CERTCertificate *issuer,
                          CERTCertificate **responder_r, struct failure *why)
{
    struct der in = basic->certificates;
    struct der_value one;
    int rc = is_responder(basic, issuer, why);
    if (rc > 0)
        *responder_r = CERT_DupCertificate(issuer);
    for (int i = 0; rc == 0 && i < CERTIFICATES_MOST &&
                    der_expect(&in, TAG_SEQUENCE, &one); i++) {
        CERTCertificate *candidate = cert_decode(&one.whole);
        if (!candidate)
            continue;
        rc = may_answer(reader, basic, candidate, issuer, why);
        if (rc > 0)
            *responder_r = candidate;
        else
            CERT_DestroyCertificate(candidate);
    }
    return rc;
}

static SECStatus verify_with(const struct ocsp_reader *reader,
                             const struct basic *basic,
                             CERTCertificate *responder)
{
    PLArenaPool *arena = PORT_NewArena(1024);
    CERTSignedData signed_data = {.data = item_of(&basic->data),
                                  .signature = item_of(&basic->signature)};
    SECItem algorithm = item_of(&basic->algorithm);
    SECStatus status = SECFailure;
    signed_data.signature.len *= 8; /* it is a BIT STRING */
    if (arena &&
        SEC_QuickDERDecodeItem(arena, &signed_data.signatureAlgorithm,
                               SEC_ASN1_GET(SECOID_AlgorithmIDTemplate),
                               &algorithm) == SECSuccess &&
        is_permitted(reader, &signed_data.signatureAlgorithm))
        status = CERT_VerifySignedDataWithPublicKeyInfo(
            &signed_data, &responder->subjectPublicKeyInfo, NULL);
    if (arena)
        PORT_FreeArena(arena, PR_FALSE);
    return status;
}

static int check_signature(const struct ocsp_reader *reader,
                           const struct basic *basic, CERTCertificate *issuer,
                           struct ocsp_answer *answer, struct failure *why)
{
    CERTCertificate *responder = NULL;
    int rc = find_responder(reader, basic, issuer, &responder, why);
    if (rc < 0)
        return -1;
    if (rc == 0)
        return failure(why, FAILURE_CRYPTO, "OCSP response: not by the "
                       "certificate's issuer nor by a responder of his");
    SECStatus status = verify_with(reader, basic, responder);
    const SECItem *der = &responder->derCert;
    const void *copy = pool_copy(reader->pool, der->data, der->len);
    if (!SECITEM_ItemsAreEqual(der, &issuer->derCert))
        answer->responder = (struct der){copy, der->len};
    CERT_DestroyCertificate(responder);
    if (!copy)
        return failure_memory(why);
    return status == SECSuccess
               ? 0
               : failure(why, FAILURE_CRYPTO, "OCSP response: its signature "
                         "is wrong, or of a digest that is not relied on");
}

static int read_time(const struct der *der, time_t *time_r,
                     struct failure *why)
{
    SECItem item = item_of(der);
    PRTime time;
    if (DER_GeneralizedTimeToTime(&time, &item) != SECSuccess)
        return malformed(why, "a time");
    *time_r = (time_t)(time / PR_USEC_PER_SEC);
    return 0;
}

static int read_status(const struct der_value *status,
                       struct ocsp_answer *answer, struct failure *why)
{
    struct der in = status->content;
    struct der_value when, reason, number;
    switch (status->tag) {
    case TAG_CONTEXT | 0:
        answer->status = OCSP_GOOD;
        return in.length ? malformed(why, "good") : 0;
    case TAG_CONTEXT | 2:
        answer->status = OCSP_NOT_KNOWN;
        return in.length ? malformed(why, "unknown") : 0;
    case EXPLICIT(1):
        break;
    default:
        return malformed(why, "certStatus");
    }
    answer->status = OCSP_REVOKED;
    if (!der_expect(&in, TAG_GENERALIZED_TIME, &when))
        return malformed(why, "RevokedInfo");
    if (in.length) {
        if (!der_expect(&in, EXPLICIT(0), &reason) || in.length ||
            !der_expect(&reason.content, TAG_ENUMERATED, &number) ||
            number.content.length != 1)
            return malformed(why, "revocationReason");
        answer->reason = number.content.data[0];
    }
    return read_time(&when.content, &answer->revoked_at, why);
}

/* What follows the status in a SingleResponse. */
static int read_rest(struct der in, struct ocsp_answer *answer,
                     struct failure *why)
{
    struct der_value value, inner;
    if (!der_expect(&in, TAG_GENERALIZED_TIME, &value) ||
        read_time(&value.content, &answer->this_update, why) < 0)
        return malformed(why, "thisUpdate");
    while (in.length) {
        if (der_next(&in, &value) != 1)
            return malformed(why, "SingleResponse");
        if (value.tag == EXPLICIT(0)) {
            if (!der_expect(&value.content, TAG_GENERALIZED_TIME, &inner) ||
                read_time(&inner.content, &answer->next_update, why) < 0)
                return malformed(why, "nextUpdate");
        } else if (value.tag != EXPLICIT(1)) {
            return malformed(why, "SingleResponse");
        } else if (check_extensions(value.content, why) < 0) {
            return -1;
        }
    }
    return 0;
}

/* One SingleResponse: 1 = it is of now and about the certificate. */
static int read_single(struct der single, CERTCertificate *certificate,
                       CERTCertificate *issuer, time_t now,
                       struct ocsp_answer *answer_r, struct failure *why)
{
    struct der_value id, status;
    *answer_r = (struct ocsp_answer){.status = OCSP_NOT_KNOWN};
    if (!der_expect(&single, TAG_SEQUENCE, &id) ||
        der_next(&single, &status) != 1)
        return malformed(why, "SingleResponse");
    int rc = ocsp_id_fits(&id.content, certificate, issuer, why);
    if (rc <= 0)
        return rc;
    if (read_status(&status, answer_r, why) < 0 ||
        read_rest(single, answer_r, why) < 0)
        return -1;
    if (ocsp_current(answer_r, now, 0))
        return 1;
    failure(why, FAILURE_MALFORMED, "OCSP response: not of now: too old, or "
                                    "of the future");
    return 0;
}

/* The answer for the certificate among those in the response: where it says
 * more than one thing, the worst. */
static int find_single(const struct basic *basic, CERTCertificate *certificate,
                       CERTCertificate *issuer, time_t now,
                       struct ocsp_answer *answer_r, struct failure *why)
{
    static const int rank[] = {
        [OCSP_GOOD] = 0, [OCSP_NOT_KNOWN] = 1, [OCSP_REVOKED] = 2};
    struct der in = basic->singles;
    struct ocsp_answer one;
    struct der_value single;
    int found = 0;
    failure(why, FAILURE_MALFORMED,
            "OCSP response: not about this certificate");
    while (in.length) {
        if (!der_expect(&in, TAG_SEQUENCE, &single))
            return malformed(why, "SingleResponse");
        int rc = read_single(single.content, certificate, issuer, now, &one,
                             why);
        if (rc < 0)
            return -1;
        if (rc > 0 && (!found || rank[one.status] > rank[answer_r->status]))
            *answer_r = one;
        found |= rc;
    }
    return found ? 0 : -1;
}

int ocsp_read(const struct ocsp_reader *reader, const struct der *response,
              CERTCertificate *certificate, CERTCertificate *issuer,
              struct ocsp_answer *answer_r, struct failure *why)
{
    struct der der = {NULL, 0};
    struct basic basic;
    struct ocsp_answer signer = {.status = OCSP_NOT_KNOWN};
    *answer_r = signer;
    if (read_outer(response, &der, why) < 0 ||
        read_basic(&der, &basic, why) < 0 ||
        check_signature(reader, &basic, issuer, &signer, why) < 0 ||
        find_single(&basic, certificate, issuer, reader->now, answer_r,
                    why) < 0)
        return -1;
    answer_r->responder = signer.responder;
    return 0;
}

int ocsp_disowned(const struct ocsp_reader *reader,
                  const struct ocsp_answer *answer, CERTCertificate *issuer,
                  struct failure *why)
{
    if (answer->responder.length == 0)
        return 0;
    CERTCertificate *responder = cert_decode(&answer->responder);
    int rc = responder ? is_revoked(reader, responder, issuer, why) : 1;
    if (responder)
        CERT_DestroyCertificate(responder);
    return rc;
}
