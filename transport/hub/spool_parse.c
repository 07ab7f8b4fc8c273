/* spool: the envelope in a -H file; see spool.h. */
#include "failure.h"
#include "pool.h"
#include "spool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define LINE_MOST 65536
#define RECIPIENTS_MOST 200000

struct reader {
    FILE *file;
    struct pool *pool;
    char *line; /* the last one, without its end */
    size_t room;
    const char **delivered; /* who have got it */
    size_t delivered_count, delivered_room;
    struct failure *why;
};

static int broken(struct reader *r, const char *what)
{
    return failure(r->why, FAILURE_MALFORMED, "a message in Exim's queue: %s",
                   what);
}

static int next_line(struct reader *r)
{
    ssize_t length = getline(&r->line, &r->room, r->file);
    if (length <= 0)
        return broken(r, "its envelope ends too early");
    if (length > LINE_MOST || memchr(r->line, '\0', (size_t)length))
        return broken(r, "a line of its envelope is too long, or has a NUL");
    r->line[strcspn(r->line, "\n")] = '\0';
    return 0;
}

/* "-aclm NAME LENGTH" has a value of so many bytes, and a newline, behind. */
static int skip_value(struct reader *r)
{
    const char *last = strrchr(r->line, ' ');
    char *end = NULL;
    long length = last ? strtol(last + 1, &end, 10) : -1;
    if (!end || *end || length < 0)
        return broken(r, "a variable without a length");
    for (; length >= 0; length--)
        if (getc(r->file) == EOF)
            return broken(r, "a variable ends too early");
    return 0;
}

/* One of the lines that begin with "-"; two of them if it is tainted. */
static int take_option(struct reader *r, struct spool_message *message)
{
    const char *name = r->line + 1 + (r->line[1] == '-');
    if (strncmp(name, "acl", 3) == 0)
        return skip_value(r);
    if (strncmp(name, "frozen ", 7) == 0)
        message->frozen = strtoll(name + 7, NULL, 10);
    else if (strncmp(name, "local_scan ", 11) == 0 &&
             !(message->decision = pool_string(r->pool, name + 11)))
        return failure_memory(r->why);
    return 0;
}

static int keep_delivered(struct reader *r, const char *address)
{
    if (r->delivered_count == r->delivered_room) {
        size_t room = r->delivered_room ? 2 * r->delivered_room : 16;
        const char **more = pool_array(r->pool, room, sizeof *more);
        if (!more)
            return failure_memory(r->why);
        if (r->delivered_count)
            memcpy(more, r->delivered, r->delivered_count * sizeof *more);
        r->delivered = more;
        r->delivered_room = room;
    }
    const char *copy = pool_string(r->pool, address);
    if (!copy)
        return failure_memory(r->why);
    r->delivered[r->delivered_count++] = copy;
    return 0;
}

/* A tree, parents first: "YN address" has one to its left and none right. */
static int read_delivered(struct reader *r)
{
    size_t wanted = 1;
    if (strcmp(r->line, "XX") == 0)
        return next_line(r);
    while (wanted > 0) {
        if (!strchr("YN", r->line[0]) || !r->line[0] ||
            !strchr("YN", r->line[1]) || r->line[2] != ' ')
            return broken(r, "the list of those who have got it");
        wanted += (size_t)(r->line[0] == 'Y') + (size_t)(r->line[1] == 'Y');
        wanted--;
        if (r->delivered_count > RECIPIENTS_MOST)
            return broken(r, "too many recipients");
        if (keep_delivered(r, r->line + 3) < 0 || next_line(r) < 0)
            return -1;
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* More may follow an address, after a blank that is in no quotes. */
static size_t address_length(const char *text)
{
    int quoted = 0;
    size_t at = 0;
    for (; text[at] && (quoted || text[at] != ' '); at++)
        if (text[at] == '\\' && text[at + 1])
            at++;
        else if (text[at] == '"')
            quoted = !quoted;
    return at;
}

static int read_recipients(struct reader *r, struct spool_message *message)
{
    char *end;
    unsigned long count = strtoul(r->line, &end, 10);
    if (!*r->line || *end || count > RECIPIENTS_MOST)
        return broken(r, "the number of its recipients");
    struct spool_recipient *list = pool_array(r->pool, count + 1, sizeof *list);
    if (!list)
        return failure_memory(r->why);
    if (r->delivered_count)
        qsort(r->delivered, r->delivered_count, sizeof *r->delivered, compare);
    for (unsigned long i = 0; i < count; i++) {
        if (next_line(r) < 0)
            return -1;
        const char *one = pool_substring(r->pool, r->line,
                                         address_length(r->line));
        if (!one)
            return failure_memory(r->why);
        if (!r->delivered_count ||
            !bsearch(&one, r->delivered, r->delivered_count, sizeof one,
                     compare))
            list[message->count++] = (struct spool_recipient){one, "", "", 0};
    }
    message->recipients = list;
    return 0;
}

/* Its number, who gave it, "<sender>", "received warnings". */
static int read_top(struct reader *r, struct spool_message *message)
{
    if (next_line(r) < 0 || next_line(r) < 0 || next_line(r) < 0)
        return -1;
    size_t length = strlen(r->line);
    if (length < 2 || r->line[0] != '<' || r->line[length - 1] != '>')
        return broken(r, "no sender");
    message->sender = pool_substring(r->pool, r->line + 1, length - 2);
    if (!message->sender)
        return failure_memory(r->why);
    if (next_line(r) < 0)
        return -1;
    message->received = strtoll(r->line, NULL, 10);
    return message->received > 0 ? 0 : broken(r, "no time of arrival");
}

static int parse(struct reader *r, struct spool_message *message)
{
    if (read_top(r, message) < 0 || next_line(r) < 0)
        return -1;
    while (*r->line == '-')
        if (take_option(r, message) < 0 || next_line(r) < 0)
            return -1;
    if (read_delivered(r) < 0)
        return -1;
    return read_recipients(r, message);
}

int spool_parse(FILE *file, struct pool *pool,
                struct spool_message *message_r, struct failure *why)
{
    struct reader reader = {.file = file, .pool = pool, .why = why};
    *message_r = (struct spool_message){0};
    int rc = parse(&reader, message_r);
    free(reader.line);
    return rc;
}
