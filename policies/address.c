/* address: see address.h. */
#include "address.h"

#include "pool.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LABEL_MOST 63

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static int domain_letter(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* The locale must have no say in this: ASCII by hand. */
static int domain_valid(const char *text, size_t length)
{
    size_t label = 0;
    if (length == 0 || length > ADDRESS_DOMAIN_MOST)
        return 0;
    for (size_t i = 0; i < length; i++) {
        int c = lower((unsigned char)text[i]);
        if (c == '.' && (label == 0 || text[i - 1] == '-'))
            return 0;
        if (c == '-' && label == 0)
            return 0;
        if (c != '.' && !domain_letter(c))
            return 0;
        label = c == '.' ? 0 : label + 1;
        if (label > LABEL_MOST)
            return 0;
    }
    return label > 0 && text[length - 1] != '-';
}

static char *lower_copy(struct pool *pool, const char *text, size_t length)
{
    char *copy = pool_substring(pool, text, length);
    for (size_t i = 0; copy && i < length; i++)
        copy[i] = (char)lower((unsigned char)copy[i]);
    return copy;
}

int domain_canonical(struct pool *pool, const char *text, size_t length,
                     char **domain_r)
{
    if (!domain_valid(text, length))
        return 0;
    *domain_r = lower_copy(pool, text, length);
    return *domain_r ? 1 : -1;
}

int domain_within(const char *domain, const char *above)
{
    size_t length = strlen(domain), tail = strlen(above);
    if (tail == 0 || length < tail ||
        memcmp(domain + length - tail, above, tail) != 0)
        return 0;
    return length == tail || domain[length - tail - 1] == '.';
}

static int atom_letter(unsigned char c)
{
    return c > ' ' && c < 127 && !strchr("()<>[]:;@\\,\"", c);
}

static int dot_atom(const char *text, size_t length)
{
    if (text[0] == '.' || text[length - 1] == '.')
        return 0;
    for (size_t i = 0; i < length; i++) {
        if (!atom_letter((unsigned char)text[i]))
            return 0;
        if (text[i] == '.' && text[i + 1] == '.')
            return 0;
    }
    return 1;
}

/* The inside of a quoted string: printable, quotes escaped. */
static int quoted(const char *text, size_t length)
{
    if (length < 3 || text[0] != '"' || text[length - 1] != '"')
        return 0;
    for (size_t i = 1; i < length - 1; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < ' ' || c >= 127 || c == '"')
            return 0;
        if (c == '\\' && ++i >= length - 1)
            return 0;
    }
    return 1;
}

int address_parse(struct pool *pool, const char *text, size_t length,
                  struct address *address_r)
{
    const char *at = memrchr(text, '@', length);
    size_t local = at ? (size_t)(at - text) : 0;
    char *domain;
    if (local == 0 || local > ADDRESS_LOCAL_MOST)
        return 0;
    if (!dot_atom(text, local) && !quoted(text, local))
        return 0;
    int rc = domain_canonical(pool, at + 1, length - local - 1, &domain);
    if (rc <= 0)
        return rc;
    address_r->domain = domain;
    address_r->local = lower_copy(pool, text, local);
    return address_r->local ? 1 : -1;
}

char *address_word(struct pool *pool, const char *address)
{
    static const char digits[] = "0123456789ABCDEF";
    char *word = pool_array(pool, strlen(address) + 1, 3), *to = word;
    for (const char *at = address; word && *at; at++) {
        unsigned char c = (unsigned char)*at;
        if (c != '=' && strchr(ADDRESS_WORD_BYTES, c)) {
            *to++ = *at;
        } else {
            *to++ = '=';
            *to++ = digits[c >> 4];
            *to++ = digits[c & 15];
        }
    }
    if (word)
        *to = '\0';
    return word;
}

void address_unword(char *word)
{
    unsigned c;
    char *to = word;
    for (const char *at = word; *at; at++)
        if (at[0] == '=' && isxdigit((unsigned char)at[1]) &&
            isxdigit((unsigned char)at[2]) && sscanf(at + 1, "%2x", &c) == 1) {
            *to++ = (char)c;
            at += 2;
        } else {
            *to++ = *at;
        }
    *to = '\0';
}

int address_covered(const struct address *address, const char *entry)
{
    const char *at = strrchr(entry, '@');
    if (!at)
        return 0;
    if (at == entry + 1 && *entry == '*')
        return at[1] == '.' ? domain_within(address->domain, at + 2)
                            : strcmp(address->domain, at + 1) == 0;
    size_t local = (size_t)(at - entry);
    return strlen(address->local) == local &&
           memcmp(address->local, entry, local) == 0 &&
           strcmp(address->domain, at + 1) == 0;
}
