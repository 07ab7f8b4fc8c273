#ifndef SEEMAIL_OWN_H
#define SEEMAIL_OWN_H

/*
 * own: the state of health of our own certificates: those that the identity
 * table names. What is wrong is found ahead of the day on which mail stops
 * [2.3-thirteen, 2.7-crldp, 2.6-3183-dca], each with a next step.
 */

#include "judge.h"

#include <cert.h>
#include <stddef.h>
#include <time.h>

struct buffer;
struct failure;
struct own_search;
struct policy;
struct pool;

/* The values are exit statuses for a monitor. */
enum own_level { OWN_GOOD, OWN_WARNING, OWN_CRITICAL };

enum own_use {
    OWN_SIGNS = 1,
    OWN_RECEIVES = 2, /* the first to decrypt: what partners encrypt to */
    OWN_OPENS = 4     /* old keys: they need not be valid [2.10-oldkeys] */
};

struct own_finding {
    const char *word; /* for programs: "expires-soon" */
    enum own_level level;
    const char *text, *step; /* for people: what it is, what to do */
};
#define OWN_FINDINGS_MOST 12

/* Another certificate of the nickname that is valid: the one before, through
 * the overlap of a renewal, or one that will be. */
struct own_other {
    const char *serial;
    time_t from, to;
};
#define OWN_OTHERS_MOST 8

/* One nickname of the identity table, whatever the number of its rows. */
struct own {
    const char *nickname;
    const char **domains; /* as in the table */
    size_t domain_count;
    unsigned uses; /* enum own_use */
    const char *serial, *issuer; /* NULL = no certificate */
    time_t from, to;
    time_t key_from; /* since when the key pair is known to be in use */
    long days;       /* until it expires; below 0 after it */
    int pending;     /* a new key pair waits for its certificate */
    struct own_other others[OWN_OTHERS_MOST];
    size_t other_count;
    enum own_level level;
    struct own_finding findings[OWN_FINDINGS_MOST];
    size_t finding_count;
};

/* What the table says of each nickname, in its order: names, domains, uses;
 * in the pool. 0 or -1. */
int own_nicknames(const struct policy *policy, struct pool *pool,
                  struct own **own_r, size_t *count_r, struct failure *why);

/* What its certificate is judged for, first of all. */
enum judge_use own_use_of(const struct own *own);

/* Does a certificate that is to be used for this nickname have the address
 * for the domain (of the table) that its uses want? */
int own_names(const struct own *own, CERTCertificate *certificate,
              const char *domain);

/* The same, and what the key store has for them. */
int own_list(const struct own_search *search, struct own **own_r,
             size_t *count_r, struct failure *why);

const char *own_level_word(enum own_level level);

void own_print(const struct own *own);
void own_json(const struct own *own, struct buffer *out);

#endif
