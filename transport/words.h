#ifndef SEEMAIL_WORDS_H
#define SEEMAIL_WORDS_H

/*
 * words: encoded words (RFC 2047) in an unfolded header value, to UTF-8.
 * Adjacent ones of one charset are joined before they are converted, since
 * mailers cut characters in two. What is no encoded word stays as it is.
 */

struct buffer;
struct failure;

struct header_field;
struct pool;

/* The field's value as people see it, in the pool; NULL = memory. */
char *words_shown(struct pool *pool, const struct header_field *field);

/* Appends. 0; 1 = the same, but a charset is odd (charset.h); -1. */
int words_decode(const char *text, struct buffer *out, struct failure *why);

#endif
