/* content: see content.h. */
#include "content.h"

#include "buffer.h"
#include "pool.h"

#include <string.h>

static int hex(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= ' ';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* White space and (nested comments). */
static const char *skip(const char *at)
{
    int depth = 0;
    for (; *at; at++) {
        if (*at == '(')
            depth++;
        else if (*at == ')' && depth)
            depth--;
        else if (depth && *at == '\\' && at[1])
            at++;
        else if (!depth && *at != ' ' && *at != '\t')
            break;
    }
    return at;
}

static char *token(struct pool *pool, const char **at)
{
    const char *from = skip(*at), *to = from;
    while (*to > ' ' && *to < 127 && !strchr("()<>@,;:\\\"/[]?=", *to))
        to++;
    *at = skip(to);
    char *copy = pool_substring(pool, from, (size_t)(to - from));
    for (char *c = copy; c && *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + ('a' - 'A'));
    return copy;
}

/* Behind the characters of a quoted string, on its quote or at the end. */
static const char *quoted_end(const char *at)
{
    for (; *at && *at != '"'; at++)
        if (*at == '\\' && at[1])
            at++;
    return at;
}

/* A quoted string, or all up to the next ; or blank: mail is written so. */
static char *parameter_value(struct pool *pool, const char **at)
{
    const char *from = skip(*at);
    if (*from != '"') {
        size_t length = strcspn(from, "; \t");
        *at = skip(from + length);
        return pool_substring(pool, from, length);
    }
    const char *end = quoted_end(++from);
    char *copy = pool_substring(pool, from, (size_t)(end - from)), *to = copy;
    while (copy && from < end) {
        if (*from == '\\' && from + 1 < end)
            from++;
        *to++ = *from++;
    }
    if (to)
        *to = '\0';
    *at = skip(*end ? end + 1 : end);
    return copy;
}

static int add_parameter(struct pool *pool, const char **at,
                         struct content *content)
{
    struct content_parameter parameter = {token(pool, at), ""};
    if (!parameter.name)
        return -1;
    if (**at != '=')
        return 0;
    (*at)++;
    parameter.value = parameter_value(pool, at);
    if (!parameter.value)
        return -1;
    if (*parameter.name && content->count < CONTENT_PARAMETERS_MOST)
        content->parameters[content->count++] = parameter;
    return 0;
}

int content_parse(struct pool *pool, const char *text,
                  struct content *content_r)
{
    const char *at = text;
    content_r->count = 0;
    content_r->subtype = "";
    content_r->type = token(pool, &at);
    if (!content_r->type)
        return -1;
    if (*at == '/') {
        at++;
        content_r->subtype = token(pool, &at);
        if (!content_r->subtype)
            return -1;
    }
    while (*(at += strcspn(at, ";"))) {
        at++;
        if (add_parameter(pool, &at, content_r) < 0)
            return -1;
    }
    return 0;
}

static const char *find(const struct content *content, const char *name)
{
    for (unsigned i = 0; i < content->count; i++)
        if (strcmp(content->parameters[i].name, name) == 0)
            return content->parameters[i].value;
    return NULL;
}

static void decode_percent(struct buffer *out, const char *text)
{
    for (; *text; text++) {
        int high = *text == '%' ? hex((unsigned char)text[1]) : -1;
        int low = high >= 0 ? hex((unsigned char)text[2]) : -1;
        if (low >= 0)
            text += 2;
        buffer_byte(out, low >= 0 ? high * 16 + low : (unsigned char)*text);
    }
}

/* Behind charset'language'. */
static const char *behind_charset(const char *text)
{
    const char *quote = strchr(text, '\'');
    quote = quote ? strchr(quote + 1, '\'') : NULL;
    return quote ? quote + 1 : text;
}

/* name*0, name*1*, ... until one is missing. */
static void join(struct pool *pool, const struct content *content,
                 const char *name, struct buffer *out)
{
    for (unsigned i = 0; i < CONTENT_PARAMETERS_MOST; i++) {
        const char *plain = pool_format(pool, "%s*%u", name, i);
        const char *coded = pool_format(pool, "%s*%u*", name, i);
        const char *value = plain ? find(content, plain) : NULL;
        if (value) {
            buffer_text(out, value);
            continue;
        }
        value = coded ? find(content, coded) : NULL;
        if (!value)
            return;
        decode_percent(out, i ? value : behind_charset(value));
    }
}

const char *content_parameter(struct pool *pool, const struct content *content,
                              const char *name)
{
    const char *value = find(content, name);
    struct buffer out = {0};
    if (value)
        return value;
    const char *coded = pool_format(pool, "%s*", name);
    value = coded ? find(content, coded) : NULL;
    if (value)
        decode_percent(&out, behind_charset(value));
    else
        join(pool, content, name, &out);
    value = out.length ? pool_substring(pool, out.data, out.length) : NULL;
    buffer_free(&out);
    return value;
}

int content_is(const struct content *content, const char *type,
               const char *subtype)
{
    return strcmp(content->type, type) == 0 &&
           (!subtype || strcmp(content->subtype, subtype) == 0);
}
