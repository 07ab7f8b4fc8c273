#ifndef SEEMAIL_STATE_H
#define SEEMAIL_STATE_H

/*
 * state: what was fetched, in one LMDB environment: lists from directories
 * and partners' certificates. Many readers and one writer at a time, each
 * change whole or not at all. A reader needs no network and no parsing.
 * LMDB must not be open across a fork: close it before.
 *
 * Failures are FAILURE_STATE.
 */

#include <stddef.h>

struct der;
struct failure;
struct pool;
struct state;

enum state_access { STATE_READ, STATE_WRITE };

/* 0; 1 = there is none yet (STATE_READ alone), *state_r is NULL; -1. */
int state_open(const char *folder, enum state_access access,
               struct state **state_r, struct failure *why);
void state_close(struct state **state);

struct state_entry {
    const char *address; /* "*@domain", "*@.domain" or "user@domain" */
    const char *name;    /* where it comes from: its DN */
};

/* Replaces a list (LIST_* of decide.h) at once. `fetched' is Unix time. */
int state_list_replace(struct state *state, const char *list,
                       const struct state_entry *entries, size_t count,
                       long long fetched, struct failure *why);

/* Is the canonical domain on the list, by an entry for itself or by one for
 * all below a domain above it? 1 and the entry's name, 0, -1. */
int state_listed(struct state *state, const char *list, const char *domain,
                 char *entry_r, size_t size, struct failure *why);

/* When it was fetched, and how long it is: 1; 0 = never fetched; -1. */
int state_list_info(struct state *state, const char *list,
                    long long *fetched_r, size_t *count_r,
                    struct failure *why);

int state_list_each(struct state *state, const char *list,
                    int (*visit)(void *context,
                                 const struct state_entry *entry),
                    void *context, struct failure *why);

/* The certificates (DER) of a mail address in lower case. */
int state_certs_replace(struct state *state, const char *address,
                        const struct der *certs, size_t count,
                        struct failure *why);
/* In the pool. 0, also for none; -1. */
int state_certs(struct state *state, struct pool *pool, const char *address,
                struct der **certs_r, size_t *count_r, struct failure *why);
int state_certs_count(struct state *state, size_t *count_r,
                      struct failure *why);

#endif
