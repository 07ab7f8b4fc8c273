#ifndef SEEMAIL_SEAL_H
#define SEEMAIL_SEAL_H

/*
 * seal: a message, signed and then encrypted (RFC 8551, 3.7): the original
 * Content-* fields and body become the first part of a multipart/signed,
 * which goes into an application/pkcs7-mime; the other fields stay outside,
 * but for Bcc. One pass, constant memory. Without recipients the
 * multipart/signed is not encrypted.
 */

#include "cms_sign.h"
#include "cms_wrap.h"

struct source;
struct sink;

struct seal {
    const struct cms_signer *signer;
    const struct cms_hash *hash;
    const struct cms_algorithm *cipher;
    const struct cms_recipient *recipients;
    size_t recipient_count;
    size_t header_limit; /* bytes of the header block */
    const char *tag;     /* that the subject begins with; NULL = none */
    const char *field;   /* of the header, with its line end; NULL = none */
};

/*
 * Reads a message (LF line ends) and writes the sealed one (LF line ends).
 * What was written before a failure is worth nothing. 0 or -1.
 */
int seal(const struct seal *seal, struct source *in, struct sink *out,
         struct failure *why);

#endif
