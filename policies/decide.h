#ifndef SEEMAIL_DECIDE_H
#define SEEMAIL_DECIDE_H

/*
 * decide: what is done with a mail for each recipient, by the policy and
 * nothing else: the same facts and policy give the same decision
 * [1.3-consistent]. And the decision as a string, which the hook leaves in
 * $local_scan_data for Exim's routers and the filters.
 */

#include "policy.h"

#include <stddef.h>

struct buffer;
struct failure;
struct pool;

enum direction {
    DIRECTION_INSIDE, /* from our own people */
    DIRECTION_OUTSIDE,
    DIRECTION_OWN /* made by the hub: bounces, warnings */
};

/* By severity. */
enum recipient_class {
    CLASS_INSIDE, /* ours: to the agency's mail server */
    CLASS_ANSWER, /* ours: the hub itself answers */
    CLASS_PLAIN,  /* sent as it came */
    CLASS_SEAL,   /* sealed to the domain's certificate */
    CLASS_PERSON, /* sealed to that person's certificate */
    CLASS_HOLD,   /* kept until an administrator decides */
    CLASS_REFUSE, /* not taken */
    CLASSES
};

/* Is it decided for one address, and not for all of its domain? */
int class_is_single(enum recipient_class class);

const char *direction_word(enum direction direction);
const char *class_word(enum recipient_class class);

#define LIST_SEEMAIL "SEEMAIL"
#define LIST_VENDOR "VENDOR"

/*
 * Is a canonical domain on the list (LIST_*)? 1 with the entry's name (its
 * DN) in entry_r, 0, or -1. NULL for the function = the lists are empty.
 */
struct decide_lists {
    int (*listed)(void *context, const char *list, const char *domain,
                  char *entry_r, size_t size, struct failure *why);
    void *context;
};

struct mail_facts {
    enum direction direction;
    marking_set markings;
    const char *unscannable; /* NULL, or why not all could be searched */
    const char *from;        /* address in the From field, or NULL */
    const char *sender;      /* of the envelope; "" = none */
    /* User@domain each. A domain in other letters than ASCII is refused, so
     * the caller makes A-labels of it first, if it can. */
    const char *const *recipients;
    size_t recipient_count;
    const char *verdict; /* word of what was verified; NULL = none */
    int request; /* the hub's own, for the certificate of its one recipient's
                    domain: signed, and with nothing in it */
};

struct outcome {
    const char *recipient; /* as given */
    const char *address;   /* lower case; NULL = no address to speak of */
    size_t domain;         /* index into decision->domains */
    enum recipient_class class;
    const char *reason;
    const char *rule; /* "file:line", the entry of a list, or "default" */
};

struct decided_domain {
    const char *name;
    enum recipient_class class; /* of all there that have none of their own */
    int has_class;              /* 0 = there are such alone */
};

struct decision {
    enum direction direction;
    const char *marking; /* names, by ", "; "" = not marked */
    const char *from;    /* our domain that signs, or "" */
    const char *verdict;
    int never_clear; /* it has a marking, or is treated as if it had */
    int quiet; /* a program's mail, or a list's: it makes no notices */
    const char *told; /* address_word() of who may be told; NULL = nobody */
    struct outcome *outcomes; /* one a recipient, in their order */
    size_t count;
    struct decided_domain *domains;
    size_t domain_count;
    const struct outcome *refused; /* the one that caused it, or NULL */
};

/* 0, or -1: a list could not be read, too many recipients, memory. */
int decide(struct pool *pool, const struct policy *policy,
           const struct mail_facts *facts, const struct decide_lists *lists,
           struct decision *decision_r, struct failure *why);

/*
 * The string: key="value" pairs with a space between, which Exim's
 * ${extract{key}{...}} reads. Values never hold quotes or backslashes.
 *     v        1
 *     dir      inside, outside, own
 *     marking  names by ", ", or empty
 *     from     our domain that signs
 *     verdict  word
 *     clear    never, or may: whether an administrator may let it go as it
 *              came, where it cannot be sealed
 *     quiet    1, or not there: it makes no notices
 *     told     one of our people (address_word()), who may be told, or not there
 *     all      the class, when all recipients have the same; otherwise:
 *     a-KEY    the class of one address ("person", "answer"); goes first
 *     d-DOMAIN the class of a domain's other addresses ("none": there are
 *              none)
 *     all      where the domains would take too many bytes: the class of all
 *              that are not named: 1,000 domains of two classes and of 20
 *              characters fit
 * KEY is what the function makes of local@domain in lower case; it is of
 * letters, digits, and -. A recipient that none of these speaks of was not
 * decided on and must wait.
 */
#define DECISION_VERSION "1"
#define DECISION_MAY_CLEAR "may"
#define DECISION_NEVER_CLEAR "never"
#define DECISION_BYTES_MOST 16000 /* Exim has room for 16360 */

typedef int decision_key(const char *address, char *key_r, size_t size);

/* Appends to text. 0; 1 = it would be over DECISION_BYTES_MOST: too many
 * recipients that are treated differently; -1. */
int decision_encode(const struct decision *decision, decision_key *key,
                    struct buffer *text, struct failure *why);

/* What was encoded; texts live in the pool. */
struct decided {
    enum direction direction;
    const char *marking, *from, *verdict;
    int quiet;
    const char *told; /* "" = nobody */
    const char *text;
};

/* 0, or -1 FAILURE_MALFORMED: not written by decision_encode(). */
int decision_decode(struct pool *pool, const char *text,
                    struct decided *decided_r, struct failure *why);

/*
 * The class of a recipient by its canonical domain and its key (NULL = look
 * for the domain alone). 1, or 0: nothing was decided on it.
 */
int decided_class(const struct decided *decided, const char *domain,
                  const char *key, enum recipient_class *class_r);

#endif
