#ifndef SEEMAIL_SUSPENDED_H
#define SEEMAIL_SUSPENDED_H

/*
 * suspended: key pairs of ours that must not be used to sign any more
 * [1.9-compromise], kept in the file "suspended" of the key store's folder:
 * the state, which may be deleted and fetched again, would lose them. A line
 * a key: the SHA-256 of its SubjectPublicKeyInfo in hex, since when (Unix
 * time), and the nickname. What cannot be read is a FAILURE_KEYSTORE.
 */

#include <seccomon.h>
#include <time.h>

struct failure;
struct suspended;

/* 0, also when there are none; or -1. */
int suspended_read(const char *folder, struct suspended **suspended_r,
                   struct failure *why);
void suspended_free(struct suspended **suspended);

/* Is the key of this SubjectPublicKeyInfo suspended? 1, 0, -1. */
int suspended_has(const struct suspended *suspended, const SECItem *key,
                  time_t *since_r, struct failure *why);

/* Adds a key, to be written. 1; 0 = it is there already; -1. */
int suspended_add(struct suspended *suspended, const SECItem *key,
                  time_t since, const char *nickname, struct failure *why);

/* Removes all keys of a nickname, to be written; how many. */
size_t suspended_remove(struct suspended *suspended, const char *nickname);

/* Whole or not at all. 0 or -1. */
int suspended_write(const struct suspended *suspended, struct failure *why);

#endif
