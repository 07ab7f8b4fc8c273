/* keystore: see keystore.h. */
#include "keystore.h"

#include "buffer.h"
#include "der.h"
#include "failure.h"
#include "file.h"

#include <certdb.h>
#include <errno.h>
#include <nss.h>
#include <pk11pub.h>
#include <prerror.h>
#include <secerr.h>
#include <secmod.h>
#include <secport.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PASSWORD_MOST 1024

struct keystore {
    char *folder;
    char *password; /* NULL = none */
};

static int fail(const struct keystore *keystore, struct failure *why,
                const char *what)
{
    int code = PORT_GetError();
    const char *name = PR_ErrorToName(code);
    return failure(why, FAILURE_KEYSTORE, "key store %s: %s (%s)",
                   keystore->folder, what, name ? name : "no reason given");
}

static char *give_password(PK11SlotInfo *slot, PRBool retry, void *context)
{
    struct keystore *keystore = context;
    (void)slot;
    if (retry || !keystore->password)
        return NULL;
    return PORT_Strdup(keystore->password);
}

static int read_password(struct keystore *keystore, const char *path,
                         struct failure *why)
{
    struct buffer content = {0};
    if (!path || (access(path, F_OK) < 0 && errno == ENOENT))
        return 0;
    if (file_read(path, FILE_SECRET, PASSWORD_MOST, FAILURE_KEYSTORE, &content,
                  why) < 0) {
        buffer_free(&content);
        return -1;
    }
    const char *text = buffer_string(&content);
    keystore->password = strndup(text, strcspn(text, "\r\n"));
    if (content.data)
        explicit_bzero(content.data, content.length);
    buffer_free(&content);
    return keystore->password ? 0 : failure_memory(why);
}

static int check_files(const char *folder, struct failure *why)
{
    static const struct {
        const char *name;
        enum file_trust trust;
    } files[] = {{"key4.db", FILE_SECRET},
                 {"cert9.db", FILE_GUARDED},
                 {"pkcs11.txt", FILE_GUARDED}};
    char path[4096];
    if (file_check(folder, FILE_GUARDED, FAILURE_KEYSTORE, why) < 0)
        return -1;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
        if (file_check(path, files[i].trust, FAILURE_KEYSTORE, why) < 0)
            return -1;
    }
    return 0;
}

static int start_nss(struct keystore *keystore, struct failure *why)
{
    char path[4096];
    snprintf(path, sizeof path, "sql:%s", keystore->folder);
    if (NSS_IsInitialized())
        return failure(why, FAILURE_BUG, "NSS was started before");
    PK11_SetPasswordFunc(give_password);
    if (NSS_Initialize(path, "", "", SECMOD_DB,
                       NSS_INIT_READONLY | NSS_INIT_NOROOTINIT) != SECSuccess)
        return fail(keystore, why, "cannot be opened");
    return 0;
}

int keystore_open(const char *folder, const char *password_file,
                  struct keystore **keystore_r, struct failure *why)
{
    struct keystore *keystore = calloc(1, sizeof *keystore);
    *keystore_r = keystore;
    if (!keystore || !(keystore->folder = strdup(folder))) {
        keystore_close(keystore_r);
        return failure_memory(why);
    }
    if (check_files(folder, why) < 0 ||
        read_password(keystore, password_file, why) < 0 ||
        start_nss(keystore, why) < 0) {
        keystore_close(keystore_r);
        return -1;
    }
    return 0;
}

void keystore_close(struct keystore **keystore)
{
    struct keystore *old = *keystore;
    *keystore = NULL;
    if (!old)
        return;
    if (NSS_IsInitialized())
        NSS_Shutdown();
    if (old->password)
        explicit_bzero(old->password, strlen(old->password));
    free(old->password);
    free(old->folder);
    free(old);
}

int keystore_own(struct keystore *keystore, const char *nickname,
                 CERTCertificate **certificate_r, struct failure *why)
{
    CERTCertificate *own = PK11_FindCertFromNickname(nickname, keystore);
    if (!own) {
        char what[300];
        snprintf(what, sizeof what, "no certificate \"%s\"", nickname);
        return fail(keystore, why, what);
    }
    if (SECITEM_ItemsAreEqual(&own->derIssuer, &own->derSubject)) {
        CERT_DestroyCertificate(own);
        return failure(why, FAILURE_KEYSTORE,
                       "key store %s: \"%s\" is self-signed: only "
                       "certificates of a CA are used",
                       keystore->folder, nickname);
    }
    *certificate_r = own;
    return 0;
}

int keystore_key(struct keystore *keystore, CERTCertificate *certificate,
                 SECKEYPrivateKey **key_r, struct failure *why)
{
    PORT_SetError(0);
    *key_r = PK11_FindKeyByAnyCert(certificate, keystore);
    if (*key_r)
        return 0;
    char what[300];
    snprintf(what, sizeof what, "%s private key of \"%s\"",
             PORT_GetError() == SEC_ERROR_BAD_PASSWORD
                 ? "wrong or missing password, so no" : "no",
             certificate->nickname ? certificate->nickname : "?");
    return fail(keystore, why, what);
}

static CERTCertificate *by_identifier(const struct der *identifier)
{
    CERTCertificate *found = NULL;
    CERTCertList *list = PK11_ListCerts(PK11CertListUser, NULL);
    if (!list)
        return NULL;
    for (CERTCertListNode *node = CERT_LIST_HEAD(list);
         !found && !CERT_LIST_END(node, list); node = CERT_LIST_NEXT(node)) {
        SECItem id = {siBuffer, NULL, 0};
        if (CERT_FindSubjectKeyIDExtension(node->cert, &id) == SECSuccess &&
            der_equal(identifier, id.data, id.len))
            found = CERT_DupCertificate(node->cert);
        SECITEM_FreeItem(&id, PR_FALSE);
    }
    CERT_DestroyCertList(list);
    return found;
}

static CERTCertificate *by_issuer(const struct der *issuer,
                                  const struct der *serial, void *context)
{
    CERTIssuerAndSN id = {
        .derIssuer = {siBuffer, (unsigned char *)(size_t)issuer->data,
                      (unsigned)issuer->length},
        .serialNumber = {siBuffer, (unsigned char *)(size_t)serial->data,
                         (unsigned)serial->length}};
    PK11SlotInfo *slot = NULL;
    CERTCertificate *found = PK11_FindCertByIssuerAndSN(&slot, &id, context);
    if (slot)
        PK11_FreeSlot(slot);
    return found;
}

int keystore_find_key(void *context, const struct der *issuer,
                      const struct der *serial, const struct der *identifier,
                      SECKEYPrivateKey **key_r, struct failure *why)
{
    struct keystore *keystore = context;
    CERTCertificate *own = issuer ? by_issuer(issuer, serial, keystore)
                                  : by_identifier(identifier);
    if (!own)
        return 0;
    PORT_SetError(0);
    *key_r = PK11_FindKeyByAnyCert(own, keystore);
    int locked = !*key_r && PORT_GetError() == SEC_ERROR_BAD_PASSWORD;
    CERT_DestroyCertificate(own);
    if (locked) /* it may be ours: this is no "not for us" */
        return fail(keystore, why, "wrong or missing password");
    return *key_r != NULL;
}

int keystore_find_certificate(void *context, const struct der *issuer,
                              const struct der *serial,
                              const struct der *identifier,
                              CERTCertificate **certificate_r,
                              struct failure *why)
{
    (void)identifier, (void)why;
    *certificate_r = issuer ? by_issuer(issuer, serial, context) : NULL;
    return *certificate_r != NULL;
}

int keystore_pinned(struct keystore *keystore, const char *address,
                    CERTCertificate **certificate_r)
{
    (void)keystore;
    *certificate_r = CERT_FindCertByNicknameOrEmailAddr(
        CERT_GetDefaultCertDB(), address);
    return *certificate_r != NULL;
}
