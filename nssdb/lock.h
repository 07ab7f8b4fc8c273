#ifndef SEEMAIL_LOCK_H
#define SEEMAIL_LOCK_H

/*
 * lock: one process at a time fetches a thing: the others wait for what it
 * brings, or go without. All locks of a state are bytes of one file there,
 * chosen by the target's name (two names on one byte only wait for each
 * other); a process that dies lets go.
 */

struct failure;

struct lock {
    int fd; /* -1 = not held */
};

/*
 * Takes the target's lock within `milliseconds'. 1; 0 = somebody else has it
 * still; -1 = FAILURE_STATE. The folder is the state's and must be there.
 */
int lock_take(const char *folder, const char *target, long milliseconds,
              struct lock *lock_r, struct failure *why);
void lock_release(struct lock *lock);

#endif
