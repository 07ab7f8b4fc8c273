/* Any bytes are a message: the walk ends, ranges hold, or a limit is told. */
#include "blob.h"
#include "failure.h"
#include "mime.h"
#include "pool.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int leave(void *context, struct entity *entity, struct failure *why)
{
    (void)why;
    if (entity->start > entity->body || entity->body > entity->end ||
        entity->end > *(off_t *)context)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct mime_limits limits = {20, 200, 4096, 100};
    off_t length = (off_t)size;
    struct mime_visitor visitor = {NULL, leave, &length};
    struct failure why = {0};
    struct blob blob;
    struct pool *pool = pool_new();
    blob_init(&blob);
    blob_write(&blob, data, size, &why);
    if (mime_walk(pool, &blob, 0, length, &limits, &visitor, &why) < 0 &&
        why.kind != FAILURE_LIMIT)
        abort();
    blob_free(&blob);
    pool_free(&pool);
    return 0;
}
