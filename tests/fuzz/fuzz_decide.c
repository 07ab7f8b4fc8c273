/* Any text is a decision or none; what it says of a domain is a class. */
#include "decide.h"
#include "failure.h"
#include "pool.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct decided decided;
    struct failure why;
    enum recipient_class class = CLASS_REFUSE;
    struct pool *pool = pool_new();
    char *text = pool_substring(pool, (const char *)data, size);
    if (decision_decode(pool, text, &decided, &why) == 0 &&
        decided_class(&decided, "b.test", "k", &class) && class >= CLASSES)
        abort();
    pool_free(&pool);
    return 0;
}
