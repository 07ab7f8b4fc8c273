/* table: see table.h. Files into lines, lines into columns. */
#include "table.h"

#include "failure.h"
#include "file.h"
#include "pool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct reader {
    struct pool *pool;
    const char *file;
    const struct table_column *columns;
    size_t column_count;
    struct table_errors *errors;
    unsigned line;
    struct table *table;
    const struct table_row **tail;
};

void table_error(struct table_errors *errors, const char *file, unsigned line,
                 size_t column, const char *text, const char *expected)
{
    struct buffer *out = &errors->text;
    errors->count++;
    buffer_text(out, file);
    if (line)
        buffer_format(out, ":%u", line);
    if (column)
        buffer_format(out, ": column %zu", column);
    if (text) {
        buffer_text(out, " \"");
        for (; *text; text++) /* a terminal reads this */
            buffer_byte(out, (unsigned char)*text < ' ' || *text == 127
                                 ? '?' : *text);
        buffer_byte(out, '"');
    }
    buffer_format(out, ": expected %s\n", expected);
}

void table_errors_free(struct table_errors *errors)
{
    buffer_free(&errors->text);
    errors->count = 0;
}

static int is_space(char c)
{
    return c == ' ' || c == '\t';
}

/*
 * Takes the next column off *at, unquoted in place. Returns the text, NULL at
 * the end of the line; *broken says that a quote is not closed or that text
 * follows one.
 */
static char *next_column(char **at, int *quoted, int *broken)
{
    char *from = *at;
    while (is_space(*from))
        from++;
    *quoted = *from == '"';
    if (!*from || *from == '#')
        return NULL;
    if (!*quoted) {
        *at = from + strcspn(from, " \t");
        if (**at)
            *(*at)++ = '\0';
        return from;
    }
    char *to = from, *in = from + 1;
    while (*in && (*in != '"' || in[1] == '"')) {
        in += *in == '"';
        *to++ = *in++;
    }
    *broken = *in != '"' || (in[1] && !is_space(in[1]));
    *at = *in ? in + 1 : in;
    *to = '\0';
    return from;
}

/* The text of each column; missing ones NULL. 1 = fine, 0 = reported. */
static int split_line(struct reader *reader, char *line,
                      const char **texts)
{
    size_t count = 0;
    int quoted, broken = 0;
    for (char *text; (text = next_column(&line, &quoted, &broken));) {
        if (broken) {
            table_error(reader->errors, reader->file, reader->line, count + 1,
                        text, "a closing quote and white space after it");
            return 0;
        }
        if (count == reader->column_count) {
            table_error(reader->errors, reader->file, reader->line, count + 1,
                        text, "the end of the line");
            return 0;
        }
        int left_out = !quoted && strcmp(text, "-") == 0;
        texts[count++] = left_out ? NULL : text;
    }
    return 1;
}

/* 1 = the cell is there; 0 = reported; -1 = memory. */
static int read_cell(struct reader *reader, size_t index, const char *text,
                     struct table_cell *cell)
{
    const struct table_column *column = &reader->columns[index];
    struct buffer expected = {0};
    if (!text && !column->missing) {
        buffer_format(&expected, "a value for \"%s\"", column->name);
        table_error(reader->errors, reader->file, reader->line, index + 1,
                    NULL, buffer_string(&expected));
        buffer_free(&expected);
        return 0;
    }
    const char *value = text ? text : column->missing;
    if (!text && !*value)
        return 1;
    int rc = table_cell_read(reader->pool, column, value, cell, &expected);
    if (rc > 0)
        table_error(reader->errors, reader->file, reader->line, index + 1,
                    value, buffer_string(&expected));
    buffer_free(&expected);
    return rc < 0 ? -1 : !rc;
}

static int add_row(struct reader *reader, const char **texts)
{
    struct table_cell *cells = pool_array(reader->pool, reader->column_count,
                                          sizeof *cells);
    struct table_row *row = pool_alloc(reader->pool, sizeof *row);
    if (!cells || !row)
        return -1;
    int good = 1;
    for (size_t i = 0; i < reader->column_count; i++) {
        int rc = read_cell(reader, i, texts[i], &cells[i]);
        if (rc < 0)
            return -1;
        good &= rc;
    }
    if (!good)
        return 0;
    *row = (struct table_row){reader->file, reader->line, cells, NULL};
    *reader->tail = row;
    reader->tail = &row->next;
    reader->table->count++;
    return 0;
}

static int read_line(struct reader *reader, char *line, size_t length)
{
    const char *texts[TABLE_MAX_COLUMNS] = {0};
    if (length && line[length - 1] == '\r')
        line[--length] = '\0';
    if (length > TABLE_MAX_LINE || memchr(line, '\0', length)) {
        table_error(reader->errors, reader->file, reader->line, 0, NULL,
                    "a line of text without NUL, not over 8192 bytes");
        return 0;
    }
    char *from = line + strspn(line, " \t");
    if (!*from || *from == '#' || !split_line(reader, from, texts))
        return 0;
    return add_row(reader, texts);
}

static int read_lines(struct reader *reader, char *text, size_t size,
                      struct failure *why)
{
    for (char *end = text + size; text < end;) {
        char *stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop) { /* it may be half a file that is being written */
            reader->line++;
            table_error(reader->errors, reader->file, reader->line, 0, NULL,
                        "a line end at the end of the file: is it written in "
                        "full?");
            return 0;
        }
        *stop = '\0';
        reader->line++;
        if (read_line(reader, text, (size_t)(stop - text)) < 0)
            return failure_memory(why);
        text = stop + 1;
    }
    return 0;
}

int table_read(struct pool *pool, const char *dir, const char *name,
               const struct table_column *columns, size_t column_count,
               struct table *table_r, struct table_errors *errors,
               struct failure *why)
{
    *table_r = (struct table){0};
    struct buffer text = {0};
    char *path = pool_format(pool, "%s/%s", dir, name);
    if (!path)
        return failure_memory(why);
    if (column_count > TABLE_MAX_COLUMNS)
        return failure(why, FAILURE_BUG, "%s: too many columns", name);
    table_r->file = path;
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return 1;
    int rc = file_read(path, FILE_SHARED, TABLE_MAX_BYTES, FAILURE_POLICY,
                       &text, why);
    struct reader reader = {pool, path, columns, column_count, errors, 0,
                            table_r, &table_r->rows};
    if (rc == 0 && text.length)
        rc = read_lines(&reader, text.data, text.length, why);
    if (rc == 0 && errors->text.failed)
        rc = failure_memory(why);
    buffer_free(&text);
    return rc;
}
