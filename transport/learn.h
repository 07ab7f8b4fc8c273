#ifndef SEEMAIL_LEARN_H
#define SEEMAIL_LEARN_H

/*
 * learn: what a verified message teaches: the certificate that its domain
 * signed with, and the one that the signer wants to be encrypted to
 * [2.8-learn, 2.10-update]. Taken note of while a message is opened, kept
 * after it was delivered, and only if all of it was good [2.4-authentic].
 */

#include "cms_verify.h"
#include "der.h"

struct failure;
struct gateway;
struct pool;

struct lesson {
    struct der certificate;
    int recipient; /* to encrypt to; otherwise it has signed */
};

#define LESSONS_MOST 8 /* of one message, however many came with it */

struct lessons {
    struct lesson list[LESSONS_MOST];
    size_t count;
};

/* Takes note of a domain's good signature; copies in the pool. 0 or -1. */
int learn_note(struct pool *pool, const struct cms_signed *cms,
               const struct cms_signature *signature, struct lessons *lessons,
               struct failure *why);

/*
 * Keeps those that are valid and speak for the sender's domain in the state;
 * `where' is the message. One short transaction, none if there is no news.
 * How many were new or met again; -1.
 */
int learn(struct gateway *gateway, const struct lessons *lessons,
          const char *domain, const char *where, size_t *learned_r,
          struct failure *why);

#endif
