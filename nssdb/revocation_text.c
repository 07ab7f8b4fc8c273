/* revocation_text: see revocation_text.h. */
#include "revocation_text.h"

#include "crl_index.h"
#include "pool.h"

#include <secport.h>
#include <stdio.h>
#include <string.h>

static const char *const reasons[] = {
    "unspecified",   "keyCompromise",        "cACompromise",
    "affiliationChanged", "superseded",      "cessationOfOperation",
    "certificateHold", "",                   "removeFromCRL",
    "privilegeWithdrawn", "aACompromise",
};

const char *revocation_reason_word(int reason)
{
    int known = reason >= 0 &&
                (size_t)reason < sizeof reasons / sizeof reasons[0];
    return known ? reasons[reason] : "";
}

const char *revocation_number(struct pool *pool, const struct der *number)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t start = 0;
    while (start + 1 < number->length && number->data[start] == 0)
        start++;
    char *text = pool_alloc(pool, 2 * (number->length - start) + 1);
    for (size_t i = start; text && i < number->length; i++) {
        text[2 * (i - start)] = digits[number->data[i] >> 4];
        text[2 * (i - start) + 1] = digits[number->data[i] & 15];
    }
    return text;
}

/* What a stranger wrote must not speak to a terminal. */
static void make_printable(char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

const char *revocation_name(struct pool *pool, const struct der *name)
{
    SECItem item = {siBuffer, (unsigned char *)(size_t)name->data,
                    (unsigned)name->length};
    char *ascii = CERT_DerNameToAscii(&item);
    char *text = pool_format(pool, "%.200s", ascii ? ascii : "?");
    PORT_Free(ascii);
    if (text)
        make_printable(text);
    return text;
}

static void finish(struct revocation *result)
{
    make_printable(result->text);
}

void revocation_say(struct revocation *result, const char *words)
{
    snprintf(result->text, sizeof result->text, "%s", words);
    finish(result);
}

/* "CRL 1A of CN=..." */
static void title(const struct revocation *result,
                  const struct crl_record *record, char *text, size_t size)
{
    SECItem item = {siBuffer, (unsigned char *)(size_t)record->issuer.data,
                    (unsigned)record->issuer.length};
    char *issuer = CERT_DerNameToAscii(&item);
    snprintf(text, size, "CRL%s%s of %.120s", *result->crl_number ? " " : "",
             result->crl_number, issuer ? issuer : "?");
    PORT_Free(issuer);
}

static void day(time_t when, char text[24])
{
    struct tm tm;
    if (!gmtime_r(&when, &tm) || strftime(text, 24, "%Y-%m-%d", &tm) == 0)
        text[0] = '\0';
}

void revocation_say_crl(struct revocation *result,
                        const struct crl_record *record, const char *words)
{
    char of[200] = "CRL";
    if (record)
        title(result, record, of, sizeof of);
    snprintf(result->text, sizeof result->text, "%s: %s", of, words);
    finish(result);
}

void revocation_say_source(struct revocation *result, const char *where,
                           const char *words)
{
    snprintf(result->text, sizeof result->text, "%.140s: %s", where, words);
    finish(result);
}

void revocation_say_revoked(struct revocation *result,
                            const struct crl_record *record)
{
    char of[200], when[24];
    const char *reason = revocation_reason_word(result->reason);
    title(result, record, of, sizeof of);
    day(result->since, when);
    snprintf(result->text, sizeof result->text, "%s on %s%s%s%s by %s",
             result->status == REVOCATION_SUSPENDED ? "suspended" : "revoked",
             when, *reason ? " (" : "", reason, *reason ? ")" : "", of);
    finish(result);
}

void revocation_say_good(struct revocation *result,
                         const struct crl_record *record)
{
    char of[200], when[24];
    title(result, record, of, sizeof of);
    day(result->next_update, when);
    snprintf(result->text, sizeof result->text, "not revoked by %s%s%s", of,
             result->within_grace ? ", in grace since " : "",
             result->within_grace ? when : "");
    finish(result);
}
