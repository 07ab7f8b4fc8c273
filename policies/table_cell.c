/* table_cell: one value of a table by its type; see table.h. */
#include "table.h"

#include "address.h"
#include "network.h"
#include "pool.h"
#include "trigger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BYTES                                                            \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./"

static int expect(struct buffer *expected, const char *what)
{
    return buffer_text(expected, what) < 0 ? -1 : 1;
}

static int expect_words(struct buffer *expected,
                        const char *const *words)
{
    for (size_t i = 0; words[i]; i++)
        buffer_format(expected, "%s%s",
                      i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
    return expected->failed ? -1 : 1;
}

static int word_index(const char *const *words, const char *text)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], text) == 0)
            return i;
    return -1;
}

static int read_word(const char *text, struct buffer *expected)
{
    if (*text && !text[strspn(text, WORD_BYTES)])
        return 0;
    return expect(expected, "a word of letters, digits and -_./");
}

static int read_integer(const struct table_column *column, const char *text,
                        long *number_r, struct buffer *expected)
{
    static const char units[] = "kmg";
    char *end = NULL;
    errno = 0;
    long number = *text >= '0' && *text <= '9' ? strtol(text, &end, 10) : -1;
    const char *unit = end && *end ? strchr(units, *end | ' ') : NULL;
    for (const char *at = units; unit && at <= unit; at++)
        if (__builtin_mul_overflow(number, 1024L, &number))
            errno = ERANGE;
    if (end && !errno && !end[unit ? 1 : 0] && number >= column->least &&
        number <= column->most) {
        *number_r = number;
        return 0;
    }
    buffer_format(expected, "a number from %ld to %ld", column->least,
                  column->most);
    return expected->failed ? -1 : 1;
}

static int read_enum(const struct table_column *column, const char *text,
                     long *number_r, struct buffer *expected)
{
    int index = word_index(column->words, text);
    if (index < 0)
        return expect_words(expected, column->words);
    *number_r = index;
    return 0;
}

/* One item of a list, without the white space around it. */
static const char *take_item(struct pool *pool, const char *text,
                             size_t length)
{
    while (length && text[0] == ' ') {
        text++;
        length--;
    }
    while (length && text[length - 1] == ' ')
        length--;
    return pool_substring(pool, text, length);
}

static int read_list(struct pool *pool, const struct table_column *column,
                     const char *text, struct table_cell *cell,
                     struct buffer *expected)
{
    size_t most = 1, count = 0;
    for (const char *at = text; (at = strchr(at, ',')); at++)
        most++;
    const char **items = pool_array(pool, most, sizeof *items);
    for (const char *at = text; items && count < most;
         at += strcspn(at, ",") + 1) {
        const char *item = take_item(pool, at, strcspn(at, ","));
        if (!item)
            return -1;
        if (!*item)
            return expect(expected, "values with one comma between two");
        if (column->words && word_index(column->words, item) < 0) {
            buffer_text(expected, "a list, by commas, of ");
            return expect_words(expected, column->words);
        }
        items[count++] = item;
    }
    cell->count = count;
    cell->items = items;
    return items ? 0 : -1;
}

static int read_network(const char *text, struct buffer *expected)
{
    struct network network;
    if (network_parse(text, &network))
        return 0;
    return expect(expected, "an IP address, or address/prefix length without "
                            "bits after the prefix");
}

static int read_domain(struct pool *pool, struct table_cell *cell,
                       struct buffer *expected)
{
    char *domain;
    const char *text = cell->text;
    size_t dot = text[0] == '.';
    int rc = domain_canonical(pool, text + dot, strlen(text + dot), &domain);
    if (rc == 0)
        return expect(expected, "a domain in ASCII (an international one as "
                                "xn--...), without a dot at its end");
    cell->text = rc < 0 ? NULL : dot ? pool_format(pool, ".%s", domain) : domain;
    return cell->text ? 0 : -1;
}

/* user@domain, or *@ and a domain with or without a dot before it. */
static int read_address(struct pool *pool, struct table_cell *cell,
                        struct buffer *expected)
{
    struct address address;
    const char *text = cell->text;
    size_t any = strncmp(text, "*@", 2) == 0 ? 2 + (text[2] == '.') : 0;
    char *domain = NULL;
    int rc = any ? domain_canonical(pool, text + any, strlen(text + any),
                                    &domain)
                 : address_parse(pool, text, strlen(text), &address);
    if (rc == 0)
        return expect(expected, "user@domain, *@domain or *@.domain");
    if (rc > 0)
        cell->text = any ? pool_format(pool, "%.*s%s", (int)any, text, domain)
                         : pool_format(pool, "%s@%s", address.local,
                                       address.domain);
    return rc > 0 && cell->text ? 0 : -1;
}

int table_cell_read(struct pool *pool, const struct table_column *column,
                    const char *text, struct table_cell *cell_r,
                    struct buffer *expected)
{
    *cell_r = (struct table_cell){.text = pool_string(pool, text)};
    if (!cell_r->text)
        return -1;
    switch (column->type) {
    case TABLE_WORD:
        return read_word(text, expected);
    case TABLE_TEXT:
        return *text ? 0 : expect(expected, "text that is not empty");
    case TABLE_DOMAIN:
        return read_domain(pool, cell_r, expected);
    case TABLE_ADDRESS:
        return read_address(pool, cell_r, expected);
    case TABLE_INTEGER:
        return read_integer(column, text, &cell_r->number, expected);
    case TABLE_ENUM:
        return read_enum(column, text, &cell_r->number, expected);
    case TABLE_LIST:
        return read_list(pool, column, text, cell_r, expected);
    case TABLE_PATTERN:
        return trigger_check(text, expected);
    case TABLE_NETWORK:
        return read_network(text, expected);
    }
    return -1;
}
