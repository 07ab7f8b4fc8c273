#ifndef SEEMAIL_WARNING_H
#define SEEMAIL_WARNING_H

/*
 * warning: what the recipient of a received mail is told about it, by the
 * outcome of its verdict [2.8-table-recv, 2.8-notices]. A soft one is a note
 * on top of the mail, a hard one stands in the mail's place and has it
 * attached as a whole. Nothing of the mail is edited either way: an
 * individual's signature inside still verifies [1.2-e2e].
 */

#include "policy.h"

struct buffer;
struct decided;
struct failure;
struct opened;
struct pool;

struct warning {
    enum hardness hardness;
    const char *text;  /* UTF-8, LF line ends; NULL = no warning */
    const char *field; /* a header field with its line end */
    const char *tag;   /* before the subject; NULL = none */
};

/* 0; -1: FAILURE_POLICY when a row or template is missing. */
int warning_make(struct pool *pool, const struct policy *policy,
                 const struct decided *decided, const struct opened *opened,
                 struct warning *warning_r, struct failure *why);

#endif
