#ifndef SEEMAIL_LEARN_H
#define SEEMAIL_LEARN_H

/*
 * learn: what a verified message teaches: the certificate that its domain
 * signed with, and the one that the signer wants to be encrypted to
 * [2.8-learn, 2.10-update], and what he can read [2.10-cachecaps]. Taken
 * note of while a message is opened, kept after it was delivered, and only
 * if all of it was good [2.4-authentic].
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

/* What the signer can read. */
struct announcement {
    const char *who;         /* the domain, or the person's address */
    struct der capabilities; /* SMIMECapabilities */
    long long signed_at;
};

struct lessons {
    struct lesson list[LESSONS_MOST];
    size_t count;
    const struct announcement *announced; /* NULL = nothing */
};

/* Takes note of a domain's good signature; copies in the pool. 0 or -1. */
int learn_note(struct pool *pool, const struct cms_signed *cms,
               const struct cms_signature *signature, struct lessons *lessons,
               struct failure *why);

/* What a good signature of `who' announces; in the pool. 0 or -1. */
int learn_announced(struct pool *pool, const struct cms_signature *signature,
                    const char *who, const struct announcement **announced_r,
                    struct failure *why);

/*
 * Keeps those that are valid and speak for the sender's domain in the state,
 * and what was announced; `where' is the message. One short transaction,
 * none if there is no news. How many certificates were new or met again; -1.
 */
int learn(struct gateway *gateway, const struct lessons *lessons,
          const char *domain, const char *where, size_t *learned_r,
          struct failure *why);

#endif
