#ifndef SEEMAIL_LINES_H
#define SEEMAIL_LINES_H

/*
 * lines: a range of a blob line by line, in constant memory. Of a long line
 * the first LINES_MOST bytes are given; the rest is passed over, but counted.
 * A line ends with LF; a CR before it belongs to the line end.
 */

#include <sys/types.h>

struct blob;
struct failure;

#define LINES_MOST 8192

struct lines {
    const struct blob *blob;
    off_t next, end;      /* of what is not yet given */
    off_t window;         /* where data[0] stands */
    size_t used;          /* bytes in data */
    char data[65536];
};

struct line {
    const char *text; /* until the next call; without the line end */
    size_t length;    /* up to LINES_MOST */
    off_t start, end; /* end: behind the line end */
    unsigned eol;     /* 0 (the end of the range), 1 (LF), 2 (CRLF) */
    int cut;          /* longer than LINES_MOST */
};

void lines_init(struct lines *lines, const struct blob *blob, off_t start,
                off_t end);

/* 1 and *line_r; 0 at the end; -1. */
int lines_next(struct lines *lines, struct line *line_r, struct failure *why);

#endif
