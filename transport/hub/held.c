/* held: see held.h. */
#include "held.h"

#include "decide.h"
#include "pool.h"

#include <string.h>
#include <strings.h>

/* The gravest first: ours stop all mail. What is ours is known by how the
 * words of our routers and filters begin. */
const struct held_reason held_reasons[] = {
    {"frozen", {NULL}, "look at it; then seemail queue release or bounce"},
    {"own-certificate", {"SEEMail cannot seal: our own certificate"},
     "seemail certs status tells what is wrong with it"},
    {"keystore", {"SEEMail cannot seal: failure=keystore "},
     "mend the key store: seemail certs status tells what is wrong"},
    {"undecided", {"SEEMail did not decide on this message"},
     "Exim ran without the hook: check local_scan_path; the sender must send "
     "it again"},
    {"filter",
     {"SEEMail cannot seal: seemail-filter failed",
      "SEEMail cannot seal: failure=", "transport filter process failed"},
     "the log of seemail-filter tells why: see the setting log"},
    {"administrator", {"SEEMail holds this message for an administrator"},
     "look at it; then seemail queue release --in-clear, or bounce"},
    {"unknown-recipient", {"SEEMail did not decide on this recipient"},
     "an alias or a forward made the address: list it where it is known at "
     "reception"},
    {"no-certificate", {"SEEMail cannot seal: no certificate is known"},
     "seemail certs refresh, or pin the partner's certificate with certutil"},
    {"certificate", {"SEEMail cannot seal"},
     "ask the partner for a certificate that is valid, then seemail certs "
     "refresh"},
    {"delivery", {NULL}, NULL},
    {"new", {NULL}, NULL},
};
const size_t held_reason_count = sizeof held_reasons / sizeof held_reasons[0];

#define FROZEN (&held_reasons[0])
#define DELIVERY (&held_reasons[held_reason_count - 2])
#define NEW (&held_reasons[held_reason_count - 1])

const struct held_reason *held_for(const struct spool_message *message,
                                   const struct spool_recipient *recipient)
{
    if (message->frozen)
        return FROZEN;
    if (!*recipient->reason)
        return NEW;
    for (size_t i = 0; recipient->ours && i < held_reason_count; i++)
        for (const char *const *text = held_reasons[i].texts; *text; text++)
            if (strncmp(recipient->reason, *text, strlen(*text)) == 0)
                return &held_reasons[i];
    return DELIVERY;
}

const struct spool_recipient *held_gravest(const struct spool_message *message)
{
    const struct spool_recipient *gravest = NULL;
    for (size_t i = 0; i < message->count; i++)
        if (!gravest || held_for(message, &message->recipients[i]) <
                            held_for(message, gravest))
            gravest = &message->recipients[i];
    return gravest;
}

const struct held_reason *held_why(const struct spool_message *message)
{
    const struct spool_recipient *gravest = held_gravest(message);
    return gravest ? held_for(message, gravest)
                   : message->frozen ? FROZEN : NEW;
}

int held_by(const struct spool_message *message,
            const struct held_reason *reason)
{
    for (size_t i = 0; i < message->count; i++)
        if (held_for(message, &message->recipients[i]) == reason)
            return 1;
    return message->count == 0 && held_why(message) == reason;
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

int held_may_release(struct pool *pool, const struct spool_message *message,
                     const char *recipient)
{
    static const enum recipient_class from[] = {CLASS_SEAL, CLASS_PERSON,
                                                CLASS_HOLD};
    const char *class = held_class(pool, message, recipient);
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++)
        if (strcmp(class, class_word(from[i])) == 0)
            return 1;
    return 0;
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
