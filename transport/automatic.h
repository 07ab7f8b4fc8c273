#ifndef SEEMAIL_AUTOMATIC_H
#define SEEMAIL_AUTOMATIC_H

/*
 * automatic: mail that nobody must be told of by mail, nor be answered by a
 * program, so that no notice makes another one [2.12-principles]: it has no
 * sender, comes from a postmaster or a mail system, from a mailing list, or
 * was made by a program (RFC 3834, RFC 2919, RFC 2369).
 */

struct header;
struct pool;

/* The envelope's sender ("" = none) and the header. 1, 0, -1 = memory. */
int automatic(struct pool *pool, const char *sender,
              const struct header *header);

#endif
