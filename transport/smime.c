/* smime: see smime.h. */
#include "smime.h"

#include <string.h>
#include <strings.h>

static int one_of(const char *text, const char *a, const char *b)
{
    return text && (strcasecmp(text, a) == 0 || strcasecmp(text, b) == 0);
}

static int named(struct pool *pool, const struct entity *entity,
                 const char *suffix)
{
    const char *name = entity_filename(pool, entity);
    size_t length = name ? strlen(name) : 0, end = strlen(suffix);
    return length > end && strcasecmp(name + length - end, suffix) == 0;
}

enum smime_kind smime_kind(struct pool *pool, const struct entity *entity)
{
    const struct content *type = &entity->type;
    if (content_is(type, "multipart", "signed"))
        return one_of(content_parameter(pool, type, "protocol"),
                      "application/pkcs7-signature",
                      "application/x-pkcs7-signature")
                   ? SMIME_DETACHED
                   : SMIME_NONE;
    if (strcmp(type->type, "application") != 0)
        return SMIME_NONE;
    if (one_of(type->subtype, "pkcs7-mime", "x-pkcs7-mime")) {
        const char *what = content_parameter(pool, type, "smime-type");
        return one_of(what, "certs-only", "compressed-data") ? SMIME_NONE
                                                             : SMIME_CMS;
    }
    if (one_of(type->subtype, "octet-stream", "x-octet-stream") &&
        (named(pool, entity, ".p7m") || named(pool, entity, ".p7s")))
        return SMIME_CMS;
    return SMIME_NONE;
}

int smime_guessed(const struct entity *entity)
{
    return !one_of(entity->type.subtype, "pkcs7-mime", "x-pkcs7-mime");
}

int body_source_init(struct body_source *body, const struct blob *blob,
                     const struct entity *entity)
{
    blob_source_init(&body->blob, blob, entity->body,
                     entity->end - entity->body);
    body->source = &body->blob.source;
    if (strcmp(entity->encoding, "base64") == 0) {
        base64_source_init(&body->base64, &body->blob.source);
        body->source = &body->base64.source;
        return 1;
    }
    return strcmp(entity->encoding, "binary") == 0 ||
           strcmp(entity->encoding, "8bit") == 0 ||
           strcmp(entity->encoding, "7bit") == 0;
}
