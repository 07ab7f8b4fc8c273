#ifndef SEEMAIL_EVENT_KIND_H
#define SEEMAIL_EVENT_KIND_H

/*
 * event_kind: the exceptions that somebody may want to know of, as named
 * values. Their words stand in the policy's table events, in the log and in
 * notices; they are interface.
 */

enum event_kind {
    EVENT_HELD,                 /* a mail waits: it cannot be sealed */
    EVENT_SENT_UNKNOWN,         /* sealed, the certificate's status unknown */
    EVENT_RECEIVED_REVOKED,     /* [2.8-table-recv] */
    EVENT_RECEIVED_UNTRUSTED,
    EVENT_RECEIVED_EXPIRED,
    EVENT_RECEIVED_UNKNOWN,     /* the certificate's status */
    EVENT_RECEIVED_UNVERIFIED,  /* any other verdict that is not good */
    EVENT_CRL_FAILED,           /* not fetched, or not to be used */
    EVENT_DIRECTORY_FAILED,
    EVENT_LIST_CHANGED,         /* SEEMAIL, VENDOR: somebody came or left */
    EVENT_CERTIFICATE_NEW,      /* fetched, and in use */
    EVENT_CERTIFICATE_PENDING,  /* waits for an approval */
    EVENT_OWN_CERTIFICATE,      /* ours: expires soon, or is not usable */
    EVENT_KEY_COMPROMISED,      /* ours was suspended */
    EVENT_REQUEST_REFUSED,      /* a ping or request that gets no answer */
    EVENT_RELEASED,             /* held mail that a person let go in clear */
    EVENT_KEYSTORE_FAILED,
    EVENT_STATE_FAILED,
    EVENT_FAILED,               /* disk, memory, a program of ours */
    EVENT_KINDS
};

/* The word: "held", "crl-failed". */
const char *event_word(enum event_kind kind);

/* All of them, ended by NULL: a column of a table. */
extern const char *const event_words[EVENT_KINDS + 1];

/* One plain sentence for people: "Mail waits because it cannot be sealed". */
const char *event_title(enum event_kind kind);

/* What an administrator does about it, one sentence. */
const char *event_advice(enum event_kind kind);

#endif
