/* fuzz_ocsp: OCSP responses from a responder that is no friend. */
#include "der.h"
#include "failure.h"
#include "ocsp.h"
#include "pool.h"

#include <nss.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned char name[] = {0x30, 0}, serial[] = {10}, key[] = {1, 2};
    static CERTCertificate certificate = {
        .derIssuer = {siBuffer, name, sizeof name},
        .derSubject = {siBuffer, name, sizeof name},
        .serialNumber = {siBuffer, serial, sizeof serial},
        .subjectPublicKeyInfo.subjectPublicKey = {siBuffer, key, 16},
        .referenceCount = 1};
    struct der response = {data, size};
    struct ocsp_answer answer;
    struct failure why = {0};
    if (!NSS_IsInitialized())
        NSS_NoDB_Init(NULL);
    struct pool *pool = pool_new();
    const struct ocsp_reader reader = {.pool = pool, .now = 1000000000};
    if (ocsp_read(&reader, &response, &certificate, &certificate, &answer,
                  &why) == 0)
        __builtin_trap(); /* nobody has signed this */
    pool_free(&pool);
    return 0;
}
