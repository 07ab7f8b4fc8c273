/* status: findings; see status.h. */
#include "status.h"

#include "held.h"
#include "json.h"
#include "pool.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FREE_LOW (1ULL << 30)
#define FREE_NONE (100ULL << 20)

const char *status_word(enum status_level level)
{
    static const char *const words[] = {"good", "warning", "critical"};
    return words[level];
}

void status_find(struct status *status, enum status_level level,
                 const char *step, const char *format, ...)
{
    char said[1000];
    va_list args;
    va_start(args, format);
    vsnprintf(said, sizeof said, format, args);
    va_end(args);
    const char *plain = held_plain(status->console.pool, said);
    if (level > status->level)
        status->level = level;
    status->problems += level != STATUS_GOOD;
    buffer_format(&status->text, "%-8s  %-12s  %s\n", status_word(level),
                  status->section, plain);
    if (step)
        buffer_format(&status->text, "%24snext: %s\n", "", step);
    json_open(&status->json, NULL, '{');
    json_text(&status->json, "section", status->section);
    json_text(&status->json, "level", status_word(level));
    json_text(&status->json, "text", plain);
    if (step)
        json_text(&status->json, "step", step);
    json_close(&status->json, '}');
}

/* A tenth of a big disk is much, and a tenth of a small one little. */
enum status_level status_free(unsigned long long bytes, unsigned percent)
{
    if (bytes < FREE_NONE || percent < 1)
        return STATUS_CRITICAL;
    return bytes < FREE_LOW && percent < 10 ? STATUS_WARNING : STATUS_GOOD;
}
