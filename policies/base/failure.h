#ifndef SEEMAIL_FAILURE_H
#define SEEMAIL_FAILURE_H

/*
 * failure: why something could not be done, and what the outside is told.
 *
 * One return rule in the whole tree: a function that can fail returns a
 * negative number and fills *why; 0 and 1 are answers. `why' may be NULL
 * where the caller does not care. The table in failure.c is the one place
 * that turns a kind into an SMTP code, an exit status and a log word; it
 * fails closed: all kinds but a usage error are temporary (design rule 1).
 * At reception a message over a limit is refused for good: no later attempt
 * would fare better, and whoever sends one must not look like a fault of ours.
 */

enum failure_kind {
    FAILURE_NONE,
    FAILURE_POLICY,   /* a policy table is missing or broken */
    FAILURE_KEYSTORE, /* key store missing, locked, unsafe, corrupt */
    FAILURE_STATE,    /* the LMDB state cannot be read or written */
    FAILURE_DISK,     /* reading or writing a file failed */
    FAILURE_MEMORY,   /* out of memory */
    FAILURE_NETWORK,  /* a directory or server did not answer */
    FAILURE_CERT,     /* no usable certificate: the mail waits */
    FAILURE_MALFORMED,/* the input is not what its syntax demands */
    FAILURE_LIMIT,    /* a limit of the settings table was passed */
    FAILURE_CRYPTO,   /* a primitive failed for no reason of the input */
    FAILURE_CHILD,    /* a program that was run failed or timed out */
    FAILURE_USAGE,    /* the command line is wrong */
    FAILURE_BUG,      /* our own code is wrong */
    FAILURE_KINDS
};

struct failure {
    enum failure_kind kind;
    char text[400]; /* complete, one line, no control characters */
};

struct failure_answer {
    const char *word; /* in log lines: failure=word */
    int smtp;         /* of the hook: 451, or 5xx = for good */
    int exit;         /* sysexits number */
};

/* Fills *why (if not NULL) and returns -1, so that `return failure(...)'. */
int failure(struct failure *why, enum failure_kind kind, const char *format,
            ...) __attribute__((format(printf, 3, 4)));

/* The same with ": " and strerror(error_number) after the text. */
int failure_errno(struct failure *why, enum failure_kind kind,
                  int error_number, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

int failure_memory(struct failure *why);

const struct failure_answer *failure_answer(enum failure_kind kind);

#endif
