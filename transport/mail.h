#ifndef SEEMAIL_MAIL_H
#define SEEMAIL_MAIL_H

/*
 * mail: a mail that the hub itself writes and sends. Unless it asks for an
 * answer, it has an empty envelope sender and says that a program made it
 * (RFC 3834), so that nobody answers it by a program. It goes through the
 * hub's own Exim, which decides on it as on any other: it is sealed for a
 * partner, or waits [2.12-principles].
 */

#include <stddef.h>

struct buffer;
struct failure;
struct policy;

struct mail {
    const char *from, *to; /* one address each, without a name */
    const char *subject;   /* UTF-8, one line */
    const char *answers;   /* Message-ID of what it answers, or NULL */
    const char *sender;    /* of the envelope; NULL = none, and it says that
                              a program made it */
    const char *text;      /* UTF-8, LF line ends */
    /* A file that goes with it, or NULL. */
    const char *type, *name;
    const void *data;
    size_t length;
};

/* A Message-ID without its brackets: nobody else has it. */
#define MAIL_ID 128
int mail_id(const char *from, char id_r[MAIL_ID], struct failure *why);

/* Appends the whole message, with LF line ends. What would end a line in an
 * address or the subject becomes a blank. 0 or -1. */
int mail_write(const struct mail *mail, const char *id, struct buffer *out,
               struct failure *why);

/* Hands a message over to Exim: 0 = taken, Exim is responsible for it; -1.
 * The envelope's sender may be NULL. */
int mail_send(const struct policy *policy, const char *sender, const char *to,
              const struct buffer *message, struct failure *why);

/* Writes it, with a Message-ID of its own, and hands it over. */
int mail_out(const struct policy *policy, const struct mail *mail,
             struct failure *why);

#endif
