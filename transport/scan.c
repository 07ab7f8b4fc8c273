/* scan: see scan.h. */
#include "scan.h"

#include "base64.h"
#include "blob.h"
#include "buffer.h"
#include "charset.h"
#include "failure.h"
#include "html.h"
#include "mime.h"
#include "pool.h"
#include "quoted_printable.h"
#include "smime.h"
#include "visible.h"
#include "words.h"

#include <string.h>

#define FIELDS_MOST 10000

struct scan {
    struct pool *pool;
    const struct policy *policy;
    const struct blob *message;
    struct trigger *trigger;
    struct scan_result *result;
    struct sink feed;
    long left; /* bytes of text that may still be searched */
    /* The stages of one text; here, since they are large. */
    struct blob_source blob;
    struct base64_source base64;
    struct quoted_printable_source quoted;
    struct charset_sink charset;
    struct html_sink html;
    struct visible_sink visible; /* all text goes through it to feed */
};

static void unscannable(struct scan *scan, const char *reason)
{
    if (!scan->result->unscannable)
        scan->result->unscannable = reason;
}

/* The last stage: UTF-8 text goes to the matcher. */
static int feed(struct sink *self, const void *data, size_t size,
                struct failure *why)
{
    struct scan *scan =
        (struct scan *)(void *)((char *)self - offsetof(struct scan, feed));
    if ((long)size > scan->left) {
        unscannable(scan, "more text than scan-limit");
        size = (size_t)scan->left;
    }
    scan->left -= (long)size;
    return size ? trigger_feed(scan->trigger, data, size, why) : 0;
}

static int end_text(struct scan *scan, struct failure *why)
{
    if (visible_sink_finish(&scan->visible, why) < 0)
        return -1;
    return trigger_boundary(scan->trigger, why);
}

/* A short text of a header, with encoded words. */
static int scan_words(struct scan *scan, const char *text, struct failure *why)
{
    struct buffer decoded = {0};
    int rc = text ? words_decode(text, &decoded, why) : failure_memory(why);
    if (rc > 0)
        unscannable(scan, "text in an unknown charset");
    if (rc >= 0)
        rc = scan->visible.sink.write(&scan->visible.sink,
                                      buffer_string(&decoded),
                                      decoded.length, why);
    buffer_free(&decoded);
    return rc < 0 ? -1 : end_text(scan, why);
}

static int scan_subjects(struct scan *scan, const struct entity *entity,
                         struct failure *why)
{
    const struct header_field *field;
    size_t at = 0;
    while ((field = header_next(&entity->header, "Subject", &at)))
        if (scan_words(scan, header_unfold(scan->pool, field), why) < 0)
            return -1;
    return 0;
}

/* The body by its transfer encoding; NULL = an unknown one. */
static struct source *decoded_body(struct scan *scan,
                                   const struct entity *entity)
{
    const char *encoding = entity->encoding;
    blob_source_init(&scan->blob, scan->message, entity->body,
                     entity->end - entity->body);
    if (strcmp(encoding, "base64") == 0) {
        base64_source_init(&scan->base64, &scan->blob.source);
        return &scan->base64.source;
    }
    if (strcmp(encoding, "quoted-printable") == 0) {
        quoted_printable_init(&scan->quoted, &scan->blob.source);
        return &scan->quoted.source;
    }
    return strcmp(encoding, "7bit") == 0 || strcmp(encoding, "8bit") == 0 ||
                   strcmp(encoding, "binary") == 0
               ? &scan->blob.source
               : NULL;
}

static int scan_text(struct scan *scan, const struct entity *entity,
                     struct failure *why)
{
    struct source *body = decoded_body(scan, entity);
    int html = content_is(&entity->type, "text", "html");
    if (!body) {
        unscannable(scan, "text in an unknown transfer encoding");
        return 0;
    }
    html_sink_init(&scan->html, &scan->visible.sink);
    charset_sink_init(
        &scan->charset,
        content_parameter(scan->pool, &entity->type, "charset"),
        html ? &scan->html.sink : &scan->visible.sink);
    int rc = stream_copy(body, &scan->charset.sink, why);
    if (rc == 0)
        rc = charset_sink_finish(&scan->charset, why);
    if (rc == 0 && html)
        rc = html_sink_finish(&scan->html, why);
    if (scan->charset.odd)
        unscannable(scan, "text in an unknown charset");
    charset_sink_free(&scan->charset);
    return rc < 0 ? -1 : end_text(scan, why);
}

static int enter(void *context, struct entity *entity, struct failure *why)
{
    struct scan *scan = context;
    const struct settings *settings = &scan->policy->settings;
    if (smime_kind(scan->pool, entity) != SMIME_NONE)
        scan->result->smime = 1;
    if (!scan->trigger)
        return 0;
    if (scan_subjects(scan, entity, why) < 0)
        return -1;
    const char *name = entity_filename(scan->pool, entity);
    return name && settings->scan_names ? scan_words(scan, name, why) : 0;
}

static int leave(void *context, struct entity *entity, struct failure *why)
{
    struct scan *scan = context;
    int attached = strcmp(entity->disposition.type, "attachment") == 0 ||
                   entity_filename(scan->pool, entity);
    int text = content_is(&entity->type, "text", NULL) ||
               /* an attached message that was not walked into */
               (content_is(&entity->type, "message", NULL) &&
                (strcmp(entity->encoding, "base64") == 0 ||
                 strcmp(entity->encoding, "quoted-printable") == 0));
    if (!text || (attached && !scan->policy->settings.scan_attachments))
        return 0;
    return scan_text(scan, entity, why);
}

static int walk(struct scan *scan, int deep, struct failure *why)
{
    const struct settings *settings = &scan->policy->settings;
    struct mime_limits limits = {(unsigned)settings->mime_depth,
                                 (unsigned)settings->mime_parts,
                                 (size_t)settings->header_limit, FIELDS_MOST};
    struct mime_visitor visitor = {enter, deep ? leave : NULL, scan};
    return mime_walk(scan->pool, scan->message, 0, scan->message->length,
                     &limits, &visitor, why);
}

int scan_message(struct pool *pool, const struct policy *policy,
                 const struct blob *message, struct scan_result *result_r,
                 struct failure *why)
{
    struct failure own = {0};
    struct scan *scan = pool_alloc(pool, sizeof *scan);
    *result_r = (struct scan_result){0};
    if (!scan)
        return failure_memory(why);
    scan->pool = pool;
    scan->policy = policy;
    scan->message = message;
    scan->result = result_r;
    scan->feed.write = feed;
    visible_sink_init(&scan->visible, &scan->feed);
    scan->left = policy->settings.scan_limit;
    if (trigger_new(policy->triggers, policy->trigger_count, &scan->trigger,
                    why) < 0)
        return -1;
    int rc = walk(scan, 1, &own);
    if (rc < 0 && own.kind == FAILURE_LIMIT) {
        const char *reason = pool_string(pool, own.text);
        unscannable(scan, reason ? reason : "over a limit");
        rc = 0;
    }
    if (rc == 0)
        rc = trigger_boundary(scan->trigger, &own);
    const char *runaway = trigger_unscannable(scan->trigger);
    if (runaway)
        unscannable(scan, pool_string(pool, runaway));
    result_r->markings = policy_found(policy, scan->trigger);
    trigger_free(&scan->trigger);
    if (rc < 0 && why)
        *why = own;
    return rc;
}

int scan_smime(struct pool *pool, const struct policy *policy,
               const struct blob *message, struct failure *why)
{
    struct scan_result result = {0};
    struct failure own = {0};
    struct scan *scan = pool_alloc(pool, sizeof *scan);
    if (!scan)
        return failure_memory(why);
    scan->pool = pool;
    scan->policy = policy;
    scan->message = message;
    scan->result = &result;
    int rc = walk(scan, 0, &own);
    if (rc < 0 && own.kind == FAILURE_LIMIT)
        return 1;
    if (rc < 0 && why)
        *why = own;
    return rc < 0 ? -1 : result.smime;
}
