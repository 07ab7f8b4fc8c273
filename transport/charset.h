#ifndef SEEMAIL_CHARSET_H
#define SEEMAIL_CHARSET_H

/*
 * charset: text in any charset that iconv knows, to UTF-8, as a stage of a
 * stream. Bytes that are illegal become U+FFFD. One that iconv does not know
 * is read as Latin-1, which keeps ASCII what it is; `odd' tells when that
 * cannot be right, since it holds NULs.
 */

#include "stream.h"

#include <iconv.h>

struct charset_sink {
    struct sink sink;
    struct sink *out;
    iconv_t converter; /* (iconv_t)-1 = passed through as it is */
    int unknown, odd;
    char rest[32]; /* an incomplete character */
    size_t rest_length;
};

/* `name' NULL or "" = US-ASCII. */
void charset_sink_init(struct charset_sink *charset, const char *name,
                       struct sink *out);
void charset_sink_free(struct charset_sink *charset);

#endif
