/* held: see held.h. */
#include "held.h"

#include "decide.h"
#include "pool.h"

#include <string.h>
#include <strings.h>

enum { FROZEN, NEW, OTHER, BY_TEXT };

/* The first that fits counts; after the first three, by Exim's words. */
const struct held_reason held_reasons[] = {
    [FROZEN] = {"frozen", NULL,
                "look at it; then seemail-queue release or bounce"},
    [NEW] = {"new", NULL, NULL},
    [OTHER] = {"delivery", NULL, NULL},
    [BY_TEXT] = {"administrator", "holds this message for an administrator",
                 "look at it; then seemail-queue release --in-clear, or "
                 "bounce"},
    {"undecided", "did not decide on this message",
     "Exim ran without the hook: check local_scan_path; the sender must send "
     "it again"},
    {"unknown-recipient", "did not decide on this recipient",
     "an alias or a forward made the address: list it where it is known at "
     "reception"},
    {"own-certificate", "our own certificate",
     "seemail-certs status tells what is wrong with it"},
    {"keystore", "key store",
     "mend the key store: seemail-certs status tells what is wrong"},
    {"no-certificate", "no certificate is known",
     "seemail-certs refresh, or pin the partner's certificate with certutil"},
    {"filter", "seemail-filter failed",
     "the log of seemail-filter tells why: see the setting log"},
    {"filter", "transport filter process failed",
     "the log of seemail-filter tells why: see the setting log"},
    {"certificate", "SEEMail cannot seal",
     "ask the partner for a certificate that is valid, then seemail-certs "
     "refresh"},
};
const size_t held_reason_count = sizeof held_reasons / sizeof held_reasons[0];

const struct held_reason *held_why(const struct spool_message *message)
{
    if (message->frozen)
        return &held_reasons[FROZEN];
    if (!*message->reason)
        return &held_reasons[NEW];
    for (size_t i = BY_TEXT; i < held_reason_count; i++)
        if (strstr(message->reason, held_reasons[i].text))
            return &held_reasons[i];
    return &held_reasons[OTHER];
}

const char *held_decided(struct pool *pool,
                         const struct spool_message *message, const char *key)
{
    const char *pattern = pool_format(pool, " %s=\"", key);
    const char *at = pattern && message->decision
                         ? strstr(message->decision, pattern) : NULL;
    if (!at)
        return "";
    at += strlen(pattern);
    const char *value = pool_substring(pool, at, strcspn(at, "\""));
    return value ? value : "";
}

const char *held_class(struct pool *pool, const struct spool_message *message,
                       const char *recipient)
{
    struct decided decided;
    enum recipient_class class;
    const char *at = strrchr(recipient, '@');
    char domain[256];
    size_t i = 0;
    for (at = at ? at + 1 : ""; at[i] && i < sizeof domain - 1; i++)
        domain[i] = (char)(at[i] >= 'A' && at[i] <= 'Z' ? at[i] + 32 : at[i]);
    domain[i] = '\0';
    if (!message->decision ||
        decision_decode(pool, message->decision, &decided, NULL) < 0)
        return "none";
    if (decided_class(&decided, domain, NULL, &class))
        return class_word(class);
    return strstr(message->decision, " a-") ? class_word(CLASS_PERSON)
                                            : "none";
}

const char *held_plain(struct pool *pool, const char *text)
{
    char *copy = pool_string(pool, text);
    for (char *at = copy; at && *at; at++)
        if ((unsigned char)*at < ' ' || (unsigned char)*at > 126)
            *at = '?';
    return copy ? copy : "?";
}

const char *held_age(struct pool *pool, long long seconds)
{
    static const struct { long long length; const char *name; } units[] = {
        {86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    size_t i = 0;
    while (i < 3 && seconds < 2 * units[i].length)
        i++;
    long long count = seconds < 0 ? 0 : seconds / units[i].length;
    const char *text = pool_format(pool, "%lld %s%s", count, units[i].name,
                                   count == 1 ? "" : "s");
    return text ? text : "?";
}
