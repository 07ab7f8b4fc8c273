/* keystore_suspend: taking key pairs out of use; see keystore.h. */
#include "keystore_inside.h"

#include "failure.h"
#include "keystore_write.h"
#include "suspended.h"

#include <certdb.h>
#include <keyhi.h>
#include <secitem.h>
#include <unistd.h>

/* now = 0: to be used again. */
struct change {
    struct keystore *keystore;
    const char *nickname;
    time_t now;
    size_t *count;
    size_t seen; /* key pairs of it, suspended before or not */
    struct failure *why;
};

static int add_key(struct change *c, const SECItem *key)
{
    int rc = suspended_add(c->keystore->suspended, key, c->now, c->nickname,
                           c->why);
    *c->count += rc > 0;
    c->seen++;
    return rc < 0 ? -1 : 0;
}

static int add_certified(struct change *c)
{
    CERTCertList *list = keystore_named(c->keystore, c->nickname);
    int rc = 0;
    if (!list)
        return failure_memory(c->why);
    for (CERTCertListNode *node = CERT_LIST_HEAD(list);
         rc == 0 && !CERT_LIST_END(node, list); node = CERT_LIST_NEXT(node))
        rc = add_key(c, &node->cert->derPublicKey);
    CERT_DestroyCertList(list);
    return rc;
}

/* A locked or absent token must not keep the others from being suspended. */
static int add_pending(struct change *c)
{
    SECKEYPrivateKey *key = NULL;
    if (keystore_pending(c->keystore, c->nickname, &key, NULL) <= 0)
        return 0;
    SECItem *public = keystore_public(key);
    int rc = public ? add_key(c, public) : 0;
    SECITEM_FreeItem(public, PR_TRUE);
    SECKEY_DestroyPrivateKey(key);
    return rc;
}

static int change(struct change *c)
{
    struct keystore *keystore = c->keystore;
    *c->count = 0;
    int lock = keystore_lock(keystore->folder, c->why);
    if (lock < 0)
        return -1;
    suspended_free(&keystore->suspended); /* another may have written */
    int rc = suspended_read(keystore->folder, &keystore->suspended, c->why);
    if (rc == 0 && c->now)
        rc = add_certified(c);
    if (rc == 0 && c->now)
        rc = add_pending(c);
    /* To suspend nothing must not look like having done it. */
    if (rc == 0 && c->now && !c->seen)
        rc = failure(c->why, FAILURE_KEYSTORE, "key store %s: no key pair "
                     "\"%s\" is there to be suspended: is its token away?",
                     keystore->folder, c->nickname);
    if (rc == 0 && !c->now)
        *c->count = suspended_remove(keystore->suspended, c->nickname);
    if (rc == 0 && *c->count)
        rc = suspended_write(keystore->suspended, c->why);
    close(lock);
    return rc;
}

int keystore_suspend(struct keystore *keystore, const char *nickname,
                     time_t now, size_t *count_r, struct failure *why)
{
    struct change c = {keystore, nickname, now, count_r, 0, why};
    return change(&c);
}

int keystore_resume(struct keystore *keystore, const char *nickname,
                    size_t *count_r, struct failure *why)
{
    struct change c = {keystore, nickname, 0, count_r, 0, why};
    return change(&c);
}
