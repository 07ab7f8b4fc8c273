#ifndef SEEMAIL_ATTACHED_H
#define SEEMAIL_ATTACHED_H

/*
 * attached: certificates that a message has as files, as answers to requests
 * bring them [2.8-mail-request]: .cer, .crt, .pem, .p7b, .p7c, by their
 * media type or name, in DER or PEM. What cannot be read is passed over.
 */

#include "learn.h"

struct blob;
struct policy;

/* Adds them to the lessons, up to LESSONS_MOST in all. 0 or -1. */
int attached_certificates(struct pool *pool, const struct policy *policy,
                          const struct blob *message, struct lessons *lessons,
                          struct failure *why);

#endif
