#ifndef SEEMAIL_MAILBOX_H
#define SEEMAIL_MAILBOX_H

/*
 * mailbox: the one address that a message is from (RFC 5322, 3.6.2). Read
 * strictly: what two readers could understand differently is ambiguous, and
 * what is ambiguous is not verified (design rule 6).
 */

#include "address.h"
#include "header.h"

/*
 * 1 and *from_r; 0 = ambiguous: no From field or several, no address or
 * several in it, a group, a broken header, a domain that is none; -1 =
 * memory.
 */
int mailbox_from(struct pool *pool, const struct header *header,
                 struct address *from_r);

/*
 * For a From that is ambiguous: whatever some reader may take for an address
 * in it, or in Sender, which is shown where From says nothing: encoded words
 * too, and domains in other letters as idn.h maps them. Up to `most' go into
 * the list; how many, or -1 = memory.
 */
int mailbox_possible(struct pool *pool, const struct header *header,
                     struct address *list, size_t most);

/*
 * For a From that is one address: those of other domains that it shows beside
 * it, in the name or a comment, encoded words too: `ceo@a.test <eve@b.test>'.
 * As above; none is the rule.
 */
int mailbox_named(struct pool *pool, const struct header *header,
                  const struct address *from, struct address *list,
                  size_t most);

#endif
