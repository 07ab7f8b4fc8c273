/* fuzz_attributes: what a signer says of himself: capabilities, a label. */
#include "cms_choice.h"
#include "cms_label.h"
#include "failure.h"
#include "policy.h"
#include "pool.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct algorithm rows[] = {
        {{"algorithms", 1}, 1, ALGORITHM_ENCRYPT, "aes-256-gcm",
         PERMIT_ANNOUNCED},
        {{"algorithms", 2}, 2, ALGORITHM_ENCRYPT, "aes-128-cbc", PERMIT_BOTH},
        {{"algorithms", 3}, 1, ALGORITHM_KEYTRANSPORT, "rsa-oaep",
         PERMIT_ANNOUNCED},
        {{"algorithms", 4}, 2, ALGORITHM_KEYTRANSPORT, "rsa", PERMIT_BOTH},
    };
    static const struct policy policy = {
        .algorithms = rows, .algorithm_count = sizeof rows / sizeof rows[0]};
    struct der der = {data, size};
    struct cms_choice choice;
    struct failure why = {0};
    struct pool *pool = pool_new();
    if (cms_capabilities_valid(&der))
        cms_choose(&policy, &der, CMS_KEY_RSA, &choice, &why);
    cms_label_text(pool, &der);
    pool_free(&pool);
    return 0;
}
