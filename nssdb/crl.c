/* crl: see crl.h. */
#include "crl.h"

#include "cms_oids.h"
#include "crl_index.h"
#include "extension.h"
#include "failure.h"
#include "revocation.h"

#include <string.h>

#define TAG_ENUMERATED 0x0a
enum { REASON_UNUSED = 7, REASON_REMOVED = 8, REASON_MOST = 10 };

static int malformed(struct failure *why, const char *what)
{
    return failure(why, FAILURE_MALFORMED, "CRL: %s", what);
}

/* The only thing in `in' is an INTEGER that is not negative: 1, 0. */
static int read_number(struct der in, struct der *number_r)
{
    struct der_value value;
    if (!der_expect(&in, TAG_INTEGER, &value) || in.length != 0 ||
        value.content.length == 0 ||
        value.content.length > CRL_NUMBER_MOST + 1 ||
        value.content.data[0] >= 0x80)
        return 0;
    *number_r = value.content;
    return 1;
}

static int read_key_id(struct der in, struct der *id_r)
{
    struct der_value list, value;
    int rc;
    if (!der_expect(&in, TAG_SEQUENCE, &list) || in.length != 0)
        return 0;
    while ((rc = der_next(&list.content, &value)) > 0)
        if (value.tag == (TAG_CONTEXT | 0))
            *id_r = value.content;
    return rc == 0;
}

static int read_scope(struct der value, struct crl *crl)
{
    struct crl_scope scope;
    if (!crl_scope_read(&value, &scope))
        return 0;
    crl->scope = value;
    crl->indirect = scope.indirect;
    return 1;
}

static int is(const struct extension *one, const char *oid, size_t length)
{
    return der_equal(&one->oid, oid, length);
}

/* 1; 0 = malformed; 2 = it is none of ours. */
static int take_extension(const struct extension *one, struct crl *crl)
{
    if (is(one, OID(CE_CRL_NUMBER)))
        return !crl->number.data && read_number(one->value, &crl->number);
    if (is(one, OID(CE_DELTA_INDICATOR))) {
        crl->delta = 1;
        return !crl->base.data && read_number(one->value, &crl->base);
    }
    if (is(one, OID(CE_ISSUING_POINT)))
        return !crl->scope.data && read_scope(one->value, crl);
    if (is(one, OID(CE_FRESHEST_CRL))) {
        crl->freshest = one->value;
        return 1;
    }
    if (is(one, OID(CE_AUTHORITY_KEY_ID)))
        return read_key_id(one->value, &crl->key_id);
    return 2;
}

static int read_extensions(struct der list, struct crl *crl,
                           struct failure *why)
{
    struct extension one;
    int rc;
    if (list.length > CRL_EXTENSIONS_MOST)
        return failure(why, FAILURE_LIMIT, "CRL: extensions of %zu bytes",
                       list.length);
    while ((rc = extension_next(&list, &one)) > 0) {
        int took = take_extension(&one, crl);
        if (took == 0)
            return malformed(why, "an extension is malformed");
        if (took == 2 && one.critical)
            return malformed(why, "it has a critical extension that is not "
                                  "known");
    }
    return rc < 0 ? malformed(why, "its extensions are malformed") : 0;
}

/* What stands between the dates and the end of the TBSCertList. */
static int read_rest(struct der in, int version, struct crl *crl,
                     struct failure *why)
{
    struct der_value value, list;
    int rc = der_next(&in, &value);
    if (rc > 0 && value.tag == TAG_SEQUENCE) {
        crl->entries = value.content;
        rc = der_next(&in, &value);
    }
    if (rc > 0 && value.tag == (TAG_CONTEXT | TAG_CONSTRUCTED | 0)) {
        if (version != 2 ||
            !der_expect(&value.content, TAG_SEQUENCE, &list) ||
            value.content.length != 0)
            return malformed(why, "its extensions are malformed");
        if (read_extensions(list.content, crl, why) < 0)
            return -1;
        rc = der_next(&in, &value);
    }
    return rc == 0 ? 0 : malformed(why, "more or less than a CRL");
}

/* [version,] signature, issuer, thisUpdate, [nextUpdate,] ... */
static int read_tbs(struct der in, struct crl *crl, struct failure *why)
{
    struct der_value value;
    int version = 1;
    if (der_next(&in, &value) != 1)
        return malformed(why, "it is empty");
    if (value.tag == TAG_INTEGER) {
        version = 2;
        if (!der_equal(&value.content, "\1", 1) || der_next(&in, &value) != 1)
            return malformed(why, "another version than 2");
    }
    if (value.tag != TAG_SEQUENCE ||
        !der_equal(&value.whole, crl->algorithm.data, crl->algorithm.length))
        return malformed(why, "two different algorithms of its signature");
    if (!der_expect(&in, TAG_SEQUENCE, &value))
        return malformed(why, "it has no issuer");
    crl->issuer = value.whole;
    if (der_next(&in, &value) != 1 || !der_time(&value, &crl->this_update))
        return malformed(why, "thisUpdate is no time");
    struct der after = in;
    if (der_next(&after, &value) == 1 && (value.tag == TAG_UTC_TIME ||
                                          value.tag == TAG_GENERALIZED_TIME)) {
        if (!der_time(&value, &crl->next_update))
            return malformed(why, "nextUpdate is no time");
        in = after;
    }
    return read_rest(in, version, crl, why);
}

int crl_read(const struct der *whole, struct crl *crl_r, struct failure *why)
{
    struct der in = *whole;
    struct der_value list, tbs, value;
    memset(crl_r, 0, sizeof *crl_r);
    if (!der_expect(&in, TAG_SEQUENCE, &list) || in.length != 0 ||
        !der_expect(&list.content, TAG_SEQUENCE, &tbs))
        return malformed(why, "it is no CertificateList in DER");
    if (!der_expect(&list.content, TAG_SEQUENCE, &value))
        return malformed(why, "it names no algorithm");
    crl_r->tbs = tbs.whole;
    crl_r->algorithm = value.whole;
    if (!der_expect(&list.content, TAG_BIT_STRING, &value) ||
        list.content.length != 0 || value.content.length < 2 ||
        value.content.data[0] != 0)
        return malformed(why, "it has no signature");
    crl_r->signature = (struct der){value.content.data + 1,
                                    value.content.length - 1};
    if (read_tbs(tbs.content, crl_r, why) < 0)
        return -1;
    if (crl_r->delta && !crl_r->number.data)
        return malformed(why, "a delta without a number");
    return 0;
}

void crl_walk(const struct crl *crl, struct crl_walk *walk_r)
{
    *walk_r = (struct crl_walk){.rest = crl->entries,
                                .indirect = crl->indirect,
                                .delta = crl->delta};
}

/* 1, 0 = malformed. */
static int read_reason(struct der in, int delta, int *reason_r)
{
    struct der_value value;
    if (!der_expect(&in, TAG_ENUMERATED, &value) || in.length != 0 ||
        value.content.length != 1)
        return 0;
    *reason_r = value.content.data[0];
    return *reason_r <= REASON_MOST && *reason_r != REASON_UNUSED &&
           (delta || *reason_r != REASON_REMOVED);
}

/* As take_extension() */
static int take_entry_extension(const struct extension *one,
                                struct crl_walk *walk,
                                struct crl_entry *entry)
{
    struct der in = one->value;
    struct der_value names;
    if (is(one, OID(CE_REASON_CODE)))
        return read_reason(in, walk->delta, &entry->reason);
    if (is(one, OID(CE_INVALIDITY_DATE)) ||
        is(one, OID(CE_HOLD_INSTRUCTION)))
        return 1;
    if (!is(one, OID(CE_CERTIFICATE_ISSUER)))
        return 2;
    if (!walk->indirect || !der_expect(&in, TAG_SEQUENCE, &names) ||
        in.length != 0)
        return 0;
    walk->issuer = names.content; /* for those that follow too */
    return 1;
}

static int read_entry_extensions(struct der list, struct crl_walk *walk,
                                 struct crl_entry *entry, struct failure *why)
{
    struct extension one;
    int rc;
    if (list.length > CRL_EXTENSIONS_MOST)
        return failure(why, FAILURE_LIMIT, "CRL: an entry has extensions of "
                       "%zu bytes", list.length);
    while ((rc = extension_next(&list, &one)) > 0) {
        int took = take_entry_extension(&one, walk, entry);
        if (took == 0)
            return malformed(why, "an extension of an entry is malformed");
        if (took == 2 && one.critical)
            return malformed(why, "an entry has a critical extension that is "
                                  "not known");
    }
    return rc < 0 ? malformed(why, "extensions of an entry are malformed") : 0;
}

int crl_walk_next(struct crl_walk *walk, struct crl_entry *entry_r,
                  struct failure *why)
{
    struct der_value entry, value;
    int rc = der_next(&walk->rest, &entry);
    if (rc == 0)
        return 0;
    if (walk->count++ == CRL_ENTRIES_MOST)
        return failure(why, FAILURE_LIMIT, "CRL: more than %d entries",
                       CRL_ENTRIES_MOST);
    *entry_r = (struct crl_entry){.reason = REVOCATION_NO_REASON};
    if (rc < 0 || entry.tag != TAG_SEQUENCE ||
        !der_expect(&entry.content, TAG_INTEGER, &value) ||
        value.content.length == 0 ||
        value.content.length > CRL_SERIAL_MOST)
        return malformed(why, "an entry is malformed");
    entry_r->serial = value.content;
    if (der_next(&entry.content, &value) != 1 ||
        !der_time(&value, &entry_r->date))
        return malformed(why, "an entry has no date");
    rc = der_next(&entry.content, &value);
    if (rc > 0 && (value.tag != TAG_SEQUENCE || entry.content.length != 0))
        rc = -1;
    if (rc < 0)
        return malformed(why, "an entry is malformed");
    if (rc > 0 &&
        read_entry_extensions(value.content, walk, entry_r, why) < 0)
        return -1;
    entry_r->issuer = walk->issuer;
    return 1;
}
