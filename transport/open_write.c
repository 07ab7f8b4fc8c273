/* open_write: writes what open.c opened. See open.h. */
#include "open.h"

#include "blob.h"
#include "buffer.h"
#include "canonical.h"
#include "failure.h"
#include "head.h"
#include "notice.h"
#include "pool.h"
#include "stream.h"
#include "warning.h"

/* The pieces, one after another. */
struct pieces_source {
    struct source source;
    const struct opened *opened;
    size_t at;
    off_t offset; /* in the current one */
};

static ssize_t pieces_read(struct source *self, void *data, size_t size,
                           struct failure *why)
{
    struct pieces_source *p = (struct pieces_source *)self;
    while (p->at < p->opened->piece_count) {
        const struct piece *piece = &p->opened->pieces[p->at];
        off_t left = piece->end - piece->start - p->offset;
        if (left > 0) {
            if ((off_t)size > left)
                size = (size_t)left;
            ssize_t got = blob_read(piece->blob, piece->start + p->offset,
                                    data, size, why);
            if (got > 0)
                p->offset += got;
            return got;
        }
        p->at++;
        p->offset = 0;
    }
    return 0;
}

static int put(struct sink *out, struct buffer *text, struct failure *why)
{
    int rc = text->failed ? failure_memory(why)
                          : out->write(out, buffer_string(text), text->length,
                                       why);
    buffer_free(text);
    return rc;
}

/* The original as an attachment: its own header, as it came. */
static void put_attached(const struct header *header, struct buffer *out)
{
    buffer_text(out, "Content-Type: message/rfc822\n"
                     "Content-Transfer-Encoding: 8bit\n"
                     "Content-Disposition: attachment; "
                     "filename=\"original.eml\"\n\n");
    head_put(header, 0, out);
    buffer_text(out, "MIME-Version: 1.0\n");
}

/* The entity that is left, with the warning or without. */
static int write_entity(const struct opened *opened, struct head *head,
                        struct local_source *body,
                        const struct warning *warning, struct sink *out,
                        struct failure *why)
{
    struct buffer fields = {0}, all = {0};
    int rc;
    if (warning->hardness == WARNING_HARD)
        put_attached(&opened->header, &fields);
    head_put(&head->header, 1, &fields);
    if (warning->hardness != WARNING_NONE) {
        struct notice notice = {warning->text, buffer_string(&fields)};
        rc = fields.failed ? failure_memory(why)
                           : notice_wrap(&notice, &body->source, out, why);
        buffer_free(&fields);
        return rc;
    }
    if (fields.length)
        buffer_text(&all, "MIME-Version: 1.0\n");
    buffer_append(&all, buffer_string(&fields), fields.length);
    buffer_byte(&all, '\n');
    all.failed |= fields.failed;
    buffer_free(&fields);
    rc = put(out, &all, why);
    return rc < 0 ? -1 : stream_copy(&body->source, out, why);
}

/*
 * The header of the entity that is left. What was sealed may have one over
 * our limits, or be no entity at all: it was accepted, so it goes on, as
 * text.
 */
static int read_entity(const struct opened *opened, struct pool *pool,
                       struct pieces_source *pieces, size_t header_limit,
                       struct head *head, struct failure *why)
{
    struct failure own = {0};
    *pieces = (struct pieces_source){{pieces_read}, opened, 0, 0};
    if (head_read(pool, &pieces->source, header_limit, head, &own) == 0)
        return 0;
    if (own.kind != FAILURE_LIMIT) {
        if (why)
            *why = own;
        return -1;
    }
    head->header = (struct header){0};
    head->at = 0; /* what was read of it comes first */
    return 0;
}

int opened_write(const struct opened *opened, struct pool *pool,
                 const struct warning *warning, size_t header_limit,
                 struct sink *out, struct failure *why)
{
    struct pieces_source pieces;
    struct local_source *body = pool_alloc(pool, sizeof *body);
    struct buffer outer = {0};
    struct head head = {0};
    if (!body)
        return failure_memory(why);
    if (warning->tag)
        head_put_tagged(&opened->header, warning->tag, 0, &outer);
    else
        head_put(&opened->header, 0, &outer);
    if (warning->field)
        buffer_text(&outer, warning->field);
    int rc = put(out, &outer, why);
    if (rc == 0)
        rc = read_entity(opened, pool, &pieces, header_limit, &head, why);
    local_source_init(body, &head.source);
    if (rc == 0)
        rc = write_entity(opened, &head, body, warning, out, why);
    head_free(&head);
    return rc;
}
