#ifndef SEEMAIL_IDN_H
#define SEEMAIL_IDN_H

/*
 * idn: the ASCII form of a domain in other letters (IDNA 2008 with the
 * mappings of UTS 46), as mail programs look it up: what they make of wide
 * letters, other dots or invisible characters.
 */

struct pool;

enum idn_way { IDN_NONTRANSITIONAL, IDN_TRANSITIONAL, IDN_WAYS };

/* The text is UTF-8. 1 and *ascii_r (in the pool); 0 = it has no such form;
 * -1 = memory. */
int idn_ascii(struct pool *pool, const char *text, enum idn_way way,
              const char **ascii_r);

#endif
