/* header: see header.h. */
#include "header.h"

#include "failure.h"
#include "pool.h"

#include <string.h>
#include <strings.h>
#include <sys/types.h>

static int blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The length of the line at `at', with its LF. */
static size_t line_length(const char *at, const char *end)
{
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    return (size_t)((stop ? stop + 1 : end) - at);
}

static int empty_line(const char *at, size_t length)
{
    return (length == 1 && at[0] == '\n') ||
           (length == 2 && at[0] == '\r' && at[1] == '\n');
}

/*
 * The length of the name of a field, or -1 = it is none. Exim takes more for
 * a field than RFC 5322 does: any bytes for a name, or none at all, and a
 * colon that comes in a folded line. *odd_r = it is such a one.
 */
static ssize_t name_length(const char *at, size_t length, int *odd_r)
{
    size_t name = 0, colon;
    int odd = 0;
    for (; name < length && at[name] != ':'; name++) {
        unsigned char c = (unsigned char)at[name];
        if (c <= ' ' || c == 127)
            break;
        odd |= c > 127;
    }
    for (colon = name; colon < length; colon++) { /* RFC 5322, 4.5.3 */
        if (!at[colon] || !strchr(" \t\r\n\v\f", at[colon]))
            break;
        odd |= !blank(at[colon]);
    }
    if (colon == length || at[colon] != ':' || (name == 0 && colon > 0))
        return -1;
    *odd_r = odd || name == 0;
    return (ssize_t)name;
}

static struct header_field field_of(const char *at, size_t length, size_t name)
{
    const char *colon = memchr(at + name, ':', length - name);
    struct header_field field = {at, length, name, colon + 1, 0};
    field.value_length = length - (size_t)(field.value - at);
    while (field.value_length &&
           strchr("\r\n", field.value[field.value_length - 1]))
        field.value_length--;
    return field;
}

/* Room for one more; the array doubles, so a long block costs no more. */
static int grow(struct pool *pool, struct header *header, size_t *room)
{
    if (header->count < *room)
        return 0;
    size_t wanted = *room ? *room * 2 : 32;
    struct header_field *fields = pool_array(pool, wanted, sizeof *fields);
    if (!fields)
        return -1;
    if (header->count)
        memcpy(fields, header->fields, header->count * sizeof *fields);
    header->fields = fields;
    *room = wanted;
    return 0;
}

/* The field's own line and the folded ones behind it. */
static size_t field_length(const char *at, const char *end)
{
    size_t length = line_length(at, end);
    while (at + length < end && blank(at[length]))
        length += line_length(at + length, end);
    return length;
}

/* Adds the field at `at', if it is one: its length, 0 = it is none, -1. */
static ssize_t add_field(struct pool *pool, const char *at, const char *end,
                         struct header *header, size_t *room, int *odd_r)
{
    size_t length = field_length(at, end);
    ssize_t name = name_length(at, length, odd_r);
    if (name < 0)
        return 0;
    if (grow(pool, header, room) < 0)
        return -1;
    header->fields[header->count++] = field_of(at, length, (size_t)name);
    header->broken |= *odd_r || memchr(at, '\0', length);
    return (ssize_t)length;
}

int header_read(struct pool *pool, const char *text, size_t length,
                size_t most, struct header *header_r, struct failure *why)
{
    const char *at = text, *end = text + length, *sound = NULL;
    size_t room = 0;
    *header_r = (struct header){0};
    while (at < end) {
        size_t line = line_length(at, end);
        int odd = 0;
        if (empty_line(at, line)) {
            at += line;
            break;
        }
        ssize_t field = add_field(pool, at, end, header_r, &room, &odd);
        if (field < 0)
            return failure_memory(why);
        if (!sound && (field == 0 || odd))
            sound = at;
        if (field == 0) {
            header_r->broken = 1;
            break;
        }
        if (header_r->count > most)
            return failure(why, FAILURE_LIMIT, "more than %zu header fields",
                           most);
        at += field;
    }
    header_r->length = (size_t)(at - text);
    header_r->sound = (size_t)((sound ? sound : at) - text);
    return 0;
}

int header_is(const struct header_field *field, const char *name)
{
    return strlen(name) == field->name &&
           strncasecmp(field->text, name, field->name) == 0;
}

const struct header_field *header_next(const struct header *header,
                                       const char *name, size_t *at)
{
    while (*at < header->count) {
        const struct header_field *field = &header->fields[(*at)++];
        if (header_is(field, name))
            return field;
    }
    return NULL;
}

char *header_unfold(struct pool *pool, const struct header_field *field)
{
    char *text = pool_substring(pool, field->value, field->value_length);
    size_t used = 0, start = 0;
    if (!text)
        return NULL;
    for (size_t i = 0; i < field->value_length; i++)
        if (!strchr("\r\n", text[i]) || text[i] == '\0')
            text[used++] = text[i] ? text[i] : ' ';
    while (used && blank(text[used - 1]))
        used--;
    text[used] = '\0';
    while (blank(text[start]))
        start++;
    return text + start;
}
