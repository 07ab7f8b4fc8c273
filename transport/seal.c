/* seal: see seal.h. */
#include "seal.h"

#include "base64.h"
#include "blob.h"
#include "canonical.h"
#include "cms_encrypt.h"
#include "failure.h"
#include "head.h"
#include "interface.h"
#include "notice.h"
#include "pool.h"

#include <stdlib.h>
#include <string.h>

/* The stages, from the message to the wire. */
struct sealing {
    const struct seal *seal;
    struct base64_sink base64;   /* last */
    struct cms_encrypt encrypt;
    struct sink *inner; /* where the signed entity goes: encrypt, or clear */
    struct blob clear;
    struct cms_digest digest;
    struct sink tee; /* the first part: digested and encrypted */
    struct canonical_source canonical; /* first */
    char boundary[NOTICE_BOUNDARY];
};

static int text(struct sink *out, const struct buffer *buffer,
                struct failure *why)
{
    if (buffer->failed)
        return failure_memory(why);
    return out->write(out, buffer_string(buffer), buffer->length, why);
}

static int tee(struct sink *self, const void *data, size_t size,
               struct failure *why)
{
    struct sealing *s =
        (struct sealing *)(void *)((char *)self -
                                   offsetof(struct sealing, tee));
    if (s->digest.sink.write(&s->digest.sink, data, size, why) < 0)
        return -1;
    return s->inner->write(s->inner, data, size, why);
}

static int write_outer(const struct sealing *s, const struct header *header,
                       struct sink *out, struct failure *why)
{
    struct buffer outer = {0};
    if (s->seal->tag)
        head_put_tagged(header, s->seal->tag, 1, &outer);
    else
        head_put(header, 0, &outer);
    if (s->seal->field)
        buffer_text(&outer, s->seal->field);
    buffer_format(&outer,
                  HEADER_VERSION ": " SEEMAIL_VERSION "\n"
                  "MIME-Version: 1.0\n"
                  "Content-Type: application/pkcs7-mime; "
                  "smime-type=%s;\n name=\"smime.p7m\"\n"
                  "Content-Disposition: attachment; filename=\"smime.p7m\"\n"
                  "Content-Transfer-Encoding: base64\n\n",
                  s->seal->cipher->authenticated ? "authEnveloped-data"
                                                 : "enveloped-data");
    int rc = text(out, &outer, why);
    buffer_free(&outer);
    return rc;
}

/* The inner entity up to its first part (RFC 1847, 2.1). */
static int write_opening(struct sealing *s, struct failure *why)
{
    struct buffer opening = {0};
    const char *name = s->seal->hash->name; /* sha256 -> sha-256 */
    buffer_format(&opening,
                  "Content-Type: multipart/signed; protocol="
                  "\"application/pkcs7-signature\";\r\n"
                  " micalg=sha-%s; boundary=\"%s\"\r\n\r\n--%s\r\n",
                  name + 3, s->boundary, s->boundary);
    int rc = text(s->inner, &opening, why);
    buffer_free(&opening);
    return rc;
}

/* Text with LF line ends, as CRLF. */
static int canonical_text(struct sealing *s, const struct buffer *lines,
                          struct sink *out, struct failure *why)
{
    struct blob blob;
    struct blob_source source;
    blob_init(&blob);
    int rc = blob_write(&blob, lines->data, lines->length, why);
    blob_source_init(&source, &blob, 0, blob.length);
    canonical_source_init(&s->canonical, &source.source);
    if (rc == 0)
        rc = stream_copy(&s->canonical.source, out, why);
    blob_free(&blob);
    return rc;
}

static int base64_text(const struct buffer *der, struct buffer *out,
                       struct failure *why)
{
    struct base64_sink base64;
    struct buffer_sink sink;
    buffer_sink_init(&sink, out);
    base64_sink_init(&base64, &sink.sink);
    if (base64.sink.write(&base64.sink, der->data, der->length, why) < 0)
        return -1;
    return base64_sink_finish(&base64, why);
}

static int write_content(struct sealing *s, struct head *head,
                         struct failure *why)
{
    struct buffer fields = {0};
    head_put(&head->header, 1, &fields);
    buffer_byte(&fields, '\n');
    int rc = fields.failed ? failure_memory(why) : 0;
    if (rc == 0)
        rc = canonical_text(s, &fields, &s->tee, why);
    buffer_free(&fields);
    canonical_source_init(&s->canonical, &head->source);
    return rc < 0 ? -1 : stream_copy(&s->canonical.source, &s->tee, why);
}

/* The signature, in base64 with CRLF line ends. */
static int write_signature(struct sealing *s, struct failure *why)
{
    unsigned char digest[CMS_DIGEST_MOST];
    struct buffer der = {0}, opening = {0}, lines = {0};
    int rc = cms_digest_finish(&s->digest, digest, why);
    if (rc == 0)
        rc = cms_sign(s->seal->signer, s->seal->hash, digest, &der, why);
    buffer_format(&opening,
                  "\r\n--%s\r\n"
                  "Content-Type: application/pkcs7-signature; "
                  "name=\"smime.p7s\"\r\n"
                  "Content-Disposition: attachment; "
                  "filename=\"smime.p7s\"\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\n",
                  s->boundary);
    if (rc == 0)
        rc = text(s->inner, &opening, why);
    if (rc == 0)
        rc = base64_text(&der, &lines, why);
    if (rc == 0)
        rc = canonical_text(s, &lines, s->inner, why);
    buffer_free(&lines);
    buffer_clear(&opening);
    buffer_format(&opening, "\r\n--%s--\r\n", s->boundary);
    if (rc == 0)
        rc = text(s->inner, &opening, why);
    buffer_free(&der);
    buffer_free(&opening);
    return rc;
}

/* Signed, not encrypted: the entity's header ends that of the message. */
static int run_clear(struct sealing *s, struct head *head, struct sink *out,
                     struct failure *why)
{
    struct buffer outer = {0};
    struct blob_source entity;
    struct local_source *local = calloc(1, sizeof *local);
    blob_init(&s->clear);
    s->inner = &s->clear.sink;
    head_put(&head->header, 0, &outer);
    buffer_text(&outer, HEADER_VERSION ": " SEEMAIL_VERSION "\n"
                        "MIME-Version: 1.0\n");
    int rc = local ? 0 : failure_memory(why);
    if (rc == 0)
        rc = text(out, &outer, why);
    if (rc == 0)
        rc = notice_boundary(s->boundary, why);
    if (rc == 0)
        rc = cms_digest_init(&s->digest, s->seal->hash, why);
    if (rc == 0 && (write_opening(s, why) < 0 ||
                    write_content(s, head, why) < 0 ||
                    write_signature(s, why) < 0))
        rc = -1;
    if (rc == 0) {
        blob_source_init(&entity, &s->clear, 0, s->clear.length);
        local_source_init(local, &entity.source);
        rc = stream_copy(&local->source, out, why);
    }
    buffer_free(&outer);
    blob_free(&s->clear);
    free(local);
    return rc;
}

static int run(struct sealing *s, struct head *head, struct sink *out,
               struct failure *why)
{
    if (notice_boundary(s->boundary, why) < 0 ||
        write_outer(s, &head->header, out, why) < 0 ||
        cms_digest_init(&s->digest, s->seal->hash, why) < 0 ||
        cms_encrypt_start(&s->encrypt, s->seal->cipher, s->seal->recipients,
                          s->seal->recipient_count, &s->base64.sink, why) < 0 ||
        write_opening(s, why) < 0 || write_content(s, head, why) < 0 ||
        write_signature(s, why) < 0 ||
        cms_encrypt_finish(&s->encrypt, why) < 0)
        return -1;
    return base64_sink_finish(&s->base64, why);
}

int seal(const struct seal *seal, struct source *in, struct sink *out,
         struct failure *why)
{
    struct pool *pool = pool_new();
    struct sealing *s = calloc(1, sizeof *s);
    struct head head = {0};
    int rc = pool && s ? 0 : failure_memory(why);
    if (rc == 0) {
        s->seal = seal;
        s->tee.write = tee;
        s->inner = &s->encrypt.sink;
        base64_sink_init(&s->base64, out);
        rc = head_read(pool, in, seal->header_limit, &head, why);
    }
    if (rc == 0)
        rc = seal->recipient_count ? run(s, &head, out, why)
                                   : run_clear(s, &head, out, why);
    if (s) {
        cms_digest_free(&s->digest);
        cms_encrypt_free(&s->encrypt);
    }
    head_free(&head);
    free(s);
    pool_free(&pool);
    return rc;
}
