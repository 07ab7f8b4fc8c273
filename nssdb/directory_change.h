#ifndef SEEMAIL_DIRECTORY_CHANGE_H
#define SEEMAIL_DIRECTORY_CHANGE_H

/*
 * directory_change: what an entry of a directory should hold of ours: some
 * values more, some less, and the others, which are not ours, as they are.
 * What is so already is left alone, so that it may be done again and by
 * several hubs at once.
 */

#include "der.h"

struct directory_session;
struct failure;

struct directory_change {
    const char *dn;
    const struct der *certificates; /* that it is to have */
    size_t certificate_count;
    const struct der *gone; /* that it is not to have any more */
    size_t gone_count;
    const char *const *addresses; /* "mail": that it is to have */
    size_t address_count;
};

struct directory_changed {
    size_t added, removed; /* certificates */
    int made;              /* the entry was not there */
};

/*
 * An entry that is not there is made, as an inetOrgPerson (RFC 2798), if its
 * name begins with CN= and there is something to put into it. 0 or -1.
 */
int directory_change(struct directory_session *session,
                     const struct directory_change *change,
                     struct directory_changed *changed_r,
                     struct failure *why);

#endif
