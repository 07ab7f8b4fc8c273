#ifndef SEEMAIL_POLICY_H
#define SEEMAIL_POLICY_H

/*
 * policy: all tables of a policy folder, checked and ready for use. It is
 * read-only after loading; every rule keeps its file and line, so that each
 * decision can be explained by them. The schemas are in policy_tables.c, the
 * administrator's view in doc/seemail-<table>.5.
 */

#include "event_kind.h"
#include "network.h"
#include "table.h"
#include "trigger.h"

#include <stddef.h>
#include <stdint.h>

struct failure;
struct pool;

/* Where a rule stands: "file:line". */
struct rule {
    const char *file; /* the table's name, without the folder */
    unsigned line;
};

/* A set of markings: bit i is policy->markings[i]. */
typedef uint64_t marking_set;
#define MARKINGS_MOST 64

enum unscannable { UNSCANNABLE_MARKED, UNSCANNABLE_PLAIN, UNSCANNABLE_HOLD };
enum unlisted { UNLISTED_REFUSE_ALL, UNLISTED_REFUSE_UNLISTED };
/* Whose certificates are used without being approved one by one. */
enum approval_mode {
    APPROVAL_NOBODY,
    APPROVAL_SEEMAIL,
    APPROVAL_LISTED,
    APPROVAL_ALL
};
enum own_limits { OWN_LIMITS_WARN, OWN_LIMITS_REFUSE };

/* Paths are absolute, or relative to where the process is. */
struct settings {
    const char *nssdb, *nssdb_password, *state;
    const char *log;       /* "syslog", or a file */
    long log_format;       /* enum log_format of logline.h */
    long unscannable;      /* enum unscannable */
    long unlisted;         /* enum unlisted */
    marking_set vendors;   /* what VENDOR-listed domains may get; 0 = none */
    long scan_limit;       /* bytes of text looked through */
    long scan_names;       /* 1 = names of attachments too */
    long scan_attachments; /* 1 = attached text too */
    long mime_depth, mime_parts;
    long header_limit;    /* bytes of one header block */
    long max_recipients;
    long filter_timeout, verify_timeout; /* seconds */
    long scan_port; /* ours, for mail that we opened; 0 = none */
    long release_in_clear; /* 1 = an administrator may, if unmarked */
    long own_limits, own_crl_pointer;    /* enum own_limits */
    long ocsp;         /* 1 = responders are asked where CRLs do not tell */
    long ocsp_timeout; /* seconds for one */
    const char *postmaster;    /* in whose name notices are; in our domains */
    const char *administrator; /* who gets them; likewise */
    const char *sendmail;      /* the program, and arguments after it */
    long request_hours; /* between two requests by mail; 0 = none */
    long answers;         /* to pings and requests of a domain, in an hour */
    long notices_at_once;      /* of one event, in an hour; then digests */
    long seal_source, verify_source; /* enum known_source of nssdb/known.h */
    long known_limit;                /* certificates in the state */
    long known_days;                 /* that an expired one is kept */
    long rsa_bits_send, rsa_bits_receive; /* the least, in a path */
    long receive_network, send_network; /* seconds to wait for it, in all */
    /* In the header of sealed mail; ${marking} in it; NULL = none. */
    const char *label_header, *label_subject, *label_default;
    const char *warning_subject; /* before that of a hard warning; or NULL */
    const char *label_policy, *labels; /* as they are written; or NULL */
    const char *crl_folder; /* CRLs as files; need not be there */
    long crl_limit;         /* bytes of a CRL */
    long crl_timeout;       /* seconds to get one */
    long crl_retry;         /* seconds before it is asked for again */
    long crl_ahead, crl_grace; /* seconds before and after nextUpdate */
    long approval;             /* enum approval_mode */
    long fetch_timeout, fetch_pause; /* seconds */
    const char *http_proxy;          /* NULL = none */
    const char *dns_server; /* ADDRESS[:PORT]; NULL = of resolv.conf */
    long dns_trusted;       /* 1 = it checks DNSSEC, and we believe it */
};

struct identity {
    struct rule rule;
    const char *domain; /* with a dot before it: and all below */
    const char *signing; /* nickname in the NSS store */
    const char *const *decrypting; /* nicknames, the best first */
    size_t decrypting_count;
};

struct partner {
    struct rule rule;
    const char *entry; /* as address_covered() takes it */
    marking_set markings;
    int person; /* a single address: one envelope for that person */
};

enum directory_purpose {
    DIRECTORY_SEEMAIL,
    DIRECTORY_VENDOR,
    DIRECTORY_CERTIFICATES, /* all of them, at each refresh */
    DIRECTORY_DISCOVER,     /* one address at a time, when it is needed */
    DIRECTORY_PUBLISH       /* ours are written to it */
};

/* URIs to discover by the DNS: the LDAP servers that a domain names there
 * (RFC 2782), and certificates that are there themselves (RFC 8162). */
#define DIRECTORY_URI_SRV "ldap+srv:"
#define DIRECTORY_URI_SMIMEA "smimea:"

struct directory {
    struct rule rule;
    const char *name, *uri, *base, *filter;
    const char *const *attributes;
    size_t attribute_count;
    enum directory_purpose purpose;
    const char *bind_dn, *password_file; /* NULL = anonymous */
    /* To discover: entries as of partners, or "CN=x", "O=x", "OU=x" that an
     * issuer's name has; none = it is asked for anybody. */
    const char *const *serves;
    size_t serve_count;
    int starttls;
    const char *ca_file;   /* NULL = the system's */
    const char *mechanism; /* of SASL; NULL = a simple bind */
};

enum algorithm_use {
    ALGORITHM_SIGN,
    ALGORITHM_DIGEST,
    ALGORITHM_ENCRYPT,
    ALGORITHM_KEYTRANSPORT
};
enum algorithm_permit {
    PERMIT_BOTH,
    PERMIT_SEND,
    PERMIT_RECEIVE,
    PERMIT_ANNOUNCED /* received, and sent to who said that he reads it */
};

struct algorithm {
    struct rule rule;
    long rank; /* 1 = the best of its use */
    enum algorithm_use use;
    const char *name;
    enum algorithm_permit permit;
};

struct host {
    struct rule rule;
    struct network network;
    long port; /* ours, that it came to; 0 = any */
};

enum hardness { WARNING_HARD, WARNING_SOFT, WARNING_NONE };

enum server_kind { SERVER_LISTSERV, SERVER_OTHER };

/* Whose unverified senders get no hard warning [2.11-listserv, 2.11-server]. */
struct trusted_server {
    struct rule rule;
    enum server_kind kind;
    int has_network; /* 0 = any host */
    struct network network;
    const char *const *names; /* as address_covered() takes them; none = any */
    size_t name_count;
};

/* With a certificate of this status. */
enum sending { SENDING_HOLD, SENDING_DISCOVER, SENDING_SEND };

/* What is done about a status [2.8-table-send, 2.8-table-recv]. */
struct outcome_rule {
    struct rule rule;
    const char *status; /* a word of transport/verdict.h */
    const char *code;   /* for help desks; NULL with WARNING_NONE perhaps */
    enum sending sending;
    int sending_event; /* enum event_kind: what it tells; -1 = nobody */
    enum hardness receiving;
    int receiving_event;
    const char *text; /* NULL with WARNING_NONE */
};

/* What is done with an event: each includes those before it. */
enum notify { NOTIFY_OFF, NOTIFY_LOG, NOTIFY_DIGEST, NOTIFY_MAIL };
#define NOTIFY_ADMINISTRATOR 1U
#define NOTIFY_SENDER 2U

struct event_rule {
    struct rule rule;
    enum notify how;
    long minutes; /* of a digest */
    unsigned to;  /* NOTIFY_* */
};

struct policy {
    struct pool *pool;
    const char *folder;
    struct settings settings;
    const char *const *markings;
    size_t marking_count;
    const struct trigger_rule *triggers; /* for trigger_new() */
    const struct rule *trigger_rules;    /* where each stands */
    const unsigned char *trigger_markings; /* the marking of each */
    size_t trigger_count;
    /* The security label of a marked mail (RFC 2634, 3): the octets of its
     * policy's OID, NULL = none; by marking, a classification or -1. */
    const unsigned char *label_policy;
    size_t label_policy_length;
    long label_classes[MARKINGS_MOST];
    const struct identity *identities;
    size_t identity_count;
    const struct partner *partners;
    size_t partner_count;
    const struct directory *directories;
    size_t directory_count;
    const struct algorithm *algorithms; /* by use, then rank */
    size_t algorithm_count;
    const struct host *hosts;
    size_t host_count;
    const struct trusted_server *servers;
    size_t server_count;
    const struct outcome_rule *outcomes;
    size_t outcome_count;
    struct event_rule events[EVENT_KINDS];
};

/*
 * Loads a folder. 0; or -1, FAILURE_POLICY when a table is missing or
 * broken: then *why has the first error and their number and, if errors is
 * not NULL, it has them all, one a line.
 */
int policy_load(const char *folder, struct policy **policy_r,
                struct table_errors *errors, struct failure *why);
void policy_free(struct policy **policy);

/* The identity that a canonical domain has, the closest one; or NULL. */
const struct identity *policy_identity(const struct policy *policy,
                                       const char *domain);

/* Is the host (an IP address) that came to our port an inside one? */
const struct host *policy_inside(const struct policy *policy,
                                 const char *address, long port);

/* The trusted server that a mail came from: the host's IP address counts
 * before names. NULL = none. A domain of NULL fits no name. */
struct address;
const struct trusted_server *policy_server(const struct policy *policy,
                                           const char *host,
                                           const struct address *sender,
                                           const struct address *from);

/* What is done about a status, by its word; or NULL. */
const struct outcome_rule *policy_outcome(const struct policy *policy,
                                          const char *status);

/* Is the directory asked for certificates of this canonical domain, or of one
 * whose issuer has a name of these ("CN=x", ...)? */
int policy_directory_serves(const struct directory *directory,
                            const char *domain, const char *const *issuer,
                            size_t issuer_count);

/* The first directory of a purpose, or NULL. */
const struct directory *policy_directory_for(const struct policy *policy,
                                             enum directory_purpose purpose);

/* The markings of the triggers that were found. */
marking_set policy_found(const struct policy *policy,
                         const struct trigger *trigger);

/* The highest classification of markings by name, ", " between them; -1. */
long policy_classification(const struct policy *policy, const char *markings);

/* The best algorithm of a use that may be sent to anybody (or received), or
 * NULL. */
const struct algorithm *policy_algorithm(const struct policy *policy,
                                         enum algorithm_use use, int send);

/* May this algorithm be received (or sent to anybody)? NULL = no. */
const struct algorithm *policy_permits(const struct policy *policy,
                                       enum algorithm_use use,
                                       const char *name, int send);

#endif
