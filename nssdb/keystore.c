/* keystore: see keystore.h. */
#include "keystore_inside.h"

#include "buffer.h"
#include "der.h"
#include "failure.h"
#include "file.h"
#include "passwords.h"
#include "suspended.h"

#include <certdb.h>
#include <errno.h>
#include <fcntl.h>
#include <nss.h>
#include <pk11pub.h>
#include <prerror.h>
#include <secerr.h>
#include <secmod.h>
#include <secport.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define ENVIRONMENT_MOST 4096

int keystore_fail(const struct keystore *keystore, struct failure *why,
                  const char *what)
{
    int code = PORT_GetError();
    const char *name = PR_ErrorToName(code);
    return failure(why, FAILURE_KEYSTORE, "key store %s: %s%s%s%s%s%s",
                   keystore->folder, what, name ? " (" : "",
                   name ? name : "", name ? ")" : "",
                   *keystore->trouble ? ": " : "", keystore->trouble);
}

/* A token that locks after one more wrong try is left to people. */
static char *give_password(PK11SlotInfo *slot, PRBool retry, void *context)
{
    struct keystore *keystore = context;
    const char *token = PK11_GetTokenName(slot), *password, *words;
    int internal = PK11_IsInternal(slot);
    CK_TOKEN_INFO info;
    if (!keystore) /* a search of NSS's own: it finds what is public */
        return NULL;
    if (retry)
        passwords_wrong(keystore->passwords, token, internal);
    password = passwords_of(keystore->passwords, token, internal);
    words = retry ? "the password is wrong" : "no password for it";
    if (password && !internal &&
        PK11_GetTokenInfo(slot, &info) == SECSuccess &&
        (info.flags & (CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED))) {
        password = NULL;
        words = "it is locked, or would be by one more wrong password: log "
                "in to it by hand first";
    }
    if (password)
        return PORT_Strdup(password);
    if (*keystore->trouble) /* the first one says why the others are */
        return NULL;
    snprintf(keystore->trouble, sizeof keystore->trouble, "token \"%.64s\": %s",
             token, words);
    return NULL;
}

static int set_line(struct keystore *keystore, char *line,
                    struct failure *why)
{
    char *value = strchr(line, '=');
    if (*line == '#')
        return 0;
    if (!value || value == line)
        return failure(why, FAILURE_KEYSTORE, "%s/environment: \"%.60s\" is "
                       "no NAME=value", keystore->folder, line);
    *value = '\0';
    return setenv(line, value + 1, 1) < 0 ? failure_memory(why) : 0;
}

static int set_environment(struct keystore *keystore, struct failure *why)
{
    char path[4096], *rest = NULL;
    struct buffer text = {0};
    snprintf(path, sizeof path, "%s/environment", keystore->folder);
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return 0;
    int rc = file_read(path, FILE_GUARDED, ENVIRONMENT_MOST, FAILURE_KEYSTORE,
                       &text, why);
    char *line = rc == 0 && text.data ? strtok_r(text.data, "\r\n", &rest)
                                      : NULL;
    for (; rc == 0 && line; line = strtok_r(NULL, "\r\n", &rest))
        rc = set_line(keystore, line, why);
    buffer_free(&text);
    return rc;
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

/* Without its password NSS in FIPS mode calls good signatures bad. */
static int log_in(struct keystore *keystore, struct failure *why)
{
    PK11SlotInfo *slot = PK11_GetInternalKeySlot();
    int rc = 0;
    if (!slot ||
        (PK11_IsFIPS() && PK11_NeedLogin(slot) &&
         PK11_Authenticate(slot, PR_TRUE, keystore) != SECSuccess))
        rc = keystore_fail(keystore, why, "FIPS mode: wrong or missing password");
    if (slot)
        PK11_FreeSlot(slot);
    return rc;
}

static int check_modules(struct keystore *keystore, struct failure *why)
{
    const SECMODModuleList *dead = SECMOD_GetDeadModuleList();
    char what[200];
    if (!dead)
        return 0;
    snprintf(what, sizeof what, "PKCS#11 module \"%.100s\" cannot be loaded",
             dead->module->commonName);
    return keystore_fail(keystore, why, what);
}

int keystore_lock(const char *folder, struct failure *why)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX) == 0)
        return fd;
    failure_errno(why, FAILURE_KEYSTORE, errno, "%s", folder);
    if (fd >= 0)
        close(fd);
    return -1;
}

/* To all tokens that there is a password for. One that fails says so when it
 * is used. */
static void log_in_to_tokens(struct keystore *keystore)
{
    PK11SlotList *tokens =
        PK11_GetAllTokens(CKM_INVALID_MECHANISM, PR_FALSE, PR_FALSE, NULL);
    for (PK11SlotListElement *at = tokens ? PK11_GetFirstSafe(tokens) : NULL;
         at; at = PK11_GetNextSafe(tokens, at, PR_FALSE))
        if (!PK11_IsInternal(at->slot) && PK11_NeedLogin(at->slot))
            PK11_Authenticate(at->slot, PR_TRUE, keystore);
    if (tokens)
        PK11_FreeSlotList(tokens);
}

/* A writer was killed: SQLite has to undo what he had begun, and cannot in
 * files that are opened for reading alone. While he lives his journal keeps
 * nobody from reading. */
static int left_unfinished(const struct keystore *keystore)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/key4.db-journal", keystore->folder);
    if (access(path, F_OK) == 0)
        return 1;
    snprintf(path, sizeof path, "%s/cert9.db-journal", keystore->folder);
    return access(path, F_OK) == 0;
}

static int start_nss(struct keystore *keystore, PRUint32 rights,
                     struct failure *why)
{
    char path[4096];
    snprintf(path, sizeof path, "sql:%s", keystore->folder);
    if (NSS_IsInitialized())
        return failure(why, FAILURE_BUG, "NSS was started before");
    PK11_SetPasswordFunc(give_password);
    PRUint32 flags = rights | NSS_INIT_NOROOTINIT;
    if (left_unfinished(keystore))
        flags &= ~(PRUint32)NSS_INIT_READONLY;
    if (NSS_Initialize(path, "", "", SECMOD_DB, flags) != SECSuccess)
        return keystore_fail(keystore, why, "cannot be opened");
    if (check_modules(keystore, why) < 0)
        return -1;
    return log_in(keystore, why);
}

/* SoftHSM writes its files anew at each login, and does not find its token
 * while another process does: one after another. */
static int start_with_tokens(struct keystore *keystore, PRUint32 rights,
                             struct failure *why)
{
    int lock = keystore_lock(keystore->folder, why);
    if (lock < 0)
        return -1;
    int rc = start_nss(keystore, rights, why);
    if (rc == 0)
        log_in_to_tokens(keystore);
    close(lock);
    return rc;
}

static int start(struct keystore *keystore, PRUint32 rights,
                 struct failure *why)
{
    return passwords_for_tokens(keystore->passwords)
               ? start_with_tokens(keystore, rights, why)
               : start_nss(keystore, rights, why);
}

static int open_for(const char *folder, const char *password_file,
                    PRUint32 rights, struct keystore **keystore_r,
                    struct failure *why)
{
    struct keystore *keystore = calloc(1, sizeof *keystore);
    *keystore_r = keystore;
    if (!keystore || !(keystore->folder = strdup(folder))) {
        keystore_close(keystore_r);
        return failure_memory(why);
    }
    if (check_files(folder, why) < 0 || set_environment(keystore, why) < 0 ||
        passwords_read(password_file, &keystore->passwords, why) < 0 ||
        suspended_read(folder, &keystore->suspended, why) < 0 ||
        start(keystore, rights, why) < 0) {
        keystore_close(keystore_r);
        return -1;
    }
    return 0;
}

int keystore_open(const char *folder, const char *password_file,
                  struct keystore **keystore_r, struct failure *why)
{
    return open_for(folder, password_file, NSS_INIT_READONLY, keystore_r,
                    why);
}

int keystore_open_to_write(const char *folder, const char *password_file,
                           struct keystore **keystore_r, struct failure *why)
{
    return open_for(folder, password_file, 0, keystore_r, why);
}

void keystore_close(struct keystore **keystore)
{
    struct keystore *old = *keystore;
    *keystore = NULL;
    if (!old)
        return;
    for (size_t i = 0; i < old->count; i++)
        SECITEM_FreeItem(&old->certificates[i], PR_FALSE);
    free(old->certificates);
    if (NSS_IsInitialized())
        NSS_Shutdown();
    passwords_free(&old->passwords);
    suspended_free(&old->suspended);
    free(old->folder);
    free(old);
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

CERTCertificate *keystore_by_issuer(struct keystore *keystore,
                                    const struct der *issuer,
                                    const struct der *serial)
{
    CERTIssuerAndSN id = {
        .derIssuer = {siBuffer, (unsigned char *)(size_t)issuer->data,
                      (unsigned)issuer->length},
        .serialNumber = {siBuffer, (unsigned char *)(size_t)serial->data,
                         (unsigned)serial->length}};
    PK11SlotInfo *slot = NULL;
    CERTCertificate *found = PK11_FindCertByIssuerAndSN(&slot, &id, keystore);
    if (slot)
        PK11_FreeSlot(slot);
    return found;
}

int keystore_find_key(void *context, const struct der *issuer,
                      const struct der *serial, const struct der *identifier,
                      SECKEYPrivateKey **key_r, struct failure *why)
{
    struct keystore *keystore = context;
    CERTCertificate *own = issuer ? keystore_by_issuer(keystore, issuer, serial)
                                  : by_identifier(identifier);
    if (!own)
        return 0;
    PORT_SetError(0);
    *key_r = PK11_FindKeyByAnyCert(own, keystore);
    int locked = !*key_r && PORT_GetError() == SEC_ERROR_BAD_PASSWORD;
    CERT_DestroyCertificate(own);
    if (locked) /* it may be ours: this is no "not for us" */
        return keystore_fail(keystore, why, "wrong or missing password");
    return *key_r != NULL;
}
