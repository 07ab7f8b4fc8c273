/* head: see head.h. */
#include "head.h"

#include "failure.h"
#include "interface.h"
#include "pool.h"

#include <string.h>
#include <strings.h>

/* Where the block ends in what was read, or 0 = not yet. */
static size_t find_end(const struct buffer *text, size_t from)
{
    const char *data = text->data;
    if (text->length >= 1 && data[0] == '\n')
        return 1;
    if (text->length >= 2 && data[0] == '\r' && data[1] == '\n')
        return 2;
    for (size_t i = from; i + 1 < text->length; i++)
        if (data[i] == '\n' &&
            (data[i + 1] == '\n' ||
             (data[i + 1] == '\r' && i + 2 < text->length &&
              data[i + 2] == '\n')))
            return i + (data[i + 1] == '\n' ? 2 : 3);
    return 0;
}

static ssize_t body_read(struct source *self, void *data, size_t size,
                         struct failure *why)
{
    struct head *head = (struct head *)self;
    size_t left = head->text.length - head->at;
    if (left == 0)
        return head->in->read(head->in, data, size, why);
    if (size > left)
        size = left;
    memcpy(data, head->text.data + head->at, size);
    head->at += size;
    return (ssize_t)size;
}

int head_read(struct pool *pool, struct source *in, size_t most,
              struct head *head_r, struct failure *why)
{
    struct buffer *text = &head_r->text;
    char data[8192];
    size_t end = 0;
    *head_r = (struct head){.source = {body_read}, .in = in};
    while (!end) {
        ssize_t got = in->read(in, data, sizeof data, why);
        if (got < 0)
            return -1;
        if (got == 0) { /* all header: an empty body */
            end = text->length;
            break;
        }
        size_t from = text->length > 2 ? text->length - 2 : 0;
        if (buffer_append(text, data, (size_t)got) < 0)
            return failure_memory(why);
        end = find_end(text, from);
        if ((end ? end : text->length) > most)
            return failure(why, FAILURE_LIMIT,
                           "the header is larger than header-limit (%zu)",
                           most);
    }
    const char *block = pool_copy(pool, buffer_string(text), end + 1);
    if (!block)
        return failure_memory(why);
    if (header_read(pool, block, end, HEADER_FIELDS_MOST, &head_r->header,
                    why) < 0)
        return -1;
    head_r->at = head_r->header.length; /* before `end' if it is broken */
    return 0;
}

void head_free(struct head *head)
{
    buffer_free(&head->text);
}

static int starts(const struct header_field *field, const char *prefix)
{
    size_t length = strlen(prefix);
    return field->name >= length &&
           strncasecmp(field->text, prefix, length) == 0;
}

int head_is_content(const struct header_field *field)
{
    return starts(field, "Content-");
}

int head_is_dropped(const struct header_field *field)
{
    return header_is(field, "Bcc") || header_is(field, "Resent-Bcc") ||
           header_is(field, HEADER_VERSION);
}

/* Some hosts take a bare CR for a line end, behind which another field could
 * stand, in our name too. */
static void put_field(const struct header_field *field, struct buffer *out)
{
    for (size_t i = 0; i < field->length; i++)
        if (field->text[i] != '\r')
            buffer_byte(out, field->text[i]);
        else if (i + 1 < field->length && field->text[i + 1] != '\n')
            buffer_byte(out, ' ');
    if (field->length && field->text[field->length - 1] != '\n')
        buffer_byte(out, '\n');
}

static int is_put(const struct header_field *field, int content)
{
    return !header_is(field, "MIME-Version") && !head_is_dropped(field) &&
           head_is_content(field) == (content != 0);
}

/* Is the tag there, where whoever reads the subject sees it? */
static int has_tag(const struct header_field *field, const char *tag,
                   int anywhere)
{
    const char *at = field->value;
    size_t length = field->value_length, size = strlen(tag);
    if (anywhere)
        return memmem(at, length, tag, size) != NULL;
    for (; length > 0 && *at == ' '; length--)
        at++;
    return length >= size && memcmp(at, tag, size) == 0;
}

int head_put_tagged(const struct header *header, const char *tag,
                    int anywhere, struct buffer *out)
{
    int subject = 0;
    for (size_t i = 0; i < header->count; i++) {
        const struct header_field *field = &header->fields[i];
        if (!is_put(field, 0))
            continue;
        if (header_is(field, "Subject")) {
            struct header_field rest = {
                .text = field->value,
                .length = (size_t)(field->text + field->length -
                                   field->value)};
            subject = 1;
            if (!has_tag(field, tag, anywhere)) {
                buffer_format(out, "Subject: %s", tag);
                put_field(&rest, out);
                continue;
            }
        }
        put_field(field, out);
    }
    if (!subject)
        buffer_format(out, "Subject: %s\n", tag);
    return out->failed ? -1 : 0;
}

int head_put(const struct header *header, int content, struct buffer *out)
{
    for (size_t i = 0; i < header->count; i++) {
        const struct header_field *field = &header->fields[i];
        if (is_put(field, content))
            put_field(field, out);
    }
    return out->failed ? -1 : 0;
}
