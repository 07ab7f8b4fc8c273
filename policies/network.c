/* network: see network.h. */
#include "network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IPV4_PREFIX 96
static const unsigned char ipv4_in_ipv6[12] = {[10] = 0xff, [11] = 0xff};

/* The number after the slash; -1 = none of 0..most. */
static int read_bits(const char *text, unsigned most)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 3 || text[digits])
        return -1;
    long bits = strtol(text, NULL, 10);
    return bits <= (long)most ? (int)bits : -1;
}

static int bit(const unsigned char *bytes, unsigned i)
{
    return bytes[i / 8] >> (7 - i % 8) & 1;
}

int network_parse(const char *text, struct network *network_r)
{
    char address[INET6_ADDRSTRLEN];
    size_t length = strcspn(text, "/");
    if (length >= sizeof address)
        return 0;
    memcpy(address, text, length);
    address[length] = '\0';
    unsigned char *bytes = network_r->bytes;
    int ipv4 = inet_pton(AF_INET, address, bytes + 12) == 1;
    if (ipv4)
        memcpy(bytes, ipv4_in_ipv6, sizeof ipv4_in_ipv6);
    else if (inet_pton(AF_INET6, address, bytes) != 1)
        return 0;
    unsigned before = ipv4 ? IPV4_PREFIX : 0;
    int bits = text[length] ? read_bits(text + length + 1, 128 - before)
                            : (int)(128 - before);
    if (bits < 0)
        return 0;
    network_r->bits = before + (unsigned)bits;
    for (unsigned i = network_r->bits; i < 128; i++)
        if (bit(bytes, i))
            return 0;
    return 1;
}

int network_contains(const struct network *network,
                     const struct network *inner)
{
    if (inner->bits < network->bits)
        return 0;
    for (unsigned i = 0; i < network->bits; i++)
        if (bit(network->bytes, i) != bit(inner->bytes, i))
            return 0;
    return 1;
}

void network_text(const struct network *network, char text_r[NETWORK_TEXT])
{
    char address[INET6_ADDRSTRLEN] = "?";
    int ipv4 = network->bits >= IPV4_PREFIX &&
               memcmp(network->bytes, ipv4_in_ipv6, sizeof ipv4_in_ipv6) == 0;
    unsigned before = ipv4 ? IPV4_PREFIX : 0;
    inet_ntop(ipv4 ? AF_INET : AF_INET6, network->bytes + (ipv4 ? 12 : 0),
              address, sizeof address);
    if (network->bits == 128)
        snprintf(text_r, NETWORK_TEXT, "%s", address);
    else
        snprintf(text_r, NETWORK_TEXT, "%s/%u", address,
                 network->bits - before);
}
