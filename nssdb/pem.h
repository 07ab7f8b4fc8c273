#ifndef SEEMAIL_PEM_H
#define SEEMAIL_PEM_H

/* pem: textual encoding of DER (RFC 7468), written. */

#include <stddef.h>

struct buffer;

#define PEM_BEGIN "-----BEGIN "
#define PEM_END "-----END "
#define PEM_DASHES "-----"

/* Appends it, with LF line ends. Failure sticks in the buffer. */
void pem_put(struct buffer *out, const char *label, const void *der,
             size_t length);

#endif
