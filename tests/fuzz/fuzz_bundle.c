/* fuzz_bundle: files and answers that should hold certificates. */
#include "buffer.h"
#include "bundle.h"
#include "failure.h"
#include "pem.h"
#include "pool.h"

#include <nss.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read must come back when it is written. */
static void again(struct pool *pool, const struct bundle *bundle,
                  const struct buffer *out)
{
    struct bundle other;
    struct failure why;
    if (bundle_read(pool, out->data, out->length, 1000, &other, &why) < 0 ||
        other.count != bundle->count)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool *pool = pool_new();
    struct bundle bundle;
    struct failure why = {0};
    struct buffer pem = {0}, p7c = {0};
    if (!NSS_IsInitialized())
        NSS_NoDB_Init(NULL);
    if (bundle_read(pool, data, size, 1000, &bundle, &why) == 0) {
        for (size_t i = 0; i < bundle.count; i++)
            pem_put(&pem, "CERTIFICATE", bundle.certificates[i].data,
                bundle.certificates[i].length);
        bundle_put_p7c(&p7c, bundle.certificates, bundle.count);
        again(pool, &bundle, &pem);
        again(pool, &bundle, &p7c);
    }
    buffer_free(&pem);
    buffer_free(&p7c);
    pool_free(&pool);
    return 0;
}
