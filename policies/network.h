#ifndef SEEMAIL_NETWORK_H
#define SEEMAIL_NETWORK_H

/*
 * network: an IP address, or all that begin with the same bits (CIDR). An
 * IPv4 address that is written in IPv6 (::ffff:192.0.2.1) is the IPv4 one.
 */

#include <netinet/in.h>

struct network {
    unsigned char bytes[16]; /* IPv4 in its IPv6 form */
    unsigned bits;           /* 0..128 of it count */
};

/* "192.0.2.1", "192.0.2.0/24", "2001:db8::/32": 1, or 0 = not one. */
int network_parse(const char *text, struct network *network_r);

/* Is the whole of `inner' in it? */
int network_contains(const struct network *network,
                     const struct network *inner);

/* As it would be written in a table. */
#define NETWORK_TEXT 64
void network_text(const struct network *network, char text_r[NETWORK_TEXT]);

#endif
