/* open: see open.h. */
#include "open.h"

#include "blob.h"
#include "canonical.h"
#include "certificate.h"
#include "cms_label.h"
#include "failure.h"
#include "gateway.h"
#include "head.h"
#include "open_signature.h"
#include "pool.h"
#include "smime.h"

#include <string.h>

#define LAYERS_MOST 10
#define NAMED_MOST 20 /* addresses shown in From that are looked at */

#define POSES "From shows another's address beside its own"

struct opened_blob {
    struct blob blob;
    struct opened_blob *next;
};

/* An S/MIME entity that was met, and the first two parts of a detached one. */
struct candidate {
    struct candidate *next;
    struct entity *entity;
    enum smime_kind kind;
    struct entity *parts[2];
    unsigned part_count;
    int whole; /* it is all that there is, no part of a multipart */
};

struct opening {
    struct gateway *gateway;
    struct pool *pool;
    struct opened *opened;
    struct failure *why;
    struct candidate *first, **last; /* of the entity being looked at */
    struct cms_keys keys;
    struct cms_verifier verifier;
    int depth;
    int encrypted, signed_by_domain;
    int enclosed; /* what is looked at is within a domain's signature */
    struct address named[NAMED_MOST]; /* in From, beside its address */
    int named_count;
    enum verdict person; /* of an individual who signed the whole */
    size_t piece_room;
};

static int process(struct opening *o, const struct blob *blob, off_t start,
                   off_t end, int whole);

static void find(struct opening *o, enum verdict verdict, const char *reason)
{
    struct opened *opened = o->opened;
    if (verdict_worse(opened->verdict, verdict) == opened->verdict)
        return;
    opened->verdict = verdict;
    opened->reason = pool_string(o->pool, reason);
    if (!opened->reason)
        opened->reason = "";
}

static int add_piece(struct opening *o, const struct blob *blob, off_t start,
                     off_t end)
{
    struct opened *opened = o->opened;
    if (start >= end)
        return 0;
    if (opened->piece_count == o->piece_room) {
        size_t room = o->piece_room ? o->piece_room * 2 : 8;
        struct piece *grown = pool_array(o->pool, room, sizeof *grown);
        if (!grown)
            return failure_memory(o->why);
        if (opened->piece_count)
            memcpy(grown, opened->pieces,
                   opened->piece_count * sizeof *grown);
        opened->pieces = grown;
        o->piece_room = room;
    }
    opened->pieces[opened->piece_count++] = (struct piece){blob, start, end};
    return 0;
}

static struct blob *new_blob(struct opening *o)
{
    struct opened_blob *blob = pool_alloc(o->pool, sizeof *blob);
    if (!blob) {
        failure_memory(o->why);
        return NULL;
    }
    blob_init(&blob->blob);
    blob->next = o->opened->blobs;
    o->opened->blobs = blob;
    return &blob->blob;
}

/* The S/MIME entity that it is a part of, or NULL. */
static struct candidate *within(struct opening *o, const struct entity *entity)
{
    for (const struct entity *above = entity->parent; above;
         above = above->parent)
        for (struct candidate *c = o->first; c; c = c->next)
            if (c->entity == above)
                return c;
    return NULL;
}

static int enter(void *context, struct entity *entity, struct failure *why)
{
    struct opening *o = context;
    for (const struct entity *above = entity->parent; above;
         above = above->parent)
        if (!content_is(&above->type, "multipart", NULL))
            return 0; /* in an attached message: not ours to open */
    struct candidate *inside = within(o, entity);
    if (inside) {
        if (entity->parent == inside->entity && inside->part_count < 2)
            inside->parts[inside->part_count] = entity;
        inside->part_count += entity->parent == inside->entity;
        return 0;
    }
    enum smime_kind kind = smime_kind(o->pool, entity);
    if (kind == SMIME_NONE)
        return 0;
    struct candidate *candidate = pool_alloc(o->pool, sizeof *candidate);
    if (!candidate)
        return failure_memory(why);
    candidate->entity = entity;
    candidate->kind = kind;
    candidate->whole = !entity->parent;
    *o->last = candidate;
    o->last = &candidate->next;
    return 0;
}

/* A layer that was opened: what is in it may be opened further. */
static int go_in(struct opening *o, const struct blob *blob, off_t start,
                 off_t end, int whole)
{
    o->opened->layers++;
    if (!whole && !o->enclosed)
        find(o, VERDICT_ALTERED, "only a part of the mail was secured");
    return process(o, blob, start, end, whole) < 0 ? -1 : 1;
}

static int broken(struct opening *o, const struct candidate *c,
                  enum verdict verdict, const struct failure *why)
{
    if (c->kind == SMIME_CMS && smime_guessed(c->entity) && verdict == VERDICT_MALFORMED)
        return 0; /* some other file of that name */
    find(o, verdict, why->text);
    return 0;
}

/* Does From show addresses that the signer (NULL = a person) does not speak
 * for? What a reader sees first would not be what was verified. */
static int poses(const struct opening *o, CERTCertificate *signer)
{
    for (int i = 0; i < o->named_count; i++)
        if (!signer || !cert_speaks_for(signer, o->named[i].domain))
            return 1;
    return o->named_count == NAMED_MOST; /* who knows what comes behind? */
}

/* What the signatures say. 1 = a domain's layer. */
static int weigh(struct opening *o, int whole, const struct cms_signed *cms,
                 int *altered_r)
{
    struct signature_finding finding;
    struct opened *opened = o->opened;
    if (signature_judge(o->gateway, o->pool, cms, &opened->from, &finding,
                        o->why) < 0)
        return -1;
    *altered_r = finding.verdict == VERDICT_ALTERED;
    if (finding.verdict == VERDICT_GOOD && finding.domain &&
        poses(o, finding.signature->certificate)) {
        finding.verdict = VERDICT_AMBIGUOUS_FROM;
        finding.reason = POSES;
    }
    if (!finding.domain) {
        if (whole && finding.person != VERDICT_NONE) {
            o->person = finding.person;
            if (!opened->lessons.announced)
                opened->lessons.announced = finding.announced;
        }
        return 0;
    }
    o->signed_by_domain = 1;
    opened->lessons.announced = whole ? finding.announced : NULL;
    opened->signer = finding.signer;
    find(o, finding.verdict, finding.reason);
    if (finding.verdict == VERDICT_GOOD && finding.signature->label.data &&
        !(opened->label = cms_label_text(o->pool, &finding.signature->label)))
        return failure_memory(o->why);
    if (finding.verdict == VERDICT_GOOD &&
        learn_note(o->pool, cms, finding.signature, &opened->lessons,
                   o->why) < 0)
        return -1;
    return 1;
}

/* multipart/signed: 1 = its layer is off, 0 = it stays as it is. */
static int open_detached(struct opening *o, const struct blob *blob,
                         const struct candidate *c, int whole)
{
    struct blob_source content;
    struct cms_signed cms;
    enum cms_read read;
    int altered = 0;
    if (c->part_count != 2) {
        failure(o->why, FAILURE_MALFORMED,
                "multipart/signed does not have two parts");
        return broken(o, c, VERDICT_MALFORMED, o->why);
    }
    struct entity *part = c->parts[0];
    struct body_source *signature = pool_alloc(o->pool, sizeof *signature);
    struct canonical_source *canonical =
        pool_alloc(o->pool, sizeof *canonical);
    if (!signature || !canonical)
        return failure_memory(o->why);
    if (!body_source_init(signature, blob, c->parts[1]))
        return 0;
    blob_source_init(&content, blob, part->start, part->end - part->start);
    canonical_source_init(canonical, &content.source);
    if (cms_verify(o->pool, signature->source, &canonical->source, NULL,
                   &o->verifier, &read, &cms, o->why) < 0)
        return -1;
    if (read != CMS_READ)
        return broken(o, c, VERDICT_MALFORMED, o->why);
    int rc = weigh(o, whole, &cms, &altered);
    cms_signed_free(&cms);
    /* What is not what was signed keeps its signature: it is evidence. */
    if (rc <= 0 || altered)
        return rc < 0 ? -1 : 0;
    return go_in(o, blob, part->start, part->end, whole);
}

/* A signature with its content inside. */
static int open_opaque(struct opening *o, const struct blob *blob,
                       const struct candidate *c, int whole)
{
    struct cms_signed cms;
    enum cms_read read;
    int altered = 0;
    struct blob *content = new_blob(o);
    struct body_source *body = pool_alloc(o->pool, sizeof *body);
    if (!content || !body)
        return failure_memory(o->why);
    body_source_init(body, blob, c->entity);
    if (cms_verify(o->pool, body->source, NULL, &content->sink, &o->verifier,
                   &read, &cms, o->why) < 0)
        return -1;
    if (read != CMS_READ) /* compressed, say, or content of another type */
        return broken(o, c, read == CMS_NOT_SIGNED ? VERDICT_UNSUPPORTED
                                                   : VERDICT_MALFORMED,
                      o->why);
    int rc = cms.count ? weigh(o, whole, &cms, &altered) : 0;
    cms_signed_free(&cms);
    return rc <= 0 ? rc : go_in(o, content, 0, content->length, whole);
}

/* application/pkcs7-mime. 1 = its layer is off, 0 = it stays as it is. */
static int open_cms(struct opening *o, const struct blob *blob,
                    const struct candidate *c, int whole)
{
    enum cms_opened opened;
    struct blob *content = new_blob(o);
    struct body_source *body = pool_alloc(o->pool, sizeof *body);
    if (!content || !body)
        return failure_memory(o->why);
    if (!body_source_init(body, blob, c->entity))
        return 0;
    if (cms_decrypt(body->source, &o->keys, &content->sink, &opened,
                    o->why) < 0)
        return -1;
    switch (opened) {
    case CMS_OPENED:
        /* In clear, it would stand beside what somebody else may have put
         * around it, to lead it out (RFC 8551, 6): it stays closed. */
        if (!whole) {
            if (!o->enclosed)
                find(o, VERDICT_ALTERED,
                     "a part of the mail is encrypted, and left so");
            return 0;
        }
        o->encrypted = 1;
        return go_in(o, content, 0, content->length, whole);
    case CMS_NO_ENVELOPE:
        return open_opaque(o, blob, c, whole);
    case CMS_NOT_FOR_US:
        if (gateway_keys_there(o->gateway, o->why) < 0)
            return -1;
        o->opened->closed |= whole && o->depth == 1;
        return 0;
    case CMS_UNSUPPORTED:
        return broken(o, c, VERDICT_UNSUPPORTED, o->why);
    case CMS_UNDECRYPTABLE:
        return broken(o, c, VERDICT_UNDECRYPTABLE, o->why);
    default:
        return broken(o, c, VERDICT_MALFORMED, o->why);
    }
}

/* Opens what was found, in order, and keeps what is between. */
static int open_candidates(struct opening *o, const struct blob *blob,
                           off_t start, off_t end, int whole)
{
    off_t at = start;
    struct candidate *next;
    for (struct candidate *c = o->first; c; c = next) {
        size_t count = o->opened->piece_count;
        next = c->next;
        if (gateway_keystore(o->gateway, o->why) < 0 ||
            add_piece(o, blob, at, c->entity->start) < 0)
            return -1;
        int all = whole && c->whole;
        int rc = c->kind == SMIME_DETACHED ? open_detached(o, blob, c, all)
                                           : open_cms(o, blob, c, all);
        if (rc < 0)
            return -1;
        if (rc > 0)
            at = c->entity->end;
        else
            o->opened->piece_count = count; /* it stays, with what is before */
    }
    return add_piece(o, blob, at, end);
}

static int process(struct opening *o, const struct blob *blob, off_t start,
                   off_t end, int whole)
{
    const struct settings *settings = &o->gateway->policy->settings;
    struct mime_limits limits = {(unsigned)settings->mime_depth,
                                 (unsigned)settings->mime_parts,
                                 (size_t)settings->header_limit,
                                 HEADER_FIELDS_MOST};
    struct mime_visitor visitor = {enter, NULL, o};
    if (++o->depth > LAYERS_MOST) {
        o->depth--;
        find(o, VERDICT_TOO_DEEP, "too many layers of S/MIME");
        return add_piece(o, blob, start, end);
    }
    int enclosed = o->enclosed;
    o->enclosed = o->signed_by_domain;
    o->first = NULL;
    o->last = &o->first;
    int rc = mime_walk(o->pool, blob, start, end, &limits, &visitor, o->why);
    if (rc < 0 && o->why->kind == FAILURE_LIMIT) {
        if (o->first || o->depth > 1)
            find(o, VERDICT_TOO_DEEP, o->why->text);
        rc = add_piece(o, blob, start, end);
    } else if (rc == 0) {
        rc = open_candidates(o, blob, start, end, whole);
    }
    o->enclosed = enclosed;
    o->depth--;
    return rc;
}

static int read_header(struct opening *o, const struct blob *message)
{
    struct blob_source in;
    struct head head;
    blob_source_init(&in, message, 0, message->length);
    int rc = head_read(o->pool, &in.source,
                       (size_t)o->gateway->policy->settings.header_limit,
                       &head, o->why);
    if (rc == 0) {
        o->opened->header = head.header;
        rc = mailbox_from(o->pool, &head.header, &o->opened->from);
        if (rc == 0)
            o->opened->from = (struct address){NULL, NULL};
        else if (rc > 0)
            rc = o->named_count =
                mailbox_named(o->pool, &head.header, &o->opened->from,
                              o->named, NAMED_MOST);
        rc = rc < 0 ? failure_memory(o->why) : 0;
    }
    head_free(&head);
    return rc;
}

/* No domain has signed: what is left to say? */
static void conclude(struct opening *o)
{
    if (o->signed_by_domain)
        return;
    if (o->person == VERDICT_GOOD && poses(o, NULL))
        find(o, VERDICT_AMBIGUOUS_FROM, POSES);
    else if (o->person == VERDICT_GOOD || (o->encrypted && o->person))
        find(o, o->person, "");
    else if (o->encrypted)
        find(o, VERDICT_ENCRYPTED_ONLY, "not signed by a domain");
}

int open_message(struct gateway *gateway, struct pool *pool,
                 const struct blob *message, struct opened *opened_r,
                 struct failure *why)
{
    struct failure own = {0};
    struct opening o = {.gateway = gateway, .pool = pool, .opened = opened_r,
                        .why = why ? why : &own,
                        .keys = gateway_keys(gateway),
                        .verifier = gateway_verifier(gateway)};
    *opened_r = (struct opened){.signer = "", .reason = "", .label = ""};
    int rc = read_header(&o, message);
    gateway->from = opened_r->from.domain;
    if (rc == 0)
        rc = process(&o, message, 0, message->length, 1);
    if (rc < 0) {
        opened_free(opened_r);
        return -1;
    }
    conclude(&o);
    return 0;
}

void opened_free(struct opened *opened)
{
    for (struct opened_blob *blob = opened->blobs; blob; blob = blob->next)
        blob_free(&blob->blob);
    opened->blobs = NULL;
}
