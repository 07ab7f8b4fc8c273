/* mailbox: see mailbox.h. */
#include "mailbox.h"

#include "buffer.h"
#include "idn.h"
#include "pool.h"
#include "words.h"

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

/* Text with comments and blanks left out; torn = they were within it. */
struct part {
    struct buffer text;
    int gap, torn;
};

/* The parts of a field's value. */
struct parts {
    struct part before; /* what stands outside < >: a phrase, or the address */
    struct part inside;
    int angles; /* how many < > there are */
};

static void add(struct part *part, const char *text, size_t length)
{
    part->torn |= part->gap && part->text.length > 0;
    part->gap = 0;
    buffer_append(&part->text, text, length);
}

static int split(const char *at, struct parts *parts)
{
    struct part *to = &parts->before;
    while (*at) {
        const char *next = at + 1;
        if (*at == '(' || *at == '"') {
            next = *at == '(' ? skip_comment(at) : skip_quoted(at);
            if (!next)
                return 0;
            if (*at == '"')
                add(to, at, (size_t)(next - at));
            else
                to->gap = 1;
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
        } else if (*at == ' ' || *at == '\t') {
            to->gap = 1;
        } else {
            add(to, at, 1);
        }
        at = next;
    }
    return to == &parts->before;
}

static int read_value(struct pool *pool, const char *value,
                      struct address *from_r)
{
    struct parts parts = {0};
    int rc = split(value, &parts);
    /* An address in the name of another is a trick, or close to one, but
     * common in honest mail; only the one in < > counts for everybody. */
    const struct part *part = parts.angles ? &parts.inside : &parts.before;
    /* Some read "x@a .b" as x@a.b, some as x@a. */
    if (parts.angles > 1 || part->torn)
        rc = 0;
    if (parts.before.text.failed || parts.inside.text.failed)
        rc = -1;
    if (rc > 0)
        rc = address_parse(pool, buffer_string(&part->text),
                           part->text.length, from_r);
    buffer_free(&parts.before.text);
    buffer_free(&parts.inside.text);
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

static int domain_letter(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           c == '-' || c == '.';
}

#define OPEN_MOST 20 /* brackets that are never closed: each takes time */
#define TRIED_MOST 1000 /* places that could be addresses: each takes time */

struct found {
    struct address *list;
    size_t most, count, tried;
    const char *but; /* a domain that is passed over, or NULL */
};

/* An address that some reader may see there, if it is one. */
static int add_found(struct pool *pool, struct found *found, const char *local,
                     size_t local_length, const char *domain, size_t length)
{
    char *canonical;
    for (; length && *domain == '.'; length--)
        domain++;
    while (length && domain[length - 1] == '.')
        length--;
    int rc = found->count == found->most
                 ? 0
                 : domain_canonical(pool, domain, length, &canonical);
    if (rc <= 0)
        return rc;
    if (found->but && strcmp(canonical, found->but) == 0)
        return 0;
    char *text = pool_substring(pool, local, local_length);
    if (!text)
        return -1;
    for (char *c = text; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c |= 0x20;
    found->list[found->count++] = (struct address){text, canonical};
    return 0;
}

/* A domain in other letters, as readers map it; what none can is read as if
 * those were not seen. */
static int add_mapped(struct pool *pool, struct found *found,
                      const char *local, size_t local_length,
                      const char *domain, size_t length)
{
    char *text = pool_substring(pool, domain, length), *to = text;
    int mapped = 0;
    if (!text)
        return -1;
    for (int way = 0; way < IDN_WAYS; way++) {
        const char *ascii;
        int rc = idn_ascii(pool, text, (enum idn_way)way, &ascii);
        if (rc > 0 && add_found(pool, found, local, local_length, ascii,
                                strlen(ascii)) < 0)
            return -1;
        if (rc < 0)
            return -1;
        mapped += rc;
    }
    if (mapped == IDN_WAYS)
        return 0;
    for (const char *c = text; *c; c++)
        if (domain_letter(*c))
            *to++ = *c;
    return add_found(pool, found, local, local_length, text,
                     (size_t)(to - text));
}

/* The text around an @, as far as it goes. 0 or -1. */
static int read_around(struct pool *pool, const char *start, const char *at,
                       struct found *found)
{
    const char *from = at, *domain = at + 1;
    size_t ascii = 0;
    while (from > start && from[-1] > ' ' && !strchr("<>()[],;:\"@", from[-1]))
        from--;
    while (domain_letter(domain[ascii]))
        ascii++;
    size_t local = (size_t)(at - from), whole = ascii;
    while (domain_letter(domain[whole]) || (unsigned char)domain[whole] > 127)
        whole++;
    if (add_found(pool, found, from, local, domain, ascii) < 0)
        return -1;
    return whole == ascii
               ? 0
               : add_mapped(pool, found, from, local, domain, whole);
}

/* What has too many is not read on: the rest are addresses of nobody. */
static void fill(struct found *found)
{
    while (found->count < found->most)
        found->list[found->count++] = (struct address){"", ""};
}

/* In place: what is shown as an @ becomes one. */
static void show_at(char *text)
{
    char *to = text;
    for (const char *at = text; *at;) {
        int is = strncmp(at, "\xef\xbc\xa0", 3) == 0 || /* U+FF20, U+FE6B */
                 strncmp(at, "\xef\xb9\xab", 3) == 0;
        *to++ = is ? '@' : *at;
        at += is ? 3 : 1;
    }
    *to = '\0';
}

/* All in the text, behind what was found before. */
static int read_all(struct pool *pool, char *text, struct found *found)
{
    show_at(text);
    for (const char *at = text;
         (at = strchr(at, '@')) && found->count < found->most; at++) {
        if (read_around(pool, text, at, found) < 0)
            return -1;
        if (found->tried++ > TRIED_MOST)
            fill(found);
    }
    return 0;
}

/* In place: comments become a blank; with `join', blanks go too. 0 = there are
 * more brackets without an end than are looked for. */
static int clear(char *text, int join)
{
    char *to = text;
    int open = 0;
    for (const char *at = text; *at;) {
        const char *end = *at == '(' ? skip_comment(at) : NULL;
        char c = end ? ' ' : *at;
        if (c == '(' && ++open == OPEN_MOST)
            return 0;
        if (!join || (c != ' ' && c != '\t'))
            *to++ = c;
        at = end ? end : at + 1;
    }
    *to = '\0';
    return 1;
}

/* As it is written and as it is shown, with its blanks and without. */
static int read_field(struct pool *pool, const struct header_field *field,
                      struct found *found)
{
    int encoded = memmem(field->value, field->value_length, "=?", 2) != NULL;
    for (int reading = 0; reading < (encoded ? 4 : 2); reading++) {
        char *text = reading < 2 ? header_unfold(pool, field)
                                 : words_shown(pool, field);
        if (!text)
            return -1;
        if (!clear(text, reading % 2))
            fill(found);
        else if (read_all(pool, text, found) < 0)
            return -1;
    }
    return 0;
}

int mailbox_possible(struct pool *pool, const struct header *header,
                     struct address *list, size_t most)
{
    static const char *const names[] = {"From", "Sender"};
    struct found found = {list, most, 0, 0, NULL};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct header_field *field;
        size_t at = 0;
        while ((field = header_next(header, names[i], &at)))
            if (read_field(pool, field, &found) < 0)
                return -1;
    }
    return (int)found.count;
}

int mailbox_named(struct pool *pool, const struct header *header,
                  const struct address *from, struct address *list,
                  size_t most)
{
    struct found found = {list, most, 0, 0, from->domain};
    size_t at = 0;
    const struct header_field *field = header_next(header, "From", &at);
    char *text = field ? words_shown(pool, field) : NULL;
    if (!field)
        return 0;
    return text && read_all(pool, text, &found) == 0 ? (int)found.count : -1;
}
