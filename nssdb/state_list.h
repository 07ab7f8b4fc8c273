#ifndef SEEMAIL_STATE_LIST_H
#define SEEMAIL_STATE_LIST_H

/*
 * state_list: lists of partners from directories (LIST_* of decide.h), kept in
 * the state [2.1-seemail-list]. Each call is a transaction of its own.
 */

#include <stddef.h>

struct failure;
struct state;

struct state_entry {
    const char *address; /* "*@domain", "*@.domain" or "user@domain" */
    const char *name;    /* where it comes from: its DN */
};

/* Replaces a list at once. `fetched' is Unix time. */
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

/* A visitor that returns a negative number ends it. */
int state_list_each(struct state *state, const char *list,
                    int (*visit)(void *context,
                                 const struct state_entry *entry),
                    void *context, struct failure *why);

#endif
