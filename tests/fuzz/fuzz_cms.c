/* fuzz_cms: SignedData and EnvelopedData from strangers. */
#include "blob.h"
#include "cms_content.h"
#include "cms_decrypt.h"
#include "cms_verify.h"
#include "failure.h"
#include "pool.h"

#include <nss.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int no_key(void *context, const struct der *issuer,
                  const struct der *serial, const struct der *identifier,
                  SECKEYPrivateKey **key_r, struct failure *why)
{
    (void)context, (void)issuer, (void)serial, (void)identifier;
    (void)key_r, (void)why;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct cms_verifier verifier = {NULL, NULL, NULL};
    static const struct cms_keys keys = {no_key, NULL, NULL};
    struct blob_source source, detached;
    struct blob blob, content;
    struct cms_signed cms;
    struct failure why = {0};
    enum cms_read read;
    enum cms_opened opened;
    enum cms_content clear;
    struct pool *pool = pool_new();
    if (!NSS_IsInitialized())
        NSS_NoDB_Init(NULL);
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
