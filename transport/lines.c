/* lines: see lines.h. */
#include "lines.h"

#include "blob.h"

#include <string.h>

void lines_init(struct lines *lines, const struct blob *blob, off_t start,
                off_t end)
{
    lines->blob = blob;
    lines->next = lines->window = start;
    lines->end = end < blob->length ? end : blob->length;
    lines->used = 0;
}

/* Moves what is not yet given to the front and fills up behind it. */
static int fill(struct lines *lines, struct failure *why)
{
    size_t gone = (size_t)(lines->next - lines->window);
    memmove(lines->data, lines->data + gone, lines->used - gone);
    lines->used -= gone;
    lines->window = lines->next;
    while (lines->used < sizeof lines->data) {
        off_t at = lines->window + (off_t)lines->used;
        size_t room = sizeof lines->data - lines->used;
        if ((off_t)room > lines->end - at)
            room = (size_t)(lines->end - at);
        ssize_t got = blob_read(lines->blob, at, lines->data + lines->used,
                                room, why);
        if (got < 0)
            return -1;
        if (got == 0)
            return 0;
        lines->used += (size_t)got;
    }
    return 0;
}

static const char *find_end(const struct lines *lines, const char *from)
{
    return memchr(from, '\n',
                  (size_t)(lines->data + lines->used - from));
}

/* The end of a line that is longer than the window: offset behind its LF. */
static int skip_long(struct lines *lines, struct line *line,
                     struct failure *why)
{
    char data[4096];
    int last = lines->data[lines->used - 1];
    off_t at = lines->window + (off_t)lines->used;
    while (at < lines->end) {
        size_t room = sizeof data;
        if ((off_t)room > lines->end - at)
            room = (size_t)(lines->end - at);
        ssize_t got = blob_read(lines->blob, at, data, room, why);
        if (got <= 0)
            return (int)got;
        const char *stop = memchr(data, '\n', (size_t)got);
        if (stop) {
            if (stop > data)
                last = stop[-1];
            line->eol = last == '\r' ? 2 : 1;
            at += stop + 1 - data;
            break;
        }
        last = data[got - 1];
        at += got;
    }
    line->end = at;
    return 0;
}

int lines_next(struct lines *lines, struct line *line_r, struct failure *why)
{
    if (lines->next >= lines->end)
        return 0;
    const char *from = lines->data + (lines->next - lines->window);
    const char *stop = find_end(lines, from);
    if (!stop) {
        if (fill(lines, why) < 0)
            return -1;
        from = lines->data;
        stop = find_end(lines, from);
    }
    const char *end = stop ? stop + 1 : lines->data + lines->used;
    *line_r = (struct line){.text = from, .start = lines->next,
                            .end = lines->next + (end - from)};
    if (stop)
        line_r->eol = stop > from && stop[-1] == '\r' ? 2 : 1;
    else if (line_r->end < lines->end && skip_long(lines, line_r, why) < 0)
        return -1;
    line_r->length = (size_t)(end - from) - (stop ? line_r->eol : 0);
    line_r->cut = line_r->length > LINES_MOST;
    if (line_r->cut)
        line_r->length = LINES_MOST;
    lines->next = line_r->end;
    if (!stop) { /* the window holds nothing more */
        lines->window = lines->next;
        lines->used = 0;
    }
    return 1;
}
