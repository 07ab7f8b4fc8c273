/* scan: see scan.h. */
#include "scan.h"

#include "base64.h"
#include "blob.h"
#include "buffer.h"
#include "charset.h"
#include "cms_content.h"
#include "failure.h"
#include "html.h"
#include "lines.h"
#include "mime.h"
#include "pool.h"
#include "quoted_printable.h"
#include "smime.h"
#include "visible.h"
#include "words.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define INSIDE_MOST 5 /* walks in walks: each may read the same bytes again */

struct scan {
    struct pool *pool; /* of the walk */
    struct pool *keep; /* of the result */
    const struct policy *policy;
    const struct blob *message;
    struct trigger *trigger;
    struct scan_result *result;
    struct sink feed;
    long left;       /* bytes of text that may still be searched */
    unsigned parts;  /* that were entered, in all walks */
    unsigned inside; /* walks that this one is in */
    unsigned last;   /* number of the part entered last, in this walk */
    /* The stages of one text; here, since they are large. */
    struct blob_source blob;
    struct base64_source base64;
    struct quoted_printable_source quoted;
    struct charset_sink charset;
    struct html_sink html;
    struct visible_sink visible; /* all text goes through it to feed */
    struct lines lines;
};

static void unscannable(struct scan *scan, const char *reason)
{
    if (scan->result->unscannable)
        return;
    reason = pool_string(scan->keep, reason);
    scan->result->unscannable = reason ? reason : "out of memory";
}

/* The last stage: UTF-8 text goes to the matcher. */
static int feed(struct sink *self, const void *data, size_t size,
                struct failure *why)
{
    struct scan *scan =
        (struct scan *)(void *)((char *)self - offsetof(struct scan, feed));
    if ((long)size > scan->left) {
        char reason[60];
        snprintf(reason, sizeof reason, "more than %ld bytes of text",
                 scan->policy->settings.scan_limit);
        unscannable(scan, reason);
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

static int put_text(struct scan *scan, const char *text, size_t length,
                    struct failure *why)
{
    return scan->visible.sink.write(&scan->visible.sink, text, length, why);
}

/* A short text of a header, with encoded words. */
static int scan_words(struct scan *scan, const char *text, struct failure *why)
{
    struct buffer decoded = {0};
    int rc = text ? words_decode(text, &decoded, why) : failure_memory(why);
    if (rc > 0)
        unscannable(scan, "text in an unknown charset");
    if (rc >= 0)
        rc = put_text(scan, buffer_string(&decoded), decoded.length, why);
    buffer_free(&decoded);
    return rc < 0 ? -1 : end_text(scan, why);
}

/* All fields of the name; with `needle', those that have it in them. */
static int scan_fields(struct scan *scan, const struct entity *entity,
                       const char *name, const char *needle,
                       struct failure *why)
{
    const struct header_field *field;
    size_t at = 0;
    while ((field = header_next(&entity->header, name, &at))) {
        const char *text = header_unfold(scan->pool, field);
        if (text && needle && !strcasestr(text, needle))
            continue;
        if (scan_words(scan, text, why) < 0)
            return -1;
    }
    return 0;
}

static int scan_name(struct scan *scan, const struct content *content,
                     const char *parameter, struct failure *why)
{
    const char *name = content_parameter(scan->pool, content, parameter);
    for (unsigned i = 0; i < content->count; i++)
        if (strchr(content->parameters[i].name, '*') &&
            strstr(content->parameters[i].value, "%00"))
            unscannable(scan, "a name in an unknown charset");
    return name ? scan_words(scan, name, why) : 0;
}

/* Readers differ in which name they show, and in what an unquoted one with
 * blanks is: so both, and the fields as they are. */
static int scan_names(struct scan *scan, const struct entity *entity,
                      struct failure *why)
{
    if (scan_fields(scan, entity, "Content-Disposition", "name", why) < 0 ||
        scan_fields(scan, entity, "Content-Type", "name", why) < 0 ||
        scan_name(scan, &entity->disposition, "filename", why) < 0)
        return -1;
    return scan_name(scan, &entity->type, "name", why);
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
    scan->last = entity->number;
    scan->parts++;
    if (smime_kind(scan->pool, entity) != SMIME_NONE)
        scan->result->smime = 1;
    if (!scan->trigger)
        return 0;
    if (scan_fields(scan, entity, "Subject", NULL, why) < 0)
        return -1;
    return scan->policy->settings.scan_names ? scan_names(scan, entity, why)
                                             : 0;
}

static int walk_inside(struct scan *scan, const struct blob *blob,
                       off_t start, off_t end, struct failure *why);

/* An attached message in base64 or so, which was not walked into. */
static int scan_message_in(struct scan *scan, const struct entity *entity,
                           struct failure *why)
{
    struct source *body = decoded_body(scan, entity);
    struct blob blob;
    if (!body) {
        unscannable(scan, "a message in an unknown transfer encoding");
        return 0;
    }
    blob_init(&blob);
    int rc = stream_copy(body, &blob.sink, why);
    if (rc == 0)
        rc = walk_inside(scan, &blob, 0, blob.length, why);
    blob_free(&blob);
    return rc;
}

/* Whatever it says it is, signed, encrypted or compressed. */
static int is_cms(struct scan *scan, const struct entity *entity)
{
    return smime_kind(scan->pool, entity) == SMIME_CMS ||
           (content_is(&entity->type, "application", NULL) &&
            !smime_guessed(entity));
}

/* What is signed with its content inside is read by everybody. */
static int scan_cms(struct scan *scan, const struct entity *entity,
                    struct failure *why)
{
    struct source *body = decoded_body(scan, entity);
    enum cms_content content = CMS_CONTENT_BROKEN;
    struct blob blob;
    blob_init(&blob);
    int rc = body ? cms_content(body, &blob.sink, &content, why) : 0;
    if (rc == 0 && content == CMS_CONTENT_CLEAR)
        rc = walk_inside(scan, &blob, 0, blob.length, why);
    else if (content == CMS_CONTENT_OTHER)
        unscannable(scan, "an S/MIME message that is compressed");
    else if (content == CMS_CONTENT_BROKEN && !smime_guessed(entity))
        unscannable(scan, "an S/MIME message that is damaged");
    blob_free(&blob);
    return rc;
}

/* Does the line change what a reader makes of what follows? */
static int matters(const struct line *line)
{
    return (line->length > 8 && !strncasecmp(line->text, "content-", 8)) ||
           memmem(line->text, line->length, "=?", 2);
}

/*
 * A line that is no sound field ends the header for some; others pass over
 * it and go on. So what stands from it on is text, and, if it has fields
 * that matter, a message too.
 */
static int scan_broken(struct scan *scan, const struct entity *entity,
                       struct failure *why)
{
    off_t start = entity->start + (off_t)entity->header.sound;
    off_t field = start, message = -1;
    struct line line;
    int rc;
    lines_init(&scan->lines, scan->message, start, entity->body);
    while ((rc = lines_next(&scan->lines, &line, why)) > 0) {
        if (line.length && line.text[0] != ' ' && line.text[0] != '\t')
            field = line.start;
        if (message < 0 && matters(&line))
            message = field;
        if (put_text(scan, line.text, line.length, why) < 0 ||
            put_text(scan, "\n", 1, why) < 0)
            return -1;
    }
    if (rc < 0 || end_text(scan, why) < 0)
        return -1;
    return message < 0 ? 0
                       : walk_inside(scan, scan->message, message,
                                     entity->end, why);
}

static int is_walked(const struct entity *entity)
{
    const char *encoding = entity->encoding;
    return !strcmp(encoding, "7bit") || !strcmp(encoding, "8bit") ||
           !strcmp(encoding, "binary");
}

/* Is the body shown as text? A multipart without parts is, too. */
static int is_text(const struct scan *scan, const struct entity *entity)
{
    if (content_is(&entity->type, "multipart", NULL))
        return scan->last == entity->number;
    return content_is(&entity->type, "text", NULL) ||
           content_is(&entity->type, "message", NULL);
}

static int leave(void *context, struct entity *entity, struct failure *why)
{
    struct scan *scan = context;
    if (entity->header.broken && scan_broken(scan, entity, why) < 0)
        return -1;
    if (content_is(&entity->type, "message", "rfc822") ||
        content_is(&entity->type, "message", "global"))
        return is_walked(entity) ? 0 : scan_message_in(scan, entity, why);
    if (is_cms(scan, entity))
        return scan_cms(scan, entity, why);
    if (content_is(&entity->type, "message", "partial"))
        unscannable(scan, "a message in pieces");
    int attached = strcmp(entity->disposition.type, "attachment") == 0 ||
                   entity_filename(scan->pool, entity);
    if (!is_text(scan, entity) ||
        (attached && !scan->policy->settings.scan_attachments))
        return 0;
    return scan_text(scan, entity, why);
}

static int walk(struct scan *scan, const struct blob *blob, off_t start,
                off_t end, struct failure *why)
{
    const struct settings *settings = &scan->policy->settings;
    unsigned parts = (unsigned)settings->mime_parts;
    struct mime_limits limits = {
        (unsigned)settings->mime_depth,
        parts > scan->parts ? parts - scan->parts : 0,
        (size_t)settings->header_limit, HEADER_FIELDS_MOST};
    struct mime_visitor visitor = {enter, scan->trigger ? leave : NULL, scan};
    scan->message = blob;
    return mime_walk(scan->pool, blob, start, end, &limits, &visitor, why);
}

/* What is over a limit cannot be searched, and what is around it can. */
static int walk_limited(struct scan *scan, const struct blob *blob,
                        off_t start, off_t end, struct failure *why)
{
    struct failure own = {0};
    int rc = walk(scan, blob, start, end, &own);
    if (rc < 0 && own.kind == FAILURE_LIMIT) {
        unscannable(scan, own.text);
        return 0;
    }
    if (rc < 0 && why)
        *why = own;
    return rc;
}

/* Part of a message as a message of its own, with memory of its own. */
static int walk_inside(struct scan *scan, const struct blob *blob,
                       off_t start, off_t end, struct failure *why)
{
    struct pool *pool = scan->pool;
    const struct blob *message = scan->message;
    unsigned last = scan->last;
    if (scan->inside == INSIDE_MOST) {
        unscannable(scan, "messages in messages, too deep");
        return 0;
    }
    scan->pool = pool_new();
    scan->inside++;
    int rc = scan->pool ? walk_limited(scan, blob, start, end, why)
                        : failure_memory(why);
    scan->inside--;
    pool_free(&scan->pool);
    scan->pool = pool;
    scan->message = message;
    scan->last = last;
    return rc;
}

static struct scan *scan_new(struct pool *pool, const struct policy *policy,
                             struct scan_result *result)
{
    struct scan *scan = pool_alloc(pool, sizeof *scan);
    *result = (struct scan_result){0};
    if (!scan)
        return NULL;
    scan->pool = scan->keep = pool;
    scan->policy = policy;
    scan->result = result;
    scan->feed.write = feed;
    visible_sink_init(&scan->visible, &scan->feed);
    scan->left = policy->settings.scan_limit;
    return scan;
}

int scan_message(struct pool *pool, const struct policy *policy,
                 const struct blob *message, struct scan_result *result_r,
                 struct failure *why)
{
    struct scan *scan = scan_new(pool, policy, result_r);
    if (!scan)
        return failure_memory(why);
    if (trigger_new(policy->triggers, policy->trigger_count, &scan->trigger,
                    why) < 0)
        return -1;
    int rc = walk_limited(scan, message, 0, message->length, why);
    if (rc == 0)
        rc = end_text(scan, why);
    const char *runaway = trigger_unscannable(scan->trigger);
    if (runaway)
        unscannable(scan, runaway);
    result_r->markings = policy_found(policy, scan->trigger);
    trigger_free(&scan->trigger);
    return rc;
}

int scan_smime(struct pool *pool, const struct policy *policy,
               const struct blob *message, struct failure *why)
{
    struct scan_result result;
    struct scan *scan = scan_new(pool, policy, &result);
    if (!scan)
        return failure_memory(why);
    if (walk_limited(scan, message, 0, message->length, why) < 0)
        return -1;
    return result.smime || result.unscannable;
}
