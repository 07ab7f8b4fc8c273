/* policy_labels: the settings label-policy and labels; see policy.h. */
#include "policy_load.h"

#include "failure.h"
#include "pool.h"

#include <stdlib.h>
#include <string.h>

#define CLASSIFICATION_MOST 256 /* RFC 2634, 3.2 */
#define OID_MOST 60             /* octets */

static void setting_error(struct loader *loader, const char *text,
                          const char *expected)
{
    table_error(loader->errors, policy_schemas[POLICY_SETTINGS].name, 0, 0,
                text, expected);
}

/* A number of an OID, in groups of seven bits. 0 = there is no room. */
static int put_number(unsigned long number, unsigned char *octets,
                      size_t *length)
{
    int groups = 1;
    while (groups < 5 && number >> 7 * groups)
        groups++;
    if (*length + (size_t)groups > OID_MOST || number >> 7 * groups)
        return 0;
    for (int i = groups - 1; i >= 0; i--)
        octets[(*length)++] = (unsigned char)((number >> 7 * i & 0x7f) |
                                              (i ? 0x80 : 0));
    return 1;
}

/* "1.2.3": its octets (X.690, 8.19). 0 = it is none. */
static int encode_oid(const char *text, unsigned char *octets, size_t *length)
{
    unsigned long first = 0;
    for (size_t i = 0;; i++) {
        char *end;
        if (*text < '0' || *text > '9')
            return 0;
        unsigned long number = strtoul(text, &end, 10);
        if (i == 0 && number > 2)
            return 0;
        if (i == 0)
            first = number;
        else if (i == 1 && number > (first < 2 ? 39UL : 1000UL))
            return 0;
        else if (!put_number(i == 1 ? 40 * first + number : number, octets,
                             length))
            return 0;
        if (!*end)
            return i > 0;
        if (*end != '.')
            return 0;
        text = end + 1;
    }
}

static int load_oid(struct loader *loader)
{
    struct policy *policy = loader->policy;
    const char *text = policy->settings.label_policy;
    unsigned char octets[OID_MOST];
    size_t length = 0;
    if (!text || !*text)
        return 0;
    if (!encode_oid(text, octets, &length)) {
        setting_error(loader, text,
                      "an object identifier, 1.2.3, as label-policy");
        return 0;
    }
    policy->label_policy = pool_copy(policy->pool, octets, length);
    policy->label_policy_length = length;
    return policy->label_policy ? 0 : failure_memory(loader->why);
}

/* The marking of these characters: its number, or -1. */
static long find_marking(const struct policy *policy, const char *name,
                         size_t length)
{
    for (size_t i = 0; i < policy->marking_count; i++)
        if (strlen(policy->markings[i]) == length &&
            strncmp(policy->markings[i], name, length) == 0)
            return (long)i;
    return -1;
}

/* "MARKING=number", up to a comma. 0 = it is none. */
static int load_class(struct policy *policy, const char *text, size_t length)
{
    const char *equals = memchr(text, '=', length);
    long marking = equals ? find_marking(policy, text,
                                         (size_t)(equals - text)) : -1;
    char *end;
    if (marking < 0 || equals[1] < '0' || equals[1] > '9')
        return 0;
    long number = strtol(equals + 1, &end, 10);
    if (end != text + length || number > CLASSIFICATION_MOST)
        return 0;
    policy->label_classes[marking] = number;
    return 1;
}

int load_labels(struct loader *loader)
{
    struct policy *policy = loader->policy;
    const char *text = policy->settings.labels;
    for (size_t i = 0; i < MARKINGS_MOST; i++)
        policy->label_classes[i] = -1;
    while (text && *text) {
        size_t length = strcspn(text, ",");
        if (!load_class(policy, text, length)) {
            setting_error(loader, policy->settings.labels,
                          "MARKING=number, 0 to 256, and others behind a "
                          "comma, as labels");
            break;
        }
        text += length;
        text += strspn(text, ", ");
    }
    return load_oid(loader);
}

long policy_classification(const struct policy *policy, const char *markings)
{
    long highest = -1;
    while (*markings) {
        const char *end = strstr(markings, ", ");
        size_t length = end ? (size_t)(end - markings) : strlen(markings);
        long marking = find_marking(policy, markings, length);
        if (marking >= 0 && policy->label_classes[marking] > highest)
            highest = policy->label_classes[marking];
        markings += length;
        markings += strspn(markings, ", ");
    }
    return highest;
}
