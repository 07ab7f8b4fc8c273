/* fuzz_cms: SignedData and EnvelopedData from strangers. */
#include "blob.h"
#include "cms_content.h"
#include "cms_decrypt.h"
#include "cms_verify.h"
#include "der.h"
#include "failure.h"
#include "pool.h"

#include <keyhi.h>
#include <nss.h>
#include <pk11pub.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static SECKEYPrivateKey *rsa, *ec;
static SECKEYPublicKey *rsa_public, *ec_public;

static void make_keys(void)
{
    static unsigned char p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48,
                                   0xce, 0x3d, 0x03, 0x01, 0x07};
    SECKEYECParams curve = {siBuffer, p256, sizeof p256};
    PK11RSAGenParams size = {1024, 65537};
    PK11SlotInfo *slot = PK11_GetInternalSlot();
    ec = SECKEY_CreateECPrivateKey(&curve, &ec_public, NULL);
    rsa = PK11_GenerateKeyPair(slot, CKM_RSA_PKCS_KEY_PAIR_GEN, &size,
                               &rsa_public, PR_FALSE, PR_FALSE, NULL);
}

/* Every recipient is us, by a key of one kind or the other. */
static int some_key(void *context, const struct der *issuer,
                    const struct der *serial, const struct der *identifier,
                    SECKEYPrivateKey **key_r, struct failure *why)
{
    (void)context, (void)why;
    const struct der *id = issuer ? serial : identifier;
    *key_r = SECKEY_CopyPrivateKey(id->length % 2 ? ec : rsa);
    return *key_r != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct cms_verifier verifier = {NULL, NULL, NULL};
    static const struct cms_keys keys = {some_key, NULL, NULL};
    struct blob_source source, detached;
    struct blob blob, content;
    struct cms_signed cms;
    struct failure why = {0};
    enum cms_read read;
    enum cms_opened opened;
    enum cms_content clear;
    struct pool *pool = pool_new();
    if (!NSS_IsInitialized()) {
        NSS_NoDB_Init(NULL);
        make_keys();
    }
    blob_init(&blob);
    blob_init(&content);
    blob_write(&blob, data, size, &why);
    for (int beside = 0; beside < 2; beside++) {
        blob_source_init(&source, &blob, 0, blob.length);
        blob_source_init(&detached, &blob, 0, blob.length);
        if (cms_verify(pool, &source.source,
                       beside ? &detached.source : NULL, &content.sink,
                       &verifier, &read, &cms, &why) == 0 &&
            read == CMS_READ)
            cms_signed_free(&cms);
    }
    blob_source_init(&source, &blob, 0, blob.length);
    cms_decrypt(&source.source, &keys, &content.sink, &opened, &why);
    blob_source_init(&source, &blob, 0, blob.length);
    cms_content(&source.source, &content.sink, &clear, &why);
    blob_free(&blob);
    blob_free(&content);
    pool_free(&pool);
    return 0;
}
