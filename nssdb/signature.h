#ifndef SEEMAIL_SIGNATURE_H
#define SEEMAIL_SIGNATURE_H

/*
 * signature: may the algorithm of a signature be relied on that is no
 * message's: of a CRL, of an OCSP response [2.4-approved]? A message's is
 * cms_signer.h's matter.
 */

#include "der.h"

/* By its name in the table algorithms. `permits' NULL = all that we know. As
 * struct cms_verifier has it. */
struct signature_rules {
    int (*permits)(void *context, const char *name);
    void *context;
};

/* An algorithm's object identifier (content) and parameters. 1 or 0. */
int signature_permitted(const struct der *oid, struct der parameters,
                        const struct signature_rules *rules);

#endif
