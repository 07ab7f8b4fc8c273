#ifndef SEEMAIL_ANSWER_H
#define SEEMAIL_ANSWER_H

/*
 * answer: what the hub answers to a ping or a request for a certificate that
 * it has verified, and what it keeps of an answer to its own ping.
 */

struct buffer;
struct failure;
struct gateway;
struct opened;
struct pool;

struct answer {
    const char *from, *to; /* addresses: ours, theirs */
    const char *answers;   /* Message-ID of the question */
    const char *wanted;    /* its subject */
    const char *signer, *algorithms; /* as they were seen */
};

#define ANSWER_AGENCIES_MOST 200 /* that are named; of more their number */

/* 0 = handed over to Exim; -1. */
int answer_ping(struct gateway *gateway, struct pool *pool,
                const struct answer *answer, struct failure *why);

/* The same with the certificate that partners encrypt to for the address
 * that is wanted. 1 = we have none for it. */
int answer_request(struct gateway *gateway, struct pool *pool,
                   const struct answer *answer, struct failure *why);

/* Appends what came, for whom waits: how it was verified, and its text. */
int answer_keep(const struct opened *opened, struct pool *pool,
                const char *algorithms, struct buffer *out,
                struct failure *why);

#endif
