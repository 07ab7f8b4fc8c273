#ifndef SEEMAIL_ACCOUNT_H
#define SEEMAIL_ACCOUNT_H

/* account: in whose name a program works. */

struct failure;

/*
 * Exim runs what its routers ask as root, and the hub's files belong to its
 * own user. So root becomes, for good and with his groups, the owner of the
 * hub's folder, if it is there and not root's own; others stay who they are.
 * 0, or -1: root still, or in part, and must do no more.
 */
int account_become_owner(const char *folder, struct failure *why);

#endif
