/* cms_trial: see cms_trial.h. */
#include "cms_trial.h"

#include "buffer.h"
#include "cms_cipher.h"
#include "cms_unwrap.h"
#include "cms_wrap.h"
#include "failure.h"

#include <keyhi.h>
#include <pk11pub.h>
#include <secport.h>

static int give_key(void *key, const struct der *issuer,
                    const struct der *serial, const struct der *identifier,
                    SECKEYPrivateKey **key_r, struct failure *why)
{
    (void)issuer, (void)serial, (void)identifier;
    *key_r = SECKEY_CopyPrivateKey(key);
    return *key_r ? 1 : failure_memory(why);
}

/* As a partner's mail is opened. */
static int opens(struct buffer *info, SECKEYPrivateKey *key,
                 const struct cms_algorithm *algorithm, struct failure *why)
{
    const struct cms_keys keys = {give_key, NULL, key};
    struct cms_unwrap unwrap = {0};
    PK11SymKey *opened = NULL;
    int rc = cms_unwrap_read(&unwrap, &keys, info, why);
    if (rc == 0 && unwrap.key)
        opened = cms_unwrap_key(&unwrap, algorithm);
    if (opened)
        PK11_FreeSymKey(opened);
    cms_unwrap_free(&unwrap);
    return rc < 0 ? -1 : opened != NULL;
}

int cms_trial(CERTCertificate *certificate, SECKEYPrivateKey *key,
              enum cms_transport transport, struct failure *why)
{
    const struct cms_recipient recipient = {certificate, transport};
    const struct cms_algorithm *algorithm = cms_algorithm_named("aes-256-cbc");
    PK11SlotInfo *slot = PK11_GetInternalSlot();
    PK11SymKey *content =
        slot ? PK11_KeyGen(slot, CKM_AES_KEY_GEN, NULL, (int)algorithm->key,
                           NULL)
             : NULL;
    struct buffer info = {0};
    int rc = content ? cms_wrap(&recipient, content, algorithm->key, &info,
                                why)
                     : failure(why, FAILURE_CRYPTO,
                               "making a key to try a token with: NSS error %d",
                               PORT_GetError());
    if (rc == 0)
        rc = info.failed ? failure_memory(why)
                         : opens(&info, key, algorithm, why);
    buffer_free(&info);
    if (content)
        PK11_FreeSymKey(content);
    if (slot)
        PK11_FreeSlot(slot);
    return rc;
}

int cms_opens(CERTCertificate *certificate, SECKEYPrivateKey *key,
              enum cms_transport transport, struct failure *why)
{
    PK11SlotInfo *slot = PK11_GetSlotFromPrivateKey(key);
    int own = slot && PK11_IsInternal(slot);
    if (slot)
        PK11_FreeSlot(slot);
    return own ? 1 : cms_trial(certificate, key, transport, why);
}
