#ifndef SEEMAIL_STATE_WHOLE_H
#define SEEMAIL_STATE_WHOLE_H

/*
 * state_whole: is all that a state uses in its file? LMDB maps data.mdb, so
 * that reading beyond its end is a SIGBUS. A file that was cut short must not
 * be used then; but a sound one may end before its last page, because pages
 * that a transaction takes and gives back are never written. For state.c.
 */

#include <lmdb.h>

struct failure;

/* Does the file end before the last page? 1, 0; -1 = LMDB's code is in
 * *mdb_r. */
int state_is_short(MDB_env *env, int *mdb_r);

/* Makes the file as long as its pages want, if it can be done. For who may
 * write, between transactions. */
void state_lengthen(MDB_env *env);

/*
 * Reads all of a short one, in a child of its own, which may die of it: is
 * nothing missing? The caller has it closed. 0, or -1: FAILURE_STATE.
 */
int state_whole(const char *folder, unsigned bases, size_t map_bytes,
                struct failure *why);

#endif
