#ifndef SEEMAIL_PAGE_H
#define SEEMAIL_PAGE_H

/*
 * page: HTML that holds text of others. page_text() is the one way for it:
 * what has a meaning in HTML is escaped, and what acts on a reader (controls,
 * what turns the direction of text) becomes a "?". The result is UTF-8.
 */

#include <stddef.h>

struct buffer;

void page_text(struct buffer *out, const char *text);

/* <name class="...">text</name>; class may be NULL. */
void page_element(struct buffer *out, const char *name, const char *class,
                  const char *text);
void page_number(struct buffer *out, size_t number); /* a table's cell */

/* The beginning with all styles, and the end. No scripts, nothing fetched. */
void page_start(struct buffer *out, const char *title);
void page_end(struct buffer *out);

#endif
