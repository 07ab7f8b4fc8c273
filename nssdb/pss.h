#ifndef SEEMAIL_PSS_H
#define SEEMAIL_PSS_H

/* pss: the digest of a signature whose algorithm names it in its parameters
 * alone: RSASSA-PSS-params (RFC 4055, 3.1). */

#include "der.h"

/* The name in the table algorithms ("sha256"); SHA-1 where none is named, as
 * the RFC says. NULL = malformed, or one that we do not know. */
const char *pss_hash(struct der parameters);

#endif
