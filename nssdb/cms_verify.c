/* cms_verify: see cms_verify.h. */
#include "cms_verify.h"

#include "ber.h"
#include "buffer.h"
#include "certificate.h"
#include "cms_oids.h"
#include "cms_signer.h"
#include "failure.h"
#include "pool.h"

#include <secport.h>
#include <stdlib.h>
#include <string.h>

#define HASHES_MOST 8
#define CERTIFICATES_MOST 2000
#define CERTIFICATE_BYTES 65536
#define SIGNERS_MOST 50
#define SIGNER_BYTES 262144
#define BEGINNING 16 /* bytes of the content that are kept */

struct verifying {
    struct ber ber;
    struct pool *pool;
    const struct cms_verifier *verifier;
    struct cms_digest digests[HASHES_MOST];
    unsigned char values[HASHES_MOST][CMS_DIGEST_MOST];
    unsigned hash_count;
    struct sink tee;
    struct sink *content;
    struct cms_signed *cms;
    int empty; /* no content, inside or outside: certificates alone */
    unsigned char beginning[BEGINNING]; /* of the content */
    size_t begun;
    enum cms_read read;
};

static int malformed(struct failure *why, const char *what)
{
    return failure(why, FAILURE_MALFORMED, "SignedData: %s", what);
}

/* Captures the value into the pool. */
static int capture(struct verifying *v, const struct ber_value *value,
                   size_t most, struct der *der_r, struct failure *why)
{
    struct buffer der = {0};
    int rc = ber_capture(&v->ber, value, most, &der, why);
    if (rc == 0) {
        der_r->data = pool_copy(v->pool, der.data, der.length);
        der_r->length = der.length;
        rc = der_r->data ? 0 : failure_memory(why);
    }
    buffer_free(&der);
    return rc;
}

static int expect_oid(struct verifying *v, const char *oid, size_t length,
                      enum cms_read otherwise, struct failure *why)
{
    struct ber_value value;
    struct der whole = {NULL, 0};
    struct der_value found;
    if (ber_expect(&v->ber, TAG_OID, &value, why) < 0 ||
        capture(v, &value, 100, &whole, why) < 0)
        return -1;
    if (der_expect(&whole, TAG_OID, &found) &&
        der_equal(&found.content, oid, length))
        return 0;
    v->read = otherwise;
    return malformed(why, "another content type");
}

static int add_hash(struct verifying *v, const struct cms_hash *hash,
                    struct failure *why)
{
    for (unsigned i = 0; i < v->hash_count; i++)
        if (v->digests[i].hash == hash)
            return 0;
    if (v->hash_count == HASHES_MOST)
        return malformed(why, "too many digest algorithms");
    return cms_digest_init(&v->digests[v->hash_count++], hash, why);
}

static int read_hashes(struct verifying *v, struct failure *why)
{
    struct ber_value value;
    int rc;
    if (ber_descend(&v->ber, TAG_SET, why) < 0)
        return -1;
    while ((rc = ber_next(&v->ber, &value, why)) > 0) {
        struct der whole;
        struct der_value algorithm, oid;
        const struct cms_hash *hash;
        if (capture(v, &value, 1000, &whole, why) < 0)
            return -1;
        if (!der_expect(&whole, TAG_SEQUENCE, &algorithm) ||
            !der_expect(&algorithm.content, TAG_OID, &oid))
            return malformed(why, "digest algorithm");
        hash = cms_hash_of(&oid.content);
        if (hash && add_hash(v, hash, why) < 0)
            return -1;
    }
    return rc < 0 ? -1 : ber_leave(&v->ber, why);
}

/* Content goes to every digest, and out. */
static int tee(struct sink *self, const void *data, size_t size,
               struct failure *why)
{
    struct verifying *v =
        (struct verifying *)(void *)((char *)self -
                                     offsetof(struct verifying, tee));
    size_t first = BEGINNING - v->begun;
    if (first > size)
        first = size;
    memcpy(v->beginning + v->begun, data, first);
    v->begun += first;
    for (unsigned i = 0; i < v->hash_count; i++)
        if (v->digests[i].sink.write(&v->digests[i].sink, data, size, why) < 0)
            return -1;
    return v->content ? v->content->write(v->content, data, size, why) : 0;
}

static int finish_digests(struct verifying *v, struct failure *why)
{
    for (unsigned i = 0; i < v->hash_count; i++)
        if (cms_digest_finish(&v->digests[i], v->values[i], why) < 0)
            return -1;
    return 0;
}

/* EncapsulatedContentInfo (RFC 5652, 5.2) */
static int read_content(struct verifying *v, struct source *detached,
                        struct failure *why)
{
    struct ber_value value, octets;
    if (ber_descend(&v->ber, TAG_SEQUENCE, why) < 0 ||
        expect_oid(v, OID(DATA), CMS_UNREADABLE, why) < 0)
        return -1;
    int rc = ber_next(&v->ber, &value, why);
    if (rc < 0)
        return -1;
    v->cms->detached = rc == 0;
    if (rc == 0) {
        v->empty = !detached;
        if (detached && stream_copy(detached, &v->tee, why) < 0)
            return -1;
    } else {
        if (detached)
            return malformed(why, "content inside and outside");
        if (value.tag != (TAG_CONTEXT | TAG_CONSTRUCTED | 0) ||
            ber_enter(&v->ber, &value, why) < 0 ||
            ber_next(&v->ber, &octets, why) != 1 ||
            (octets.tag & ~TAG_CONSTRUCTED) != TAG_OCTET_STRING)
            return malformed(why, "content");
        if (ber_pour(&v->ber, &octets, &v->tee, why) < 0 ||
            ber_leave(&v->ber, why) < 0)
            return -1;
    }
    return ber_leave(&v->ber, why) < 0 ? -1 : finish_digests(v, why);
}

/* A certificate that NSS cannot read is as good as not there. */
static int add_certificate(struct verifying *v, const struct der *whole,
                           struct failure *why)
{
    struct cms_signed *cms = v->cms;
    CERTCertificate *certificate = cert_decode(whole);
    if (!certificate)
        return 0;
    if (!cms->certificates)
        cms->certificates = pool_array(v->pool, CERTIFICATES_MOST,
                                       sizeof *cms->certificates);
    if (!cms->certificates) {
        CERT_DestroyCertificate(certificate);
        return failure_memory(why);
    }
    cms->certificates[cms->certificate_count++] = certificate;
    return 0;
}

static int read_certificates(struct verifying *v,
                             const struct ber_value *value,
                             struct failure *why)
{
    struct ber_value one;
    struct der whole;
    int rc;
    if (ber_enter(&v->ber, value, why) < 0)
        return -1;
    while ((rc = ber_next(&v->ber, &one, why)) > 0) {
        if (one.tag != TAG_SEQUENCE) { /* of a kind that nobody uses */
            rc = ber_skip(&v->ber, &one, why);
        } else if (v->cms->certificate_count == CERTIFICATES_MOST) {
            rc = malformed(why, "too many certificates");
        } else {
            rc = capture(v, &one, CERTIFICATE_BYTES, &whole, why);
            if (rc == 0)
                rc = add_certificate(v, &whole, why);
        }
        if (rc < 0)
            return -1;
    }
    return rc < 0 ? -1 : ber_leave(&v->ber, why);
}

static const unsigned char *digest_of(struct verifying *v,
                                      const struct cms_hash *hash)
{
    for (unsigned i = 0; i < v->hash_count; i++)
        if (v->digests[i].hash == hash)
            return v->values[i];
    return NULL;
}

/* The certificate sent is the one that counts [2.10-sentcert]. */
static int find_certificate(struct verifying *v,
                            const struct cms_signer_info *info,
                            struct cms_signature *signature,
                            struct failure *why)
{
    const struct cms_verifier *verifier = v->verifier;
    for (size_t i = 0; i < v->cms->certificate_count; i++)
        if (cms_signer_is(info, v->cms->certificates[i])) {
            signature->certificate =
                CERT_DupCertificate(v->cms->certificates[i]);
            return 0;
        }
    if (!verifier->find)
        return 0;
    int rc = verifier->find(verifier->context,
                            info->issuer.data ? &info->issuer : NULL,
                            &info->serial, &info->identifier,
                            &signature->certificate, why);
    return rc < 0 ? -1 : 0;
}

/* Behind the tag and the length of a value, if the tag is this; else 0. */
static size_t behind_tag(const struct verifying *v, size_t at, int tag)
{
    if (at + 2 > v->begun || v->beginning[at] != tag)
        return 0;
    unsigned length = v->beginning[at + 1];
    return at + 2 + (length > 0x80 ? length & 0x7f : 0);
}

/* Is the content the attributes of another signature? Who signed those did
 * not sign a mail, but without attributes of its own such a signature would
 * look as if he had (RFC 5652, 5.4: both are digested alike). */
static int is_of_attributes(const struct verifying *v)
{
    size_t set = behind_tag(v, 0, TAG_SET);
    size_t attribute = set ? behind_tag(v, set, TAG_SEQUENCE) : 0;
    return attribute && behind_tag(v, attribute, TAG_OID);
}

static int add_signer(struct verifying *v, struct der whole,
                      struct failure *why)
{
    struct cms_signed *cms = v->cms;
    struct cms_signer_info info;
    if (v->empty)
        return malformed(why, "the signature came without its content");
    if (!cms->signatures)
        cms->signatures = pool_array(v->pool, SIGNERS_MOST,
                                     sizeof *cms->signatures);
    if (!cms->signatures)
        return failure_memory(why);
    if (cms->count == SIGNERS_MOST)
        return malformed(why, "too many signers");
    struct cms_signature *signature = &cms->signatures[cms->count++];
    if (!cms_signer_read(whole, &info)) {
        signature->status = CMS_BROKEN;
        signature->reason = "SignerInfo malformed";
        return 0;
    }
    if (find_certificate(v, &info, signature, why) < 0)
        return -1;
    if (!info.attributes.data && is_of_attributes(v)) {
        signature->status = CMS_ALTERED;
        signature->reason = "the attributes of a signature were signed, and "
                            "no mail";
        return 0;
    }
    cms_signer_check(&info, v->verifier, digest_of(v, info.hash), signature);
    return 0;
}

static int read_signers(struct verifying *v, const struct ber_value *set,
                        struct failure *why)
{
    struct ber_value value;
    struct der whole;
    int rc;
    if (set->tag != TAG_SET)
        return malformed(why, "signers");
    if (ber_enter(&v->ber, set, why) < 0)
        return -1;
    while ((rc = ber_next(&v->ber, &value, why)) > 0)
        if (capture(v, &value, SIGNER_BYTES, &whole, why) < 0 ||
            add_signer(v, whole, why) < 0)
            return -1;
    return rc < 0 ? -1 : ber_leave(&v->ber, why);
}

/* certificates [0], crls [1], then the signers */
static int read_tail(struct verifying *v, struct failure *why)
{
    struct ber_value value;
    for (;;) {
        int rc = ber_next(&v->ber, &value, why);
        if (rc <= 0)
            return rc < 0 ? -1 : malformed(why, "no signers");
        if (value.tag == (TAG_CONTEXT | TAG_CONSTRUCTED | 0))
            rc = read_certificates(v, &value, why);
        else if (value.tag == (TAG_CONTEXT | TAG_CONSTRUCTED | 1))
            rc = ber_skip(&v->ber, &value, why);
        else
            return read_signers(v, &value, why);
        if (rc < 0)
            return -1;
    }
}

static int read_signed(struct verifying *v, struct source *detached,
                       struct failure *why)
{
    struct ber_value version;
    if (ber_descend(&v->ber, TAG_SEQUENCE, why) < 0 ||
        expect_oid(v, OID(SIGNED_DATA), CMS_NOT_SIGNED, why) < 0 ||
        ber_descend(&v->ber, TAG_CONTEXT | TAG_CONSTRUCTED, why) < 0 ||
        ber_descend(&v->ber, TAG_SEQUENCE, why) < 0 ||
        ber_expect(&v->ber, TAG_INTEGER, &version, why) < 0 ||
        ber_skip(&v->ber, &version, why) < 0 || read_hashes(v, why) < 0 ||
        read_content(v, detached, why) < 0 || read_tail(v, why) < 0 ||
        ber_leave(&v->ber, why) < 0 || ber_leave(&v->ber, why) < 0 ||
        ber_leave(&v->ber, why) < 0)
        return -1;
    return ber_finish(&v->ber, why);
}

int cms_verify(struct pool *pool, struct source *in, struct source *detached,
               struct sink *content, const struct cms_verifier *verifier,
               enum cms_read *read_r, struct cms_signed *signed_r,
               struct failure *why)
{
    struct failure own = {0};
    struct verifying *v = pool_alloc(pool, sizeof *v);
    memset(signed_r, 0, sizeof *signed_r);
    if (!v)
        return failure_memory(why);
    ber_init(&v->ber, in);
    v->pool = pool;
    v->verifier = verifier;
    v->tee.write = tee;
    v->content = content;
    v->cms = signed_r;
    v->read = CMS_UNREADABLE;
    int rc = read_signed(v, detached, &own);
    *read_r = rc < 0 ? v->read : CMS_READ;
    for (unsigned i = 0; i < v->hash_count; i++)
        cms_digest_free(&v->digests[i]);
    if (rc < 0) {
        cms_signed_free(signed_r);
        if (why)
            *why = own;
    }
    /* What the message is at fault for is an answer, not a failure. */
    if (own.kind == FAILURE_MALFORMED || own.kind == FAILURE_LIMIT)
        rc = 0;
    return rc;
}

void cms_signed_free(struct cms_signed *cms)
{
    for (size_t i = 0; i < cms->count; i++)
        if (cms->signatures[i].certificate)
            CERT_DestroyCertificate(cms->signatures[i].certificate);
    for (size_t i = 0; i < cms->certificate_count; i++)
        CERT_DestroyCertificate(cms->certificates[i]);
    cms->count = cms->certificate_count = 0;
}
