#ifndef SEEMAIL_DNS_H
#define SEEMAIL_DNS_H

/*
 * dns: one question to a resolver (RFC 1035), by TCP alone (RFC 7766): a
 * certificate is too long for UDP, and who does not see the connection cannot
 * forge an answer. Nothing here checks DNSSEC: the resolver tells by the AD
 * bit (RFC 6840, 5.8) that it did, and the caller knows if he trusts it.
 *
 * Waits for the network. What the server does wrong is a FAILURE_NETWORK.
 */

#include <stddef.h>

struct failure;
struct pool;

enum dns_type { DNS_SRV = 33, DNS_SMIMEA = 53 }; /* RFC 2782, RFC 8162 */

#define DNS_SECONDS_MOST 5   /* for one question, to all resolvers */
#define DNS_RECORDS_MOST 20  /* of the type asked for, in an answer */
#define DNS_NAME_MOST 1025   /* a name as text, with its end */
#define DNS_MESSAGE_MOST 65535

struct dns_record {
    const unsigned char *data; /* as it came; in the pool */
    size_t length;
    const char *target; /* SRV: the host as text, without the last dot */
};

struct dns_answer {
    struct dns_record records[DNS_RECORDS_MOST];
    size_t count;
    int authenticated; /* the AD bit */
};

/* `server': an address, with ":PORT" after it perhaps, IPv6 in brackets then;
 * NULL = those of resolv.conf(5), one after another. 0, also when there is no
 * such name; -1. */
int dns_ask(struct pool *pool, const char *server, const char *name,
            enum dns_type type, unsigned seconds,
            struct dns_answer *answer_r, struct failure *why);

/* The same for a message that has come: the reply to message `id'. */
int dns_read(struct pool *pool, const unsigned char *message, size_t length,
             unsigned id, const char *name, enum dns_type type,
             struct dns_answer *answer_r, struct failure *why);

#endif
