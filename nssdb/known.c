/* known: keeping and forgetting; see known.h. */
#include "known_record.h"

#include "buffer.h"
#include "certificate.h"
#include "failure.h"
#include "path.h"
#include "pool.h"
#include "state.h"

#include <keyhi.h>
#include <pk11pub.h>
#include <prtime.h>
#include <string.h>
#include <time.h>

static const char *const words[KNOWN_SOURCES] = {
    [KNOWN_UNVERIFIED] = "unverified", [KNOWN_LEARNED] = "learned",
    [KNOWN_DIRECTORY] = "directory",   [KNOWN_SEEMAIL] = "seemail",
    [KNOWN_PINNED] = "pinned",
};

const char *known_source_word(enum known_source source)
{
    return words[(unsigned)source < KNOWN_SOURCES ? source : KNOWN_UNVERIFIED];
}

int known_source_find(const char *word, enum known_source *source_r)
{
    for (int i = 0; i < KNOWN_SOURCES; i++)
        if (strcmp(words[i], word) == 0) {
            *source_r = (enum known_source)i;
            return 1;
        }
    return 0;
}

int known_compare(const void *one, const void *other)
{
    const struct known *a = one, *b = other;
    if (a->source != b->source)
        return a->source > b->source ? -1 : 1;
    if (a->from != b->from)
        return a->from > b->from ? -1 : 1;
    if (a->strength != b->strength)
        return a->strength > b->strength ? -1 : 1;
    return memcmp(a->fingerprint, b->fingerprint, KNOWN_FINGERPRINT);
}

/* Bits of security (SP 800-57, 5.6.1), so that RSA compares with curves. */
static unsigned strength_of(CERTCertificate *certificate)
{
    SECKEYPublicKey *key = CERT_ExtractPublicKey(certificate);
    if (!key)
        return 0;
    unsigned bits = SECKEY_PublicKeyStrengthInBits(key);
    if (key->keyType == ecKey)
        bits /= 2;
    else
        bits = bits >= 15360  ? 256
               : bits >= 7680 ? 192
               : bits >= 4096 ? 140
               : bits >= 3072 ? 128
               : bits >= 2048 ? 112 : 80;
    SECKEY_DestroyPublicKey(key);
    return bits;
}

static int fingerprint(struct known *known, struct failure *why)
{
    if (PK11_HashBuf(SEC_OID_SHA256, known->fingerprint,
                     known->certificate.data,
                     (PRInt32)known->certificate.length) != SECSuccess)
        return failure(why, FAILURE_CRYPTO, "SHA-256 of a certificate failed");
    return 0;
}

/* 1; 0 = its times cannot be read. */
static int describe(struct known *known, CERTCertificate *certificate)
{
    PRTime from, to;
    if (CERT_GetCertTimes(certificate, &from, &to) != SECSuccess)
        return 0;
    known->from = from / PR_USEC_PER_SEC;
    known->to = to / PR_USEC_PER_SEC;
    known->strength = strength_of(certificate);
    return 1;
}

int known_read(struct known *known, struct failure *why)
{
    if (fingerprint(known, why) < 0)
        return -1;
    CERTCertificate *certificate = cert_decode(&known->certificate);
    int rc = certificate ? describe(known, certificate) : 0;
    if (certificate)
        CERT_DestroyCertificate(certificate);
    return rc;
}

/* Under which keys a certificate is found. */
struct keys {
    struct state *state;
    struct pool *pool;
    const struct known *known;
    CERTCertificate *certificate;
    const char *const *addresses;
    size_t count;
};

typedef int key_act(struct keys *keys, enum state_base base, char *key,
                    size_t length, struct failure *why);

static int add_key(struct keys *keys, enum state_base base, char *key,
                   size_t length, struct failure *why)
{
    memcpy(key + length, keys->known->fingerprint, KNOWN_FINGERPRINT);
    return state_put(keys->state, base, key, length + KNOWN_FINGERPRINT, "", 0,
                     why);
}

static int drop_key(struct keys *keys, enum state_base base, char *key,
                    size_t length, struct failure *why)
{
    memcpy(key + length, keys->known->fingerprint, KNOWN_FINGERPRINT);
    return state_delete(keys->state, base, key, length + KNOWN_FINGERPRINT,
                        why) < 0 ? -1 : 0;
}

static struct der item(const SECItem *item)
{
    return (struct der){item->data, item->len};
}

static int each_subject(struct keys *keys, key_act *act, struct failure *why)
{
    char key[STATE_KEY_MOST];
    SECItem id = {siBuffer, NULL, 0};
    struct der issuer = item(&keys->certificate->derIssuer);
    struct der serial = item(&keys->certificate->serialNumber);
    size_t length = known_issuer_prefix(&issuer, &serial, key);
    int rc = length ? act(keys, STATE_SUBJECTS, key, length, why)
                    : failure_memory(why);
    if (rc == 0 && CERT_FindSubjectKeyIDExtension(keys->certificate, &id) ==
                       SECSuccess) {
        struct der identifier = item(&id);
        length = known_identifier_prefix(&identifier, key);
        rc = length ? act(keys, STATE_SUBJECTS, key, length, why)
                    : failure_memory(why);
    }
    SECITEM_FreeItem(&id, PR_FALSE);
    return rc;
}

static int each_address(struct keys *keys, key_act *act, struct failure *why)
{
    char key[STATE_KEY_MOST];
    for (size_t i = 0; i < keys->count; i++) {
        size_t length = known_address_prefix(keys->addresses[i], key);
        if (length && act(keys, STATE_ADDRESSES, key, length, why) < 0)
            return -1;
    }
    return 0;
}

/* 1; 0 = it is none that could be kept. */
static int open_keys(struct keys *keys, struct failure *why)
{
    keys->certificate = cert_decode(&keys->known->certificate);
    if (!keys->certificate)
        return 0;
    keys->pool = pool_new();
    if (!keys->pool || cert_addresses(keys->pool, keys->certificate,
                                      &keys->addresses, &keys->count) < 0)
        return failure_memory(why);
    return 1;
}

static void close_keys(struct keys *keys)
{
    if (keys->certificate)
        CERT_DestroyCertificate(keys->certificate);
    pool_free(&keys->pool);
}

static int forget(struct state *state, const struct known *known,
                  struct failure *why)
{
    struct keys keys = {.state = state, .known = known};
    int rc = open_keys(&keys, why);
    if (rc > 0)
        rc = each_address(&keys, drop_key, why);
    if (rc == 0 && keys.certificate)
        rc = each_subject(&keys, drop_key, why);
    close_keys(&keys);
    if (rc < 0)
        return -1;
    return state_delete(state, STATE_CERTIFICATES, known->fingerprint,
                        KNOWN_FINGERPRINT, why);
}

int known_forget(struct state *state, const unsigned char *mark,
                 struct failure *why)
{
    struct known known;
    struct der record;
    struct buffer copy = {0}; /* the record goes when the keys are changed */
    int rc = state_get(state, STATE_CERTIFICATES, mark, KNOWN_FINGERPRINT,
                       &record, why);
    if (rc <= 0)
        return rc;
    buffer_append(&copy, record.data, record.length);
    record.data = (unsigned char *)copy.data;
    if (copy.failed)
        rc = failure_memory(why);
    else if (known_view(&record, mark, &known))
        rc = forget(state, &known, why);
    else
        rc = state_delete(state, STATE_CERTIFICATES, mark, KNOWN_FINGERPRINT,
                          why);
    buffer_free(&copy);
    return rc;
}

/* What an address has already, and who goes when it is crowded. */
struct crowd {
    struct state *state;
    size_t all, learned;
    int of_learned; /* it is one of those that goes */
    int found;
    struct known worst; /* a view */
    int rootless;       /* it is */
};

/* Leads it to no root that we trust? Whoever may write into a directory could
 * else fill an address with what he has made himself. 1, 0, -1. */
static int is_rootless(const struct known *known, struct failure *why)
{
    long long now = (long long)time(NULL);
    struct path path = {.status = PATH_BAD};
    CERTCertificate *certificate = cert_decode(&known->certificate);
    int rc = certificate
                 ? path_find(certificate, JUDGE_ENCRYPT,
                             (time_t)(now < known->from ? known->from
                                      : now > known->to ? known->to : now),
                             &path, why)
                 : 0;
    int rootless =
        path.status == PATH_UNKNOWN_CA || path.status == PATH_BAD;
    path_free(&path);
    if (certificate)
        CERT_DestroyCertificate(certificate);
    return rc < 0 ? -1 : rootless;
}

/* The certificate of a key under an address: 1 and a view, 0, -1. */
static int view_of(struct state *state, const struct der *key,
                   struct known *known_r, struct failure *why)
{
    const unsigned char *mark = key->data + key->length - KNOWN_FINGERPRINT;
    struct der record;
    int rc = state_get(state, STATE_CERTIFICATES, mark, KNOWN_FINGERPRINT,
                       &record, why);
    return rc > 0 ? known_view(&record, mark, known_r) : rc;
}

static int count_one(void *context, const struct der *key,
                     const struct der *value, struct failure *why)
{
    struct crowd *crowd = context;
    struct known one;
    (void)value;
    int rc = view_of(crowd->state, key, &one, why);
    crowd->all += rc > 0;
    crowd->learned += rc > 0 && one.source <= KNOWN_LEARNED;
    return rc < 0 ? -1 : 0;
}

static int weigh_one(void *context, const struct der *key,
                     const struct der *value, struct failure *why)
{
    struct crowd *crowd = context;
    struct known one;
    (void)value;
    int rc = view_of(crowd->state, key, &one, why);
    if (rc <= 0 || (crowd->of_learned && one.source > KNOWN_LEARNED))
        return rc < 0 ? -1 : 0;
    int rootless = is_rootless(&one, why);
    if (rootless < 0)
        return -1;
    if (!crowd->found || rootless > crowd->rootless ||
        (rootless == crowd->rootless &&
         known_compare(&crowd->worst, &one) < 0)) {
        crowd->found = 1;
        crowd->worst = one;
        crowd->rootless = rootless;
    }
    return 0;
}

/* Makes room under an address: 1; 0 = what comes would be the last there. */
static int make_room(struct keys *keys, const char *key, size_t length,
                     struct failure *why)
{
    struct crowd crowd = {.state = keys->state};
    struct state *state = keys->state;
    if (state_each(state, STATE_ADDRESSES, key, length, count_one, &crowd,
                   why) < 0)
        return -1;
    crowd.of_learned = keys->known->source <= KNOWN_LEARNED &&
                       crowd.learned >= KNOWN_LEARNED_PER_ADDRESS;
    if (!crowd.of_learned && crowd.all < KNOWN_PER_ADDRESS)
        return 1;
    int rootless = is_rootless(keys->known, why);
    if (rootless < 0 || state_each(state, STATE_ADDRESSES, key, length,
                                   weigh_one, &crowd, why) < 0)
        return -1;
    if (rootless > crowd.rootless ||
        (rootless == crowd.rootless &&
         known_compare(keys->known, &crowd.worst) > 0))
        return 0;
    return known_forget(state, crowd.worst.fingerprint, why) < 0 ? -1 : 1;
}

/* A new one: 1; 0 = there is no room for it. */
static int put_new(struct keys *keys, struct failure *why)
{
    char key[STATE_KEY_MOST];
    int kept = 0;
    for (size_t i = 0; i < keys->count; i++) {
        size_t length = known_address_prefix(keys->addresses[i], key);
        int rc = length ? make_room(keys, key, length, why) : 0;
        if (rc > 0)
            rc = add_key(keys, STATE_ADDRESSES, key, length, why) < 0 ? -1 : 1;
        if (rc < 0)
            return -1;
        kept |= rc;
    }
    return kept && each_subject(keys, add_key, why) < 0 ? -1 : kept;
}

static int put_record(struct state *state, const struct known *known,
                      struct failure *why)
{
    struct buffer record = {0};
    int rc = known_encode(&record, known, why);
    if (rc == 0)
        rc = state_put(state, STATE_CERTIFICATES, known->fingerprint,
                       KNOWN_FINGERPRINT, record.data, record.length, why);
    buffer_free(&record);
    return rc < 0 ? -1 : 1;
}

/* Does what was met again change the record? */
static int is_news(const struct known *old, const struct known *known)
{
    return known->source > old->source ||
           known->seen >= old->seen + KNOWN_SEEN_EVERY;
}

static int put_again(struct state *state, const struct known *old,
                     const struct known *known, struct failure *why)
{
    struct known merged = *old;
    if (!is_news(old, known))
        return 1;
    if (known->source >= old->source) {
        merged.source = known->source;
        merged.where = known->where;
    }
    if (known->seen > old->seen)
        merged.seen = known->seen;
    merged.certificate = known->certificate; /* not what is overwritten */
    return put_record(state, &merged, why);
}

/* What is there of it: 1 and the view; 0; -1. */
static int get_old(struct state *state, struct known *known,
                   struct known *old_r, struct failure *why)
{
    struct der record;
    if (fingerprint(known, why) < 0)
        return -1;
    int rc = state_get(state, STATE_CERTIFICATES, known->fingerprint,
                       KNOWN_FINGERPRINT, &record, why);
    return rc > 0 ? known_view(&record, known->fingerprint, old_r) : rc;
}

int known_put(struct state *state, const struct known *known,
              struct failure *why)
{
    struct known one = *known, old;
    struct keys keys = {.state = state, .known = &one};
    char where[256] = "";
    int rc = get_old(state, &one, &old, why);
    if (rc < 0)
        return -1;
    if (rc > 0) { /* the view ends when it is overwritten */
        memcpy(where, old.where, strlen(old.where) + 1);
        old.where = where;
        return put_again(state, &old, &one, why);
    }
    rc = open_keys(&keys, why);
    if (rc > 0)
        rc = describe(&one, keys.certificate);
    if (rc > 0)
        rc = put_new(&keys, why);
    close_keys(&keys);
    return rc > 0 ? put_record(state, &one, why) : rc;
}

int known_news(struct state *state, const struct known *known,
               struct failure *why)
{
    struct known one = *known, old;
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    int rc = get_old(state, &one, &old, why);
    if (rc >= 0)
        rc = rc == 0 || is_news(&old, &one);
    return state_end(state, rc, why);
}
