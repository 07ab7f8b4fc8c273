#ifndef SEEMAIL_PASSWORDS_H
#define SEEMAIL_PASSWORDS_H

/*
 * passwords: the file with the password of the key store, as certutil -f
 * reads it: one line; or lines "TOKEN:password" for PKCS#11 tokens, and that
 * of the store itself on the last line. Only the store itself gets a line
 * without a token's name: a wrong try brings a token nearer to locking.
 *
 * Failures are FAILURE_KEYSTORE.
 */

struct failure;
struct passwords;

/* A file that is missing has none. The file is FILE_SECRET. 0 or -1. */
int passwords_read(const char *path, struct passwords **passwords_r,
                   struct failure *why);
void passwords_free(struct passwords **passwords);

/* That of a token, borrowed; NULL = none, or it was wrong. */
const char *passwords_of(const struct passwords *passwords,
                         const char *token, int internal);

/* Is there one for a token, beside that of the store? */
int passwords_for_tokens(const struct passwords *passwords);

/* It was wrong: nobody gets it again from here. */
void passwords_wrong(struct passwords *passwords, const char *token,
                     int internal);

#endif
