/* Any bytes as a line of Exim's main log. */
#include "maillog.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keys[] = {"T", "id", "direction", "reason"};
    static const char stamp[] = "2026-11-25 12:00:00 ";
    struct maillog_line line;
    char value[64];
    char *text = malloc(size + sizeof stamp);
    if (!text)
        return 0;
    memcpy(text, stamp, sizeof stamp - 1);
    memcpy(text + sizeof stamp - 1, data, size);
    text[size + sizeof stamp - 1] = '\0';
    if (maillog_parse(text, &line)) {
        maillog_address(&line, value, sizeof value);
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
            maillog_field(&line, keys[i], value, sizeof value);
        if (line.address > strlen(line.text))
            abort();
    }
    free(text);
    return 0;
}
