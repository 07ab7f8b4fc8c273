/* fuzz_dns: answers of a resolver that is no friend. */
#include "dns.h"
#include "failure.h"
#include "pool.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum dns_type types[] = {DNS_SRV, DNS_SMIMEA};
    unsigned id = size < 2 ? 0 : (unsigned)data[0] << 8 | data[1];
    for (size_t i = 0; i < 2; i++) {
        struct pool *pool = pool_new();
        struct dns_answer answer;
        struct failure why = {0};
        int rc = dns_read(pool, data, size, id, "a.b", types[i], &answer,
                          &why);
        if (answer.count > DNS_RECORDS_MOST || (rc < 0 && answer.count) ||
            (rc < 0 && why.kind == FAILURE_NONE))
            __builtin_trap();
        for (size_t k = 0; k < answer.count; k++)
            if (types[i] == DNS_SRV &&
                strlen(answer.records[k].target) >= DNS_NAME_MOST)
                __builtin_trap();
        pool_free(&pool);
    }
    return 0;
}
