/* fuzz_scan: a whole message through the search for markings, and its From. */
#include "blob.h"
#include "failure.h"
#include "head.h"
#include "mailbox.h"
#include "pool.h"
#include "scan.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct trigger_rule rules[] = {
    {"SEEMAIL", "[[{][\\s\\x{A0}>]*SEEMAIL[\\s\\x{A0}>]*[]}]"}};
static const char *const markings[] = {"SEEMAIL"};
static const unsigned char of_rule[] = {0};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct policy policy = {
        .settings = {.scan_limit = 1 << 20, .scan_names = 1,
                     .scan_attachments = 1, .mime_depth = 20,
                     .mime_parts = 100, .header_limit = 65536},
        .markings = markings, .marking_count = 1, .triggers = rules,
        .trigger_markings = of_rule, .trigger_count = 1};
    struct blob blob;
    struct blob_source source;
    struct head head;
    struct address from, list[20];
    struct scan_result result;
    struct failure why = {0};
    struct pool *pool = pool_new();
    blob_init(&blob);
    blob_write(&blob, data, size, &why);
    if (scan_message(pool, &policy, &blob, &result, &why) < 0)
        abort();
    blob_source_init(&source, &blob, 0, blob.length);
    if (head_read(pool, &source.source, 65536, &head, &why) == 0) {
        if (mailbox_from(pool, &head.header, &from) > 0)
            mailbox_named(pool, &head.header, &from, list, 20);
        mailbox_possible(pool, &head.header, list, 20);
    }
    head_free(&head);
    blob_free(&blob);
    pool_free(&pool);
    return 0;
}
