/* keystore_own: our own certificates and their keys; see keystore.h. */
#include "keystore_inside.h"

#include "failure.h"
#include "suspended.h"

#include <certdb.h>
#include <keyhi.h>
#include <pk11pub.h>
#include <prerror.h>
#include <prtime.h>
#include <secerr.h>
#include <secport.h>
#include <stdio.h>
#include <string.h>

#define NAME_MOST 600

static void take(CERTCertList *all, CERTCertList *some)
{
    if (!some)
        return;
    for (CERTCertListNode *node = CERT_LIST_HEAD(some);
         !CERT_LIST_END(node, some); node = CERT_LIST_NEXT(node)) {
        CERTCertificate *one = CERT_DupCertificate(node->cert);
        if (CERT_AddCertToListTail(all, one) != SECSuccess)
            CERT_DestroyCertificate(one);
    }
    CERT_DestroyCertList(some);
}

/* Those of exactly this name: 1 = there are some. */
static int named_exactly(struct keystore *keystore, const char *nickname,
                         CERTCertList *all)
{
    char name[NAME_MOST];
    take(all, PK11_FindCertsFromNickname(nickname, keystore));
    PK11SlotList *tokens = strchr(nickname, ':')
        ? NULL : PK11_GetAllTokens(CKM_INVALID_MECHANISM, PR_FALSE, PR_FALSE,
                                   NULL);
    for (PK11SlotListElement *at = tokens ? PK11_GetFirstSafe(tokens) : NULL;
         at; at = PK11_GetNextSafe(tokens, at, PR_FALSE)) {
        if (PK11_IsInternal(at->slot))
            continue; /* asked already */
        snprintf(name, sizeof name, "%s:%s", PK11_GetTokenName(at->slot),
                 nickname);
        take(all, PK11_FindCertsFromNickname(name, keystore));
    }
    if (tokens)
        PK11_FreeSlotList(tokens);
    return !CERT_LIST_EMPTY(all);
}

/* NSS wants one subject a nickname. A certificate of another subject, when
 * the CA has changed ours, stands beside it as "nickname #2". */
CERTCertList *keystore_named(struct keystore *keystore, const char *nickname)
{
    CERTCertList *all = CERT_NewCertList();
    char name[NAME_MOST];
    int more = all && named_exactly(keystore, nickname, all);
    for (unsigned i = 2; more && i <= KEYSTORE_SUBJECTS_MOST; i++) {
        CERTCertList *some = CERT_NewCertList();
        snprintf(name, sizeof name, "%s #%u", nickname, i);
        more = some && named_exactly(keystore, name, some);
        take(all, some);
    }
    return all;
}

int keystore_suspended(struct keystore *keystore,
                       CERTCertificate *certificate, time_t *since_r,
                       struct failure *why)
{
    return suspended_has(keystore->suspended, &certificate->derPublicKey,
                         since_r, why);
}

static int self_signed(CERTCertificate *certificate)
{
    return SECITEM_ItemsAreEqual(&certificate->derIssuer,
                                 &certificate->derSubject);
}

/* Rather `a' than `b'? The valid one, then the newer. */
static int better(CERTCertificate *a, CERTCertificate *b, PRTime now)
{
    PRTime from[2] = {0, 0}, to[2] = {0, 0};
    CERT_GetCertTimes(a, &from[0], &to[0]);
    CERT_GetCertTimes(b, &from[1], &to[1]);
    int valid[2] = {from[0] <= now && now <= to[0],
                    from[1] <= now && now <= to[1]};
    if (valid[0] != valid[1])
        return valid[0];
    return from[0] != from[1] ? from[0] > from[1] : to[0] > to[1];
}

/* The best first; NSS's lists can only be added to. NULL = memory. */
static CERTCertList *sorted(CERTCertList *list, PRTime now)
{
    CERTCertList *all = CERT_NewCertList();
    while (all && !CERT_LIST_EMPTY(list)) {
        CERTCertListNode *best = CERT_LIST_HEAD(list);
        for (CERTCertListNode *node = best; !CERT_LIST_END(node, list);
             node = CERT_LIST_NEXT(node))
            if (better(node->cert, best->cert, now))
                best = node;
        CERTCertificate *one = CERT_DupCertificate(best->cert);
        CERT_RemoveCertListNode(best);
        if (CERT_AddCertToListTail(all, one) == SECSuccess)
            continue;
        CERT_DestroyCertificate(one);
        CERT_DestroyCertList(all);
        all = NULL;
    }
    CERT_DestroyCertList(list);
    return all;
}

/* A certificate may have come without its key. A key that is there but
 * locked counts as there: who uses it is told. */
static int lacks_key(struct keystore *keystore, CERTCertificate *certificate)
{
    PORT_SetError(0);
    SECKEYPrivateKey *key = PK11_FindKeyByAnyCert(certificate, keystore);
    if (!key)
        return PORT_GetError() != SEC_ERROR_BAD_PASSWORD;
    SECKEY_DestroyPrivateKey(key);
    return 0;
}

/* Takes out what must not be used; the words say why the last one was. */
static int sift(struct keystore *keystore, CERTCertList *list,
                const char *nickname, struct failure *reason,
                struct failure *why)
{
    CERTCertListNode *next;
    time_t since;
    for (CERTCertListNode *node = CERT_LIST_HEAD(list);
         !CERT_LIST_END(node, list); node = next) {
        next = CERT_LIST_NEXT(node);
        int suspended =
            keystore_suspended(keystore, node->cert, &since, why);
        if (suspended < 0)
            return -1;
        if (suspended)
            failure(reason, FAILURE_CERT, "our own certificate \"%s\": its "
                    "key pair is suspended (seemail-certs compromise): mail "
                    "waits for a new one", nickname);
        else if (self_signed(node->cert))
            failure(reason, FAILURE_KEYSTORE, "key store %s: \"%s\" is "
                    "self-signed: only certificates of a CA are used",
                    keystore->folder, nickname);
        else
            continue;
        CERT_RemoveCertListNode(node);
    }
    return 0;
}

static int none(struct keystore *keystore, const char *nickname,
                struct failure *why)
{
    char what[NAME_MOST];
    snprintf(what, sizeof what, "no certificate \"%.300s\"", nickname);
    return keystore_fail(keystore, why, what);
}

/* Of several, those without a key are taken out, unless none has one. */
static void take_keyless(struct keystore *keystore, CERTCertList *list)
{
    CERTCertListNode *first = CERT_LIST_HEAD(list), *next;
    int keyless_first = 0;
    if (CERT_LIST_END(CERT_LIST_NEXT(first), list))
        return;
    for (CERTCertListNode *node = first; !CERT_LIST_END(node, list);
         node = next) {
        next = CERT_LIST_NEXT(node);
        if (!lacks_key(keystore, node->cert))
            continue;
        if (node == first)
            keyless_first = 1;
        else
            CERT_RemoveCertListNode(node);
    }
    if (keyless_first && !CERT_LIST_END(CERT_LIST_NEXT(first), list))
        CERT_RemoveCertListNode(first);
}

int keystore_own(struct keystore *keystore, const char *nickname,
                 CERTCertList **list_r, struct failure *why)
{
    struct failure reason = {0};
    PORT_SetError(0);
    CERTCertList *list = keystore_named(keystore, nickname);
    if (!list)
        return failure_memory(why);
    if (CERT_LIST_EMPTY(list)) {
        CERT_DestroyCertList(list);
        return none(keystore, nickname, why);
    }
    int rc = sift(keystore, list, nickname, &reason, why);
    if (rc == 0 && CERT_LIST_EMPTY(list)) {
        if (why)
            *why = reason;
        rc = -1;
    }
    if (rc < 0) {
        CERT_DestroyCertList(list);
        return -1;
    }
    *list_r = sorted(list, PR_Now());
    if (!*list_r)
        return failure_memory(why);
    take_keyless(keystore, *list_r);
    return 0;
}

int keystore_there(struct keystore *keystore, const char *nickname,
                   struct failure *why)
{
    int found = 0;
    char what[NAME_MOST];
    PORT_SetError(0);
    CERTCertList *list = keystore_named(keystore, nickname);
    if (!list)
        return failure_memory(why);
    for (CERTCertListNode *node = CERT_LIST_HEAD(list);
         !found && !CERT_LIST_END(node, list); node = CERT_LIST_NEXT(node)) {
        SECKEYPrivateKey *key = PK11_FindKeyByAnyCert(node->cert, keystore);
        found = key != NULL;
        if (key)
            SECKEY_DestroyPrivateKey(key);
    }
    CERT_DestroyCertList(list);
    snprintf(what, sizeof what, "no key of \"%.300s\"", nickname);
    return found ? 0 : keystore_fail(keystore, why, what);
}

int keystore_key(struct keystore *keystore, CERTCertificate *certificate,
                 SECKEYPrivateKey **key_r, struct failure *why)
{
    PORT_SetError(0);
    *key_r = PK11_FindKeyByAnyCert(certificate, keystore);
    if (*key_r)
        return 0;
    char what[NAME_MOST];
    snprintf(what, sizeof what, "%s private key of \"%.300s\"",
             PORT_GetError() == SEC_ERROR_BAD_PASSWORD
                 ? "wrong or missing password, so no" : "no",
             certificate->nickname ? certificate->nickname : "?");
    return keystore_fail(keystore, why, what);
}
