/* discovery_dns: see discovery_dns.h. */
#include "discovery_dns.h"

#include "failure.h"
#include "policy.h"
#include "pool.h"

#include <pk11pub.h>
#include <arpa/nameser.h>
#include <stdlib.h>
#include <string.h>

#define HOST_CHARACTERS                                                       \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"
#define SHA256 32
#define LOCAL_BYTES 28 /* of the SHA-256 of a local part: RFC 8162, 3 */
#define LOCAL_MOST 256

/* usage, selector, matching type (RFC 6698, 2.1): a whole certificate */
#define SMIMEA_HEAD 3
#define USAGE_MOST 3
#define SELECTOR_CERTIFICATE 0
#define MATCHING_FULL 0

static unsigned priority(const struct dns_record *record)
{
    return ns_get16(record->data);
}

static unsigned weight(const struct dns_record *record)
{
    return ns_get16(record->data + 2);
}

/* A host that is named as hosts are; "" is RFC 2782's "no such service". */
static int usable(const struct dns_record *record)
{
    return *record->target &&
           !record->target[strspn(record->target, HOST_CHARACTERS)] &&
           ns_get16(record->data + 4) != 0;
}

/* RFC 2782: of the best priority, by chance, according to weights; a weight
 * of 0 counts as little. NULL = none is left. */
static struct dns_record *choose(struct dns_answer *answer)
{
    struct dns_record *chosen = NULL;
    unsigned total = 0;
    for (size_t i = 0; i < answer->count; i++) {
        struct dns_record *record = &answer->records[i];
        if (!record->data)
            continue;
        if (!chosen || priority(record) < priority(chosen))
            total = 0;
        else if (priority(record) > priority(chosen))
            continue;
        /* each so far stays with the chance that its weight gives it */
        unsigned share = weight(record) ? weight(record) * 16 : 1;
        total += share;
        if (arc4random_uniform(total) < share)
            chosen = record;
    }
    return chosen;
}

int discovery_dns_servers(struct pool *pool, const struct policy *policy,
                          const char *address, unsigned seconds,
                          const char *uris_r[DISCOVERY_SERVERS],
                          size_t *count_r, struct failure *why)
{
    struct dns_answer answer;
    struct dns_record *record;
    const char *name =
        pool_format(pool, "_ldap._tcp.%s", strrchr(address, '@') + 1);
    *count_r = 0;
    if (!name)
        return failure_memory(why);
    if (dns_ask(pool, policy->settings.dns_server, name, DNS_SRV, seconds,
                &answer, why) < 0)
        return -1;
    while (*count_r < DISCOVERY_SERVERS && (record = choose(&answer))) {
        if (usable(record)) {
            uris_r[*count_r] = pool_format(pool, "ldap://%s:%u",
                                           record->target,
                                           ns_get16(record->data + 4));
            if (!uris_r[(*count_r)++])
                return failure_memory(why);
        }
        record->data = NULL;
    }
    return 0;
}

/* The local part without its quotes, in lower case, as a label. */
static int put_label(const char *address, char label_r[2 * LOCAL_BYTES + 1],
                     struct failure *why)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char local[LOCAL_MOST], hash[SHA256];
    const char *at = strrchr(address, '@');
    size_t length = 0;
    for (const char *c = address; c < at && length < sizeof local; c++) {
        if (*c == '"')
            continue;
        if (*c == '\\' && c + 1 < at)
            c++;
        local[length++] =
            (unsigned char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
    }
    if (PK11_HashBuf(SEC_OID_SHA256, hash, local, (PRInt32)length) !=
        SECSuccess)
        return failure(why, FAILURE_CRYPTO, "SHA-256 of an address failed");
    for (size_t i = 0; i < LOCAL_BYTES; i++) {
        label_r[2 * i] = digits[hash[i] >> 4];
        label_r[2 * i + 1] = digits[hash[i] & 15];
    }
    label_r[(size_t)2 * LOCAL_BYTES] = '\0';
    return 0;
}

static int whole(const struct dns_record *record)
{
    return record->length > SMIMEA_HEAD && record->data[0] <= USAGE_MOST &&
           record->data[1] == SELECTOR_CERTIFICATE &&
           record->data[2] == MATCHING_FULL;
}

int discovery_dns_certificates(struct pool *pool, const struct policy *policy,
                               const char *address, unsigned seconds,
                               struct dns_answer *answer_r,
                               struct failure *why)
{
    char label[2 * LOCAL_BYTES + 1];
    size_t kept = 0;
    if (put_label(address, label, why) < 0)
        return -1;
    const char *name = pool_format(pool, "%s._smimecert.%s", label,
                                   strrchr(address, '@') + 1);
    if (!name)
        return failure_memory(why);
    if (dns_ask(pool, policy->settings.dns_server, name, DNS_SMIMEA, seconds,
                answer_r, why) < 0)
        return -1;
    for (size_t i = 0; i < answer_r->count; i++)
        if (whole(&answer_r->records[i])) {
            struct dns_record record = answer_r->records[i];
            record.data += SMIMEA_HEAD;
            record.length -= SMIMEA_HEAD;
            answer_r->records[kept++] = record;
        }
    answer_r->count = kept;
    return 0;
}
