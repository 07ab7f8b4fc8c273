/* certs_text: what the commands of seemail-certs print in the same way. */
#include "buffer.h"
#include "certs.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define FLUSH 65536

void certs_print(const char *text)
{
    while (*text) {
        unsigned long character;
        size_t length = utf8_next(text, &character);
        if (character == UTF8_REPLACEMENT || utf8_acts(character))
            putchar('?');
        else
            fwrite(text, 1, length, stdout);
        text += length;
    }
}

void certs_print_day(long long when)
{
    time_t seconds = (time_t)when;
    struct tm utc;
    char text[40] = "?";
    if (gmtime_r(&seconds, &utc))
        strftime(text, sizeof text, "%Y-%m-%d", &utc);
    printf("%s", text);
}

void certs_hex(const unsigned char *data, size_t length, char *text_r)
{
    for (size_t i = 0; i < length; i++)
        snprintf(text_r + 2 * i, 3, "%02x", data[i]);
}

void certs_lower(char *address)
{
    for (; *address; address++)
        if (*address >= 'A' && *address <= 'Z')
            *address |= 0x20;
}

/* json.h looks at the last byte alone to know what stands before. */
void certs_flush(struct buffer *json)
{
    if (json->length < FLUSH)
        return;
    fwrite(json->data, 1, json->length - 1, stdout);
    json->data[0] = json->data[json->length - 1];
    json->data[1] = '\0';
    json->length = 1;
}

int certs_finish(struct buffer *json)
{
    int failed = json->failed;
    if (!failed)
        printf("%s\n", buffer_string(json));
    buffer_free(json);
    return failed;
}

/* Digits that colons or blanks may part: how many bytes, or 0. */
size_t certs_fingerprint(const char *text, unsigned char *mark_r)
{
    size_t digits = 0;
    for (; *text; text++) {
        static const char hex[] = "0123456789abcdef";
        const char *digit = strchr(hex, *text | 0x20);
        if (*text == ':' || *text == ' ')
            continue;
        if (!digit || digits == 2 * CERTS_FINGERPRINT)
            return 0;
        unsigned value = (unsigned)(digit - hex);
        unsigned char *byte = &mark_r[digits / 2];
        *byte = (unsigned char)(digits % 2 ? *byte << 4 | value : value);
        digits++;
    }
    return digits % 2 || digits < CERTS_DIGITS_LEAST ? 0 : digits / 2;
}
