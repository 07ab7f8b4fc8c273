/* json: see json.h. */
#include "json.h"

#include "buffer.h"

#include <string.h>
#include <time.h>

/* The length of the well-formed UTF-8 sequence at text, or 0 (RFC 3629). */
static size_t sequence(const unsigned char *text)
{
    size_t length = text[0] < 0x80 ? 1 : text[0] < 0xc2 ? 0 : text[0] < 0xe0 ? 2
                    : text[0] < 0xf0 ? 3 : text[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((text[0] == 0xe0 && text[1] < 0xa0) ||
        (text[0] == 0xed && text[1] >= 0xa0) ||
        (text[0] == 0xf0 && text[1] < 0x90) ||
        (text[0] == 0xf4 && text[1] >= 0x90))
        return 0;
    return length;
}

static unsigned long character(const unsigned char *text, size_t length)
{
    unsigned long c = length == 1   ? text[0]
                      : length == 2 ? text[0] & 0x1fU
                      : length == 3 ? text[0] & 0x0fU
                                    : text[0] & 0x07U;
    for (size_t i = 1; i < length; i++)
        c = c << 6 | (text[i] & 0x3fU);
    return c;
}

/* Of ASCII alone: nothing that a terminal would obey, or show backwards. */
static void quote(struct buffer *out, const char *text)
{
    buffer_byte(out, '"');
    while (*text) {
        size_t length = sequence((const unsigned char *)text);
        unsigned long c = length ? character((const unsigned char *)text,
                                             length) : 0xfffd;
        if (c == '"' || c == '\\')
            buffer_format(out, "\\%c", (int)c);
        else if (c >= ' ' && c < 127)
            buffer_byte(out, (int)c);
        else if (c < 0x10000)
            buffer_format(out, "\\u%04lx", c);
        else
            buffer_format(out, "\\u%04lx\\u%04lx",
                          0xd800 + ((c - 0x10000) >> 10),
                          0xdc00 + ((c - 0x10000) & 0x3ff));
        text += length ? length : 1;
    }
    buffer_byte(out, '"');
}

/* The comma, if something stands before on this level, and the key. */
static void start(struct buffer *out, const char *key)
{
    int before = out->length ? out->data[out->length - 1] : 0;
    if (before && before != '{' && before != '[')
        buffer_byte(out, ',');
    if (key) {
        quote(out, key);
        buffer_byte(out, ':');
    }
}

void json_open(struct buffer *out, const char *key, int bracket)
{
    start(out, key);
    buffer_byte(out, bracket);
}

void json_close(struct buffer *out, int bracket)
{
    buffer_byte(out, bracket);
}

void json_text(struct buffer *out, const char *key, const char *text)
{
    start(out, key);
    quote(out, text ? text : "");
}

void json_number(struct buffer *out, const char *key, long long number)
{
    start(out, key);
    buffer_format(out, "%lld", number);
}

void json_truth(struct buffer *out, const char *key, int truth)
{
    start(out, key);
    buffer_text(out, truth ? "true" : "false");
}

void json_time(struct buffer *out, const char *key, long long when)
{
    time_t seconds = (time_t)when;
    char text[40] = "";
    struct tm tm;
    if (gmtime_r(&seconds, &tm))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    json_text(out, key, text);
}
