/* mailbox: see mailbox.h. */
#include "mailbox.h"

#include "buffer.h"
#include "pool.h"

#include <string.h>

/* Passes over a comment (nesting): behind it, or NULL. */
static const char *skip_comment(const char *at)
{
    int depth = 0;
    for (; *at; at++) {
        if (*at == '\\' && at[1])
            at++;
        else if (*at == '(')
            depth++;
        else if (*at == ')' && --depth == 0)
            return at + 1;
    }
    return NULL;
}

/* Behind a quoted string, or NULL. */
static const char *skip_quoted(const char *at)
{
    for (at++; *at; at++) {
        if (*at == '\\' && at[1])
            at++;
        else if (*at == '"')
            return at + 1;
    }
    return NULL;
}

/* The parts of a field's value, comments and blanks left out. */
struct parts {
    struct buffer before; /* what stands outside < >: a phrase, or the address */
    struct buffer inside;
    int angles; /* how many < > there are */
};

static int split(const char *at, struct parts *parts)
{
    struct buffer *to = &parts->before;
    while (*at) {
        const char *next = at + 1;
        if (*at == '(' || *at == '"') {
            next = *at == '(' ? skip_comment(at) : skip_quoted(at);
            if (!next)
                return 0;
            if (*at == '"')
                buffer_append(to, at, (size_t)(next - at));
        } else if (*at == '<') {
            if (to == &parts->inside)
                return 0;
            parts->angles++;
            to = &parts->inside;
        } else if (*at == '>') {
            if (to != &parts->inside)
                return 0;
            to = &parts->before;
        } else if (strchr(",;:", *at)) {
            return 0; /* a list, a group, or a source route */
        } else if (*at == '@' && to == &parts->before && parts->angles) {
            return 0;
        } else if (*at != ' ' && *at != '\t') {
            buffer_byte(to, *at);
        }
        at = next;
    }
    return to == &parts->before;
}

static int read_value(struct pool *pool, const char *value,
                      struct address *from_r)
{
    struct parts parts = {{0}, {0}, 0};
    int rc = split(value, &parts);
    if (parts.angles > 1)
        rc = 0;
    /* An address in the name of another is a trick, or close to one, but
     * common in honest mail; only the one in < > counts for everybody. */
    const struct buffer *text = parts.angles ? &parts.inside : &parts.before;
    if (parts.before.failed || parts.inside.failed)
        rc = -1;
    if (rc > 0)
        rc = address_parse(pool, buffer_string(text), text->length, from_r);
    buffer_free(&parts.before);
    buffer_free(&parts.inside);
    return rc;
}

int mailbox_from(struct pool *pool, const struct header *header,
                 struct address *from_r)
{
    size_t at = 0;
    const struct header_field *field = header_next(header, "From", &at);
    if (!field || header->broken || header_next(header, "From", &at))
        return 0;
    if (memchr(field->value, '\0', field->value_length))
        return 0;
    const char *value = header_unfold(pool, field);
    return value ? read_value(pool, value, from_r) : -1;
}
