/* Any bytes are a table: rows with all they must have, or errors. */
#include "failure.h"
#include "pool.h"
#include "table.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = {"one", "two", NULL};
static const struct table_column columns[] = {
    {"address", TABLE_ADDRESS, NULL, NULL, 0, 0},
    {"domain", TABLE_DOMAIN, NULL, NULL, 0, 0},
    {"integer", TABLE_INTEGER, "1", NULL, 0, 1000000},
    {"enum", TABLE_ENUM, "one", words, 0, 0},
    {"list", TABLE_LIST, "", NULL, 0, 0},
    {"network", TABLE_NETWORK, "", NULL, 0, 0},
    {"word", TABLE_WORD, "", NULL, 0, 0},
    {"text", TABLE_TEXT, "", NULL, 0, 0},
};
#define COUNT (sizeof columns / sizeof columns[0])

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct table table;
    struct table_errors errors = {0};
    struct failure why;
    struct pool *pool = pool_new();
    char name[16];
    int fd = memfd_create("table", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(name, sizeof name, "%d", fd);
    if (table_read(pool, "/proc/self/fd", name, columns, COUNT, &table,
                   &errors, &why) != 0)
        abort();
    for (const struct table_row *row = table.rows; row; row = row->next)
        if (!row->cells[0].text || !row->cells[1].text ||
            row->cells[2].number > 1000000 || row->cells[3].number > 1)
            abort();
    table_errors_free(&errors);
    pool_free(&pool);
    close(fd);
    return 0;
}
