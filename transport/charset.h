#ifndef SEEMAIL_CHARSET_H
#define SEEMAIL_CHARSET_H

/*
 * charset: text in any charset that iconv knows, to UTF-8, as a stage of a
 * stream. Bytes that are illegal become U+FFFD. What is said to be ASCII or
 * UTF-8, or nothing, is UTF-8 where it is valid, otherwise Latin-1. A charset
 * that iconv does not know is Latin-1, which keeps ASCII what it is. UTF-16
 * and UTF-32 that do not say their byte order are asked where their first
 * NULs are.
 *
 * `odd' tells that the text is not what it was said to be, so that its
 * reader may see another: there are NULs in it, or the byte order is a guess.
 */

#include "stream.h"

#include <iconv.h>

struct charset_sink {
    struct sink sink;
    struct sink *out;
    iconv_t converter; /* (iconv_t)-1 = not (yet) there */
    unsigned width;    /* of a unit whose byte order is not known yet; or 0 */
    unsigned step;     /* of what is illegal, so much is passed over */
    int plain;         /* ASCII, UTF-8, or not said */
    int odd;
    char rest[32]; /* an incomplete character */
    size_t rest_length;
};

/* `name' NULL or "" = US-ASCII. */
void charset_sink_init(struct charset_sink *charset, const char *name,
                       struct sink *out);

/* Passes on what a converter holds back. 0 or -1. */
int charset_sink_finish(struct charset_sink *charset, struct failure *why);

void charset_sink_free(struct charset_sink *charset);

#endif
