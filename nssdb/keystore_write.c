/* keystore_write: see keystore_write.h. */
#include "keystore_write.h"

#include "failure.h"
#include "keystore_inside.h"
#include "suspended.h"

#include <certdb.h>
#include <keyhi.h>
#include <pk11pub.h>
#include <secitem.h>
#include <secoid.h>
#include <secport.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MOST 600

/* The nickname as the token has it: without the token's name. */
static const char *label_of(const char *nickname)
{
    const char *colon = strchr(nickname, ':');
    char token[NAME_MOST];
    PK11SlotInfo *slot = NULL;
    if (colon) {
        snprintf(token, sizeof token, "%.*s", (int)(colon - nickname),
                 nickname);
        slot = PK11_FindSlotByName(token);
    }
    if (!slot)
        return nickname;
    PK11_FreeSlot(slot);
    return colon + 1;
}

static int has_certificate(SECKEYPrivateKey *key)
{
    CERTCertificate *certificate = PK11_GetCertFromPrivateKey(key);
    if (!certificate)
        return 0;
    CERT_DestroyCertificate(certificate);
    return 1;
}

SECItem *keystore_public(SECKEYPrivateKey *key)
{
    SECKEYPublicKey *public = SECKEY_ConvertToPublicKey(key);
    SECItem *der = public ? SECKEY_EncodeDERSubjectPublicKeyInfo(public)
                          : NULL;
    if (public)
        SECKEY_DestroyPublicKey(public);
    return der;
}

/* Its certificate may be gone, and it must not come back as a new one. */
static int is_suspended(struct keystore *keystore, SECKEYPrivateKey *key)
{
    time_t since;
    SECItem *public = keystore_public(key);
    int is = !public || suspended_has(keystore->suspended, public, &since,
                                      NULL) != 0;
    SECITEM_FreeItem(public, PR_TRUE);
    return is;
}

/* The first without a certificate, of those that one token has. */
static SECKEYPrivateKey *pending_in(PK11SlotInfo *slot, const char *label,
                                    struct keystore *keystore)
{
    char name[NAME_MOST];
    SECKEYPrivateKey *found = NULL;
    snprintf(name, sizeof name, "%s", label);
    SECKEYPrivateKeyList *keys = PK11_ListPrivKeysInSlot(slot, name, keystore);
    if (!keys)
        return NULL;
    for (SECKEYPrivateKeyListNode *node = PRIVKEY_LIST_HEAD(keys);
         !found && !PRIVKEY_LIST_END(node, keys);
         node = PRIVKEY_LIST_NEXT(node))
        if (!has_certificate(node->key) && !is_suspended(keystore, node->key))
            found = SECKEY_CopyPrivateKey(node->key);
    SECKEY_DestroyPrivateKeyList(keys);
    return found;
}

int keystore_pending(struct keystore *keystore, const char *nickname,
                     SECKEYPrivateKey **key_r, struct failure *why)
{
    const char *label = label_of(nickname);
    *key_r = NULL;
    PORT_SetError(0);
    PK11SlotList *tokens =
        PK11_GetAllTokens(CKM_INVALID_MECHANISM, PR_FALSE, PR_FALSE, NULL);
    if (!tokens)
        return keystore_fail(keystore, why, "no token");
    int rc = 0;
    for (PK11SlotListElement *at = PK11_GetFirstSafe(tokens); at;
         at = PK11_GetNextSafe(tokens, at, PR_FALSE)) {
        if (rc || *key_r)
            continue; /* to the end of the list: it is counted */
        if (PK11_NeedLogin(at->slot) &&
            PK11_Authenticate(at->slot, PR_TRUE, keystore) != SECSuccess)
            rc = keystore_fail(keystore, why, "wrong or missing password");
        else
            *key_r = pending_in(at->slot, label, keystore);
    }
    PK11_FreeSlotList(tokens);
    return rc < 0 ? -1 : *key_r != NULL;
}

static SECKEYPrivateKey *generate(PK11SlotInfo *slot,
                                  const struct key_kind *kind,
                                  SECKEYPublicKey **public,
                                  struct keystore *keystore)
{
    PK11RSAGenParams rsa = {(int)kind->bits, 65537};
    SECOidData *curve = SECOID_FindOIDByTag(SEC_OID_ANSIX962_EC_PRIME256V1);
    unsigned char named[32] = {SEC_ASN1_OBJECT_ID};
    SECItem ec = {siBuffer, named, 0};
    if (kind->type == ecKey && curve && curve->oid.len < sizeof named - 2) {
        named[1] = (unsigned char)curve->oid.len;
        memcpy(named + 2, curve->oid.data, curve->oid.len);
        ec.len = curve->oid.len + 2;
    }
    PK11AttrFlags flags = PK11_ATTR_TOKEN | PK11_ATTR_PRIVATE |
                          PK11_ATTR_SENSITIVE;
    return PK11_GenerateKeyPairWithOpFlags(
        slot, kind->type == ecKey ? CKM_EC_KEY_PAIR_GEN
                                  : CKM_RSA_PKCS_KEY_PAIR_GEN,
        kind->type == ecKey ? (void *)&ec : (void *)&rsa, public, flags,
        kind->type == ecKey ? CKF_SIGN | CKF_DERIVE
                            : CKF_SIGN | CKF_DECRYPT | CKF_UNWRAP,
        CKF_SIGN | CKF_DERIVE | CKF_DECRYPT | CKF_UNWRAP, keystore);
}

static PK11SlotInfo *token_named(const char *token)
{
    char name[NAME_MOST];
    if (!token)
        return PK11_GetInternalKeySlot();
    snprintf(name, sizeof name, "%s", token);
    return PK11_FindSlotByName(name);
}

int keystore_make_key(struct keystore *keystore, const char *token,
                      const char *nickname, const struct key_kind *kind,
                      SECKEYPrivateKey **key_r, struct failure *why)
{
    SECKEYPublicKey *public = NULL;
    char what[NAME_MOST];
    *key_r = NULL;
    PORT_SetError(0);
    PK11SlotInfo *slot = token_named(token);
    if (!slot) {
        snprintf(what, sizeof what, "no token \"%.100s\"", token ? token : "");
        return keystore_fail(keystore, why, what);
    }
    if (PK11_NeedLogin(slot) &&
        PK11_Authenticate(slot, PR_TRUE, keystore) != SECSuccess)
        keystore_fail(keystore, why, "wrong or missing password");
    else if (!(*key_r = generate(slot, kind, &public, keystore)) ||
             PK11_SetPrivateKeyNickname(*key_r, label_of(nickname)) !=
                 SECSuccess)
        keystore_fail(keystore, why, "a key pair cannot be made");
    else {
        SECKEY_DestroyPublicKey(public);
        PK11_FreeSlot(slot);
        return 0;
    }
    if (public)
        SECKEY_DestroyPublicKey(public);
    if (*key_r)
        SECKEY_DestroyPrivateKey(*key_r);
    PK11_FreeSlot(slot);
    return -1;
}

/* By the identifier that NSS gives to a key it has made. */
int keystore_matches(CERTCertificate *certificate, SECKEYPrivateKey *key)
{
    SECItem *a = PK11_GetLowLevelKeyIDForCert(NULL, certificate, NULL);
    SECItem *b = PK11_GetLowLevelKeyIDForPrivateKey(key);
    int same = a && b && SECITEM_ItemsAreEqual(a, b);
    SECITEM_FreeItem(a, PR_TRUE);
    SECITEM_FreeItem(b, PR_TRUE);
    return same;
}

/* Is this nickname taken by another subject? */
static int taken(CERTCertificate *certificate, const char *nickname,
                 struct keystore *keystore)
{
    CERTCertificate *other = PK11_FindCertFromNickname(nickname, keystore);
    int differs = other && !SECITEM_ItemsAreEqual(&other->derSubject,
                                                  &certificate->derSubject);
    if (other)
        CERT_DestroyCertificate(other);
    return differs;
}

/* "TOKEN:nickname" where the key is, to look there; *label_r within it. */
static void name_for(CERTCertificate *certificate, PK11SlotInfo *slot,
                     const char *nickname, struct keystore *keystore,
                     char name[NAME_MOST], const char **label_r)
{
    int internal = PK11_IsInternal(slot);
    const char *token = internal ? "" : PK11_GetTokenName(slot);
    const char *label = label_of(nickname);
    snprintf(name, NAME_MOST, "%s%s%s", token, internal ? "" : ":", label);
    for (unsigned i = 2; i <= KEYSTORE_SUBJECTS_MOST &&
                         taken(certificate, name, keystore); i++)
        snprintf(name, NAME_MOST, "%s%s%s #%u", token, internal ? "" : ":",
                 label, i);
    *label_r = name + (internal ? 0 : strlen(token) + 1);
}

int keystore_add(struct keystore *keystore, CERTCertificate *certificate,
                 SECKEYPrivateKey *key, const char *nickname,
                 struct failure *why)
{
    char name[NAME_MOST];
    const char *label;
    PORT_SetError(0);
    name_for(certificate, key->pkcs11Slot, nickname, keystore, name, &label);
    if (PK11_ImportCert(key->pkcs11Slot, certificate, key->pkcs11ID, label,
                        PR_FALSE) == SECSuccess)
        return 0;
    return keystore_fail(keystore, why, "the certificate cannot be added");
}

int keystore_add_ca(struct keystore *keystore, CERTCertificate *certificate,
                    struct failure *why)
{
    char *nickname = CERT_MakeCANickname(certificate);
    PK11SlotInfo *slot = PK11_GetInternalKeySlot();
    int rc = 0;
    PORT_SetError(0);
    if (!nickname || !slot ||
        PK11_ImportCert(slot, certificate, CK_INVALID_HANDLE, nickname,
                        PR_FALSE) != SECSuccess)
        rc = keystore_fail(keystore, why, "the CA's certificate cannot be "
                                          "added");
    if (slot)
        PK11_FreeSlot(slot);
    PORT_Free(nickname);
    return rc;
}
