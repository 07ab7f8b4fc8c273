/* The envelope of a message in Exim's queue, and its own log. */
#include "held.h"
#include "pool.h"
#include "spool.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spool_message message;
    struct pool *pool = pool_new();
    FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
    if (file && pool && spool_parse(file, pool, &message, NULL) == 0) {
        rewind(file);
        spool_log(file, pool, &message, NULL);
        held_why(&message);
        held_plain(pool, message.sender);
        for (size_t i = 0; i < message.count; i++)
            held_class(pool, &message, message.recipients[i].address);
    }
    if (file)
        fclose(file);
    pool_free(&pool);
    return 0;
}
