#ifndef SEEMAIL_VERDICT_H
#define SEEMAIL_VERDICT_H

/*
 * verdict: what the hub thinks of a received message, as one named value.
 * The word goes into the X-SEEMAIL-Verified header, the log line and the
 * outcomes table of the policy; they are interface. Order is severity: of
 * two findings the later one in the enum is the message's verdict.
 */

enum verdict {
    VERDICT_NONE,           /* nothing of ours on it: plain mail */
    VERDICT_GOOD,           /* domain signature valid, From matches */
    VERDICT_ENCRYPTED_ONLY, /* encrypted to us, no signature: 2B */
    VERDICT_NO_SIGNATURE,   /* a partner's mail came unsecured: 2B */
    VERDICT_TRUSTED_LISTSERV, /* either of these two, but from such a host */
    VERDICT_TRUSTED_SERVER,
    /* Of the signer's certificate, as judge.h has them. */
    VERDICT_NO_CRL_POINTER,
    VERDICT_CRL_NOT_CHECKABLE,
    VERDICT_CRL_EXPIRED,
    VERDICT_CRL_INVALID,
    VERDICT_EXPIRED,
    VERDICT_NOT_YET_VALID,
    VERDICT_NO_ADDRESS,
    VERDICT_WRONG_ADDRESS,   /* it is for another domain */
    VERDICT_AMBIGUOUS_FROM,  /* no From, or more than one */
    VERDICT_WEAK_KEY,
    VERDICT_WRONG_USAGE,
    VERDICT_SELF_SIGNED,
    VERDICT_UNKNOWN_CA,
    VERDICT_BAD_CERTIFICATE, /* a signature, a constraint in its path */
    VERDICT_NO_CERTIFICATE,  /* it was not found */
    VERDICT_SUSPENDED,
    VERDICT_REVOKED,
    VERDICT_ALTERED,       /* content is not what was signed */
    VERDICT_UNSUPPORTED,   /* algorithm we do not accept */
    VERDICT_UNDECRYPTABLE, /* encrypted, with none of our keys */
    VERDICT_MALFORMED,     /* broken S/MIME structure */
    VERDICT_TOO_DEEP,      /* over a limit: layers, parts, size */
    VERDICTS
};

/* The word, as in the policy's warnings table: "good", "wrong-address". */
const char *verdict_word(enum verdict verdict);

/* The verdict of a word, or -1. */
int verdict_find(const char *word);

/* The worse of the two. */
enum verdict verdict_worse(enum verdict a, enum verdict b);

#endif
