#ifndef SEEMAIL_UTF8_H
#define SEEMAIL_UTF8_H

/* utf8: characters of text that may be anything (RFC 3629). */

#include <stddef.h>

#define UTF8_REPLACEMENT 0xfffdUL

/* The character at the NUL-ended text, and its bytes. What is not
 * well-formed is UTF8_REPLACEMENT, one byte at a time. */
size_t utf8_next(const char *text, unsigned long *character_r);

/* Would it act on a terminal or a reader, rather than be seen: controls (line
 * ends too), and what turns the direction of the text? */
int utf8_acts(unsigned long character);

#endif
