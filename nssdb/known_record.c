/* known_record: see known_record.h. */
#include "known_record.h"

#include "buffer.h"
#include "failure.h"
#include "state.h"

#include <pk11pub.h>
#include <string.h>

/* A record: this, then `where' with its NUL, then the DER. */
struct record_head {
    unsigned char source;
    unsigned char where; /* bytes, without the NUL */
    unsigned short strength;
    unsigned char pad[4];
    long long first, seen, from, to;
};

int known_encode(struct buffer *out, const struct known *known,
                 struct failure *why)
{
    size_t where = known->where ? strnlen(known->where, 255) : 0;
    struct record_head head = {.source = (unsigned char)known->source,
                               .where = (unsigned char)where,
                               .strength = (unsigned short)known->strength,
                               .first = known->first,
                               .seen = known->seen,
                               .from = known->from,
                               .to = known->to};
    buffer_append(out, &head, sizeof head);
    buffer_append(out, known->where, where);
    buffer_byte(out, 0);
    buffer_append(out, known->certificate.data, known->certificate.length);
    return out->failed ? failure_memory(why) : 0;
}

int known_view(const struct der *record, const unsigned char *fingerprint,
               struct known *known_r)
{
    struct record_head head;
    if (record->length <= sizeof head)
        return 0;
    memcpy(&head, record->data, sizeof head);
    size_t start = sizeof head + head.where + 1U;
    if (head.source >= KNOWN_SOURCES || record->length <= start ||
        record->data[start - 1] != 0)
        return 0;
    *known_r = (struct known){
        .certificate = {record->data + start, record->length - start},
        .source = head.source,
        .where = (const char *)record->data + sizeof head,
        .first = head.first, .seen = head.seen, .from = head.from,
        .to = head.to, .strength = head.strength};
    memcpy(known_r->fingerprint, fingerprint, KNOWN_FINGERPRINT);
    return 1;
}

size_t known_address_prefix(const char *address, char *key_r)
{
    size_t length = strlen(address) + 1;
    if (length == 1 || length + KNOWN_FINGERPRINT > STATE_KEY_MOST)
        return 0;
    memcpy(key_r, address, length);
    return length;
}

static size_t subject_prefix(int kind, const struct buffer *what, char *key_r)
{
    key_r[0] = (char)kind;
    if (what->failed ||
        PK11_HashBuf(SEC_OID_SHA256, (unsigned char *)key_r + 1,
                     (const unsigned char *)what->data,
                     (PRInt32)what->length) != SECSuccess)
        return 0;
    return KNOWN_SUBJECT_PREFIX;
}

size_t known_issuer_prefix(const struct der *issuer, const struct der *serial,
                           char *key_r)
{
    struct buffer what = {0};
    buffer_append(&what, issuer->data, issuer->length);
    buffer_append(&what, serial->data, serial->length);
    size_t length = subject_prefix('i', &what, key_r);
    buffer_free(&what);
    return length;
}

size_t known_identifier_prefix(const struct der *identifier, char *key_r)
{
    struct buffer what = {0};
    buffer_append(&what, identifier->data, identifier->length);
    size_t length = subject_prefix('s', &what, key_r);
    buffer_free(&what);
    return length;
}
