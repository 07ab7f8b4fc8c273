#ifndef SEEMAIL_FILTER_H
#define SEEMAIL_FILTER_H

/*
 * filter: what seemail-filter does, one function a command. Each reads from
 * one stream and writes to another: the result counts only if the answer is
 * 0. For filter_main.c, which knows of files, time limits and the log.
 */

#include "decide.h"
#include "gateway.h"
#include "learn.h"
#include "verdict.h"

struct blob;
struct sink;
struct source;

/* What is told to the log of one command. */
struct filter_report {
    enum verdict verdict;
    const char *signer, *reason, *label;
    int layers, closed;
    /* What a good message teaches; its sender's domain (NULL = ambiguous). */
    struct lessons lessons;
    const char *domain;
    const char *cipher, *transport; /* that it was sealed by */
    enum judge_status recipient;    /* of the certificate it was sealed to */
};

/* Seals the message for the recipients, who are of one domain (CLASS_SEAL) or
 * one person (CLASS_PERSON); FAILURE_CERT if a certificate of ours or theirs is not usable. */
int filter_seal(struct gateway *gateway, struct pool *pool,
                const struct decided *decided, enum recipient_class class,
                const char *const *recipients, size_t count, struct source *in,
                struct sink *out, struct filter_report *report_r,
                struct failure *why);

/* Signs the message in our domain's name, in clear; for requests alone. */
int filter_sign(struct gateway *gateway, struct pool *pool, const char *from,
                struct source *in, struct sink *out, struct failure *why);

/* Opens the message and puts the notice of the recorded verdict on top. */
int filter_open(struct gateway *gateway, struct pool *pool,
                const struct decided *decided, struct source *in,
                struct sink *out, struct filter_report *report_r,
                struct failure *why);

/* What open_message() thinks of the message. */
int filter_verify(struct gateway *gateway, struct pool *pool,
                  const struct blob *message, struct filter_report *report_r,
                  struct failure *why);

/* Could the recipient's mail be sealed now? 1; 0 and why not; -1. */
int filter_ready(struct gateway *gateway, struct pool *pool,
                 const char *from, enum recipient_class class,
                 const char *recipient,
                 struct failure *why);

#endif
