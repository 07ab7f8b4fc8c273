#ifndef SEEMAIL_NOTICE_H
#define SEEMAIL_NOTICE_H

/*
 * notice: a warning put on top of a received message by wrapping, never by
 * editing: the original entity stays byte for byte as it was, so that an
 * individual's signature inside still verifies [1.2-e2e].
 *
 *     Content-Type: multipart/mixed
 *       text/plain   the notice
 *       the original entity: its Content-* fields and its body
 */

#include "stream.h"

struct notice {
    const char *text;    /* UTF-8, LF line ends */
    const char *content; /* the original's Content-* fields, LF line ends,
                            each field complete; "" = it had none */
};

/*
 * Writes the wrapped entity, LF line ends, from its Content-Type field to
 * its last line. The caller has written the message's other header fields
 * and no empty line. 0 or -1.
 */
int notice_wrap(const struct notice *notice, struct source *body,
                struct sink *out, struct failure *why);

/* A boundary that no sender can guess, and end the wrapping himself. */
#define NOTICE_BOUNDARY 33
int notice_boundary(char text_r[NOTICE_BOUNDARY], struct failure *why);

#endif
