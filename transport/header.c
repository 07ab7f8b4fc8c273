/* header: see header.h. */
#include "header.h"

#include "failure.h"
#include "pool.h"

#include <string.h>
#include <strings.h>

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

/* The length of the name at the start of a line; 0 = it is no field. */
static size_t name_length(const char *at, size_t length)
{
    size_t name = 0;
    while (name < length && at[name] > ' ' && at[name] < 127 &&
           at[name] != ':')
        name++;
    size_t colon = name;
    while (colon < length && blank(at[colon])) /* RFC 5322, 4.5.3 */
        colon++;
    return colon < length && at[colon] == ':' ? name : 0;
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

int header_read(struct pool *pool, const char *text, size_t length,
                size_t most, struct header *header_r, struct failure *why)
{
    const char *at = text, *end = text + length;
    size_t room = 0;
    *header_r = (struct header){0};
    while (at < end) {
        size_t line = line_length(at, end), name = name_length(at, line);
        if (empty_line(at, line)) {
            at += line;
            break;
        }
        if (name == 0) {
            header_r->broken = 1;
            break;
        }
        if (header_r->count == most)
            return failure(why, FAILURE_LIMIT, "more than %zu header fields",
                           most);
        if (grow(pool, header_r, &room) < 0)
            return failure_memory(why);
        line = field_length(at, end);
        header_r->broken |= memchr(at, '\0', line) != NULL;
        header_r->fields[header_r->count++] = field_of(at, line, name);
        at += line;
    }
    header_r->length = (size_t)(at - text);
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
