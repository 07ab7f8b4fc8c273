#ifndef SEEMAIL_SMIME_H
#define SEEMAIL_SMIME_H

/*
 * smime: which entities are S/MIME (RFC 8551, 3), by what they say they are
 * or, for mailers that say nothing, by the file name; and their CMS object.
 */

#include "base64.h"
#include "blob.h"
#include "mime.h"

struct pool;

enum smime_kind {
    SMIME_NONE,
    SMIME_CMS,     /* application/pkcs7-mime: encrypted or signed, inside */
    SMIME_DETACHED /* multipart/signed with a pkcs7-signature */
};

enum smime_kind smime_kind(struct pool *pool, const struct entity *entity);

/* Only its name or type says so, in general terms: it may be something else. */
int smime_guessed(const struct entity *entity);

/* Reads the body of an entity by its Content-Transfer-Encoding. */
struct body_source {
    struct blob_source blob;
    struct base64_source base64;
    struct source *source; /* read this */
};

/* 1; 0 = an encoding that a CMS object does not have. */
int body_source_init(struct body_source *body, const struct blob *blob,
                     const struct entity *entity);

#endif
