#ifndef SEEMAIL_SCAN_H
#define SEEMAIL_SCAN_H

/*
 * scan: looks for markings in what a reader of a message sees: the subject,
 * the text parts in whatever encoding and charset, and, by setting, the
 * names of attachments and attached text [2.1-triggers].
 */

#include "policy.h"

struct blob;
struct pool;

struct scan_result {
    marking_set markings;
    const char *unscannable; /* NULL, or why not all could be searched */
    int smime;               /* some entity is S/MIME */
};

/* The message: header block and body, LF or CRLF. What the message is at
 * fault for makes it unscannable; -1 is for memory and disk alone. */
int scan_message(struct pool *pool, const struct policy *policy,
                 const struct blob *message, struct scan_result *result_r,
                 struct failure *why);

/* The cheap half: is there S/MIME in it? 1, 0; also 1 if it cannot be told. */
int scan_smime(struct pool *pool, const struct policy *policy,
               const struct blob *message, struct failure *why);

#endif
