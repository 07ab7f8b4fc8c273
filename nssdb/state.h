#ifndef SEEMAIL_STATE_H
#define SEEMAIL_STATE_H

/*
 * state: what was fetched and learned, in one LMDB environment. Many readers
 * and one writer at a time, in any number of processes; each transaction is
 * seen whole or not at all, also after a crash. A reader needs no network
 * and no parsing. LMDB must not be open across a fork, nor twice in one
 * process: close it before.
 *
 * This is the store alone; what its databases hold is written and read by the
 * noun that owns each: state_list.h, known.h, ...
 *
 * Failures are FAILURE_STATE; a full disk too.
 */

#include "der.h"

#include <stddef.h>

struct failure;
struct state;

enum state_access { STATE_READ, STATE_WRITE };

/* The databases, each with its owner. A new one goes to the end of its list
 * in state.c too; one that a reader does not find is empty. */
enum state_base {
    STATE_FORMAT,       /* state.c */
    STATE_ENTRIES,      /* state_list.c: "LIST\0address" -> DN */
    STATE_LISTS,        /* state_list.c: LIST -> "fetched count" */
    STATE_CERTIFICATES, /* known.c: SHA-256 of the certificate -> record */
    STATE_ADDRESSES,    /* known.c: "address\0" SHA-256 -> nothing */
    STATE_SUBJECTS,     /* known.c: other ways to find a certificate */
    STATE_CAPABILITIES, /* capabilities.c */
    STATE_CRLS,         /* crl_index.c: one record a CRL */
    STATE_REVOKED,      /* crl_index.c: one record an entry */
    STATE_RESPONSES,    /* ocsp.c */
    STATE_MISSES,       /* miss.c: what could not be fetched, and when */
    STATE_APPROVALS,    /* approval.c */
    STATE_EVENTS,       /* event.c: notices and their counters */
    STATE_OWN,          /* of our own keys: suspended, pending */
    STATE_OVERRIDES,    /* of held mail */
    STATE_RATES,        /* rate.c: "what\0name" -> "start count" */
    STATE_BASES
};

#define STATE_KEY_MOST 511 /* bytes; LMDB's own limit */

/* 0; 1 = there is none yet (STATE_READ alone), *state_r is NULL; -1. */
int state_open(const char *folder, enum state_access access,
               struct state **state_r, struct failure *why);
void state_close(struct state **state);
const char *state_folder(const struct state *state);

/*
 * A transaction: one at a time in a handle. state_end() takes the result of
 * what was done in it: negative = all is undone and it returns -1, otherwise
 * it is committed (when writing) and the result is returned, or -1.
 *     if (state_begin(state, STATE_WRITE, why) < 0) return -1;
 *     return state_end(state, do_it(state, why), why);
 */
int state_begin(struct state *state, enum state_access access,
                struct failure *why);
int state_end(struct state *state, int rc, struct failure *why);

/* Within a transaction. A key of no or too many bytes is not there and cannot
 * be put. What is got is valid until the next change or the end. */
int state_get(struct state *state, enum state_base base, const void *key,
              size_t length, struct der *value_r, struct failure *why);
int state_put(struct state *state, enum state_base base, const void *key,
              size_t length, const void *value, size_t value_length,
              struct failure *why);
/* Puts if there is none: 1, or 0 = there is one, which stays. */
int state_add(struct state *state, enum state_base base, const void *key,
              size_t length, const void *value, size_t value_length,
              struct failure *why);
/* Puts after all that there are: quick, for many that are in order. A key that
 * is not the greatest is a failure. */
int state_append(struct state *state, enum state_base base, const void *key,
                 size_t length, const void *value, size_t value_length,
                 struct failure *why);
/* 1; 0 = it was not there. */
int state_delete(struct state *state, enum state_base base, const void *key,
                 size_t length, struct failure *why);

/* All whose key begins with the prefix, in the order of the keys. The visitor
 * changes nothing; it returns 0 to go on, 1 to stop, -1 with *why. The
 * answer is its last. */
typedef int state_visit(void *context, const struct der *key,
                        const struct der *value, struct failure *why);
int state_each(struct state *state, enum state_base base, const void *prefix,
               size_t length, state_visit *visit, void *context,
               struct failure *why);

/* Deletes all whose key begins with the prefix. 0, -1. */
int state_clear(struct state *state, enum state_base base, const void *prefix,
                size_t length, struct failure *why);

/* How many there are in the base. */
int state_count(struct state *state, enum state_base base, size_t *count_r,
                struct failure *why);

#endif
