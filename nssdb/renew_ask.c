/* renew: asking the CA for a certificate; see renew.h. */
#include "renew.h"

#include "buffer.h"
#include "certificate.h"
#include "failure.h"
#include "keystore_write.h"
#include "own.h"
#include "request.h"

#include <certdb.h>
#include <keyhi.h>
#include <pk11pub.h>
#include <secasn1.h>
#include <secitem.h>
#include <secport.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RSA_BITS 3072 /* of a first pair */
#define RSA_LEAST 2048
#define RSA_MOST 8192
#define ADDRESSES_MOST 500

struct asking {
    struct keystore *keystore;
    const struct renew_request *request;
    CERTCertificate *now; /* in use under the nickname; NULL = none */
    PLArenaPool *arena;
    char *addresses[ADDRESSES_MOST];
    size_t address_count;
    struct failure *why;
};

static int read_kind(const char *text, struct key_kind *kind_r,
                     struct failure *why)
{
    char *end = NULL;
    *kind_r = (struct key_kind){ecKey, 0};
    if (strcmp(text, "ec") == 0)
        return 0;
    long bits = strncmp(text, "rsa:", 4) == 0 ? strtol(text + 4, &end, 10) : 0;
    if (!end || *end || bits < RSA_LEAST || bits > RSA_MOST)
        return failure(why, FAILURE_USAGE, "\"%s\": a key is ec, or rsa:BITS "
                       "of %d to %d", text, RSA_LEAST, RSA_MOST);
    *kind_r = (struct key_kind){rsaKey, (unsigned)bits};
    return 0;
}

/* As asked for; or as it is now, but not weaker than is sound today. */
static int find_kind(struct asking *a, struct key_kind *kind_r)
{
    *kind_r = (struct key_kind){rsaKey, RSA_BITS};
    if (a->request->key)
        return read_kind(a->request->key, kind_r, a->why);
    SECKEYPublicKey *public = a->now ? CERT_ExtractPublicKey(a->now) : NULL;
    if (!public)
        return 0;
    unsigned bits = SECKEY_PublicKeyStrengthInBits(public);
    if (SECKEY_GetPublicKeyType(public) == ecKey)
        *kind_r = (struct key_kind){ecKey, 0};
    else
        kind_r->bits = bits < RSA_LEAST ? RSA_LEAST : bits;
    SECKEY_DestroyPublicKey(public);
    return 0;
}

static int has_address(const struct asking *a, const char *address)
{
    for (size_t i = 0; i < a->address_count; i++)
        if (strcmp(a->addresses[i], address) == 0)
            return 1;
    return 0;
}

static int add_address(struct asking *a, const char *address)
{
    if (has_address(a, address))
        return 0;
    if (a->address_count == ADDRESSES_MOST)
        return failure(a->why, FAILURE_LIMIT, "more than %d addresses",
                       ADDRESSES_MOST);
    char *copy = PORT_ArenaStrdup(a->arena, address);
    if (!copy)
        return failure_memory(a->why);
    a->addresses[a->address_count++] = copy;
    return 0;
}

/* Those that it has now, and those that the identity table wants. */
static int find_addresses(struct asking *a)
{
    const struct own *own = a->request->own;
    for (const char *at = a->now ? CERT_GetFirstEmailAddress(a->now) : NULL;
         at; at = CERT_GetNextEmailAddress(a->now, at))
        if (add_address(a, at) < 0)
            return -1;
    for (size_t i = 0; i < own->domain_count; i++) {
        char address[512];
        const char *domain = own->domains[i] + (*own->domains[i] == '.');
        if (a->now && own_names(own, a->now, own->domains[i]))
            continue;
        snprintf(address, sizeof address, "%s@%s",
                 own->uses & OWN_RECEIVES ? CERT_DCA : CERT_DSA, domain);
        if (add_address(a, address) < 0)
            return -1;
    }
    return 0;
}

static int find_subject(struct asking *a, SECItem *subject_r)
{
    if (!a->request->subject && a->now)
        return SECITEM_CopyItem(a->arena, subject_r, &a->now->derSubject) ==
                       SECSuccess ? 0 : failure_memory(a->why);
    if (!a->request->subject)
        return failure(a->why, FAILURE_USAGE, "there is no certificate \"%s\" "
                       "yet: name its subject (--subject \"CN=" CERT_DCA
                       ",O=...,C=NZ\")", a->request->own->nickname);
    CERTName *name = CERT_AsciiToName(a->request->subject);
    if (!name)
        return failure(a->why, FAILURE_USAGE, "\"%s\": no name of a subject",
                       a->request->subject);
    SECItem *der = SEC_ASN1EncodeItem(a->arena, subject_r, name,
                                      SEC_ASN1_GET(CERT_NameTemplate));
    CERT_DestroyName(name);
    return der ? 0 : failure_memory(a->why);
}

/* The new pair goes where the one before is. */
static const char *find_token(const struct asking *a)
{
    PK11SlotInfo *slot = a->now ? a->now->slot : NULL;
    if (a->request->token || !slot || PK11_IsInternal(slot))
        return a->request->token;
    return PK11_GetTokenName(slot);
}

static int find_pair(struct asking *a, SECKEYPrivateKey **key_r, int *new_r)
{
    const struct renew_request *request = a->request;
    struct key_kind kind;
    if (find_kind(a, &kind) < 0)
        return -1;
    int rc = keystore_pending(a->keystore, request->own->nickname, key_r,
                              a->why);
    *new_r = rc == 0;
    if (rc == 0)
        rc = keystore_make_key(a->keystore, find_token(a),
                               request->own->nickname, &kind, key_r, a->why);
    return rc < 0 ? -1 : 0;
}

static int put(struct asking *a, const SECItem *subject, SECKEYPrivateKey *key,
               struct buffer *out)
{
    SECItem *public = keystore_public(key);
    if (!public)
        return failure(a->why, FAILURE_KEYSTORE, "the public key of the new "
                       "pair cannot be read: NSS error %d", PORT_GetError());
    struct request request = {subject, public, key,
                              (const char *const *)a->addresses,
                              a->address_count};
    int rc = request_put(&request, out, a->why);
    SECITEM_FreeItem(public, PR_TRUE);
    return rc;
}

static int ask(struct asking *a, struct buffer *out, int *new_r)
{
    SECItem subject = {siBuffer, NULL, 0};
    SECKEYPrivateKey *key = NULL;
    if (find_subject(a, &subject) < 0 || find_addresses(a) < 0 ||
        find_pair(a, &key, new_r) < 0)
        return -1;
    int rc = put(a, &subject, key, out);
    SECKEY_DestroyPrivateKey(key);
    return rc;
}

static PRTime began(CERTCertificate *certificate)
{
    PRTime from = 0, to;
    CERT_GetCertTimes(certificate, &from, &to);
    return from;
}

/* The newest, suspended or not: names stay when keys change. */
static CERTCertificate *newest(struct keystore *keystore, const char *nickname)
{
    CERTCertificate *found = NULL;
    CERTCertList *list = keystore_named(keystore, nickname);
    if (!list)
        return NULL;
    for (CERTCertListNode *node = CERT_LIST_HEAD(list);
         !CERT_LIST_END(node, list); node = CERT_LIST_NEXT(node))
        if (!found || began(node->cert) > began(found))
            found = node->cert;
    found = found ? CERT_DupCertificate(found) : NULL;
    CERT_DestroyCertList(list);
    return found;
}

int renew_ask(struct keystore *keystore, const struct renew_request *request,
              struct buffer *out, int *new_r, struct failure *why)
{
    struct asking a = {.keystore = keystore, .request = request, .why = why,
                       .arena = PORT_NewArena(DER_DEFAULT_CHUNKSIZE)};
    if (!a.arena)
        return failure_memory(why);
    a.now = newest(keystore, request->own->nickname);
    int rc = ask(&a, out, new_r);
    if (a.now)
        CERT_DestroyCertificate(a.now);
    PORT_FreeArena(a.arena, PR_FALSE);
    return rc;
}
