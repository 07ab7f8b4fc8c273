#ifndef SEEMAIL_TABLE_H
#define SEEMAIL_TABLE_H

/*
 * table: reads one policy table. A table is a text file, one rule a line:
 * columns apart by white space, "quoted text" where a value holds white
 * space or begins with # ("" inside stands for one quote; a backslash means
 * itself), # begins a comment, and - leaves an optional column out.
 *
 * The schema is an array of columns. Reading goes on after an error, so that
 * all errors are reported at once, one a line:
 *     file:line: column N "text": expected what
 * Rows with an error are left out. Everything lives in the pool.
 */

#include "buffer.h"

#include <stddef.h>

struct failure;
struct pool;

enum table_type {
    TABLE_WORD,    /* letters, digits and -_./ */
    TABLE_TEXT,    /* anything, not empty */
    TABLE_DOMAIN,  /* example.org; with a dot before it, also what is below */
    TABLE_ADDRESS, /* user@domain, *@domain or *@.domain */
    TABLE_INTEGER, /* least..most; k, m and g multiply by 1024 */
    TABLE_ENUM,    /* one of words; the number is its index */
    TABLE_LIST,    /* texts with commas between; of words, if there are any */
    TABLE_PATTERN, /* a regular expression of PCRE2 */
    TABLE_NETWORK  /* an IP address, or address/prefix length */
};

struct table_column {
    const char *name;
    enum table_type type;
    const char *missing;      /* default; NULL = must be there; "" = none */
    const char *const *words; /* of an ENUM or LIST, ends with NULL */
    long least, most;         /* of an INTEGER */
};

struct table_cell {
    const char *text; /* NULL when left out and the default is "" */
    long number;      /* of INTEGER and ENUM */
    size_t count;     /* of a LIST */
    const char *const *items;
};

struct table_row {
    const char *file;
    unsigned line;
    const struct table_cell *cells; /* as many as the schema has columns */
    const struct table_row *next;
};

struct table {
    const char *file;
    size_t count;
    const struct table_row *rows;
};

struct table_errors {
    struct buffer text; /* one line an error */
    size_t count;
};

#define TABLE_MAX_BYTES (8L << 20)
#define TABLE_MAX_LINE 8192
#define TABLE_MAX_COLUMNS 16

/*
 * Reads dir/name. 0 = read, or broken with the errors added to *errors;
 * 1 = there is no such file; -1 = memory or disk.
 */
int table_read(struct pool *pool, const char *dir, const char *name,
               const struct table_column *columns, size_t column_count,
               struct table *table_r, struct table_errors *errors,
               struct failure *why);

/*
 * One value by its type. 0 = fine; 1 = not what was expected, which is then
 * described in *expected; -1 = memory.
 */
int table_cell_read(struct pool *pool, const struct table_column *column,
                    const char *text, struct table_cell *cell_r,
                    struct buffer *expected);

/* Adds the error of one column (from 1 on; 0 = of the whole line). */
void table_error(struct table_errors *errors, const char *file, unsigned line,
                 size_t column, const char *text, const char *expected);

void table_errors_free(struct table_errors *errors);

#endif
