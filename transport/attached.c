/* attached: see attached.h. */
#include "attached.h"

#include "base64.h"
#include "blob.h"
#include "buffer.h"
#include "bundle.h"
#include "failure.h"
#include "mime.h"
#include "policy.h"
#include "pool.h"
#include "quoted_printable.h"

#include <string.h>
#include <strings.h>

#define FILE_MOST (1L << 20) /* bytes; what is larger is passed over */
#define FIELDS_MOST 1000

struct looking {
    struct pool *pool;
    const struct blob *message;
    struct lessons *lessons;
};

static int is_certificates(struct pool *pool, const struct entity *entity)
{
    static const char *const types[] = {
        "pkix-cert",    "x-x509-ca-cert", "x-x509-user-cert",
        "pkcs7-mime",   "x-pkcs7-mime",   "x-pkcs7-certificates"};
    static const char *const ends[] = {".cer", ".crt", ".pem", ".p7b",
                                       ".p7c"};
    const char *name = entity_filename(pool, entity);
    size_t length = name ? strlen(name) : 0;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(entity->type.type, "application") == 0 &&
            strcmp(entity->type.subtype, types[i]) == 0)
            return 1;
    for (size_t i = 0; length > 4 && i < sizeof ends / sizeof ends[0]; i++)
        if (strcasecmp(name + length - 4, ends[i]) == 0)
            return 1;
    return 0;
}

static int decode(const struct looking *looking, const struct entity *entity,
                  struct buffer *out, struct failure *why)
{
    struct blob_source raw;
    struct base64_source base64;
    struct quoted_printable_source quoted;
    struct buffer_sink sink;
    struct source *in = &raw.source;
    blob_source_init(&raw, looking->message, entity->body,
                     entity->end - entity->body);
    buffer_sink_init(&sink, out);
    if (strcmp(entity->encoding, "base64") == 0) {
        base64_source_init(&base64, in);
        in = &base64.source;
    } else if (strcmp(entity->encoding, "quoted-printable") == 0) {
        quoted_printable_init(&quoted, in);
        in = &quoted.source;
    }
    return stream_copy(in, &sink.sink, why);
}

static int take(void *context, struct entity *entity, struct failure *why)
{
    const struct looking *looking = context;
    struct lessons *lessons = looking->lessons;
    struct buffer file = {0};
    struct bundle bundle;
    struct failure odd = {0};
    if (!is_certificates(looking->pool, entity) ||
        entity->end - entity->body > FILE_MOST)
        return 0;
    int rc = decode(looking, entity, &file, why);
    if (rc == 0 && bundle_read(looking->pool, buffer_string(&file),
                               file.length, LESSONS_MOST, &bundle, &odd) < 0) {
        rc = odd.kind == FAILURE_MEMORY ? failure_memory(why) : 0;
        bundle.count = 0;
    }
    for (size_t i = 0; rc == 0 && i < bundle.count; i++)
        if (lessons->count < LESSONS_MOST)
            lessons->list[lessons->count++] =
                (struct lesson){bundle.certificates[i], 1};
    buffer_free(&file);
    return rc;
}

int attached_certificates(struct pool *pool, const struct policy *policy,
                          const struct blob *message, struct lessons *lessons,
                          struct failure *why)
{
    const struct settings *settings = &policy->settings;
    const struct mime_limits limits = {(unsigned)settings->mime_depth,
                                       (unsigned)settings->mime_parts,
                                       (size_t)settings->header_limit,
                                       FIELDS_MOST};
    struct looking looking = {pool, message, lessons};
    const struct mime_visitor visitor = {NULL, take, &looking};
    struct failure odd = {0};
    if (mime_walk(pool, message, 0, message->length, &limits, &visitor,
                  &odd) == 0 || odd.kind == FAILURE_LIMIT ||
        odd.kind == FAILURE_MALFORMED)
        return 0;
    return failure(why, odd.kind, "%s", odd.text);
}
