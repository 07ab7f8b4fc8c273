/* json: see json.h. */
#include "json.h"

#include "buffer.h"
#include "utf8.h"

#include <string.h>
#include <time.h>

/* Of ASCII alone: nothing that a terminal would obey, or show backwards. */
static void quote(struct buffer *out, const char *text)
{
    buffer_byte(out, '"');
    while (*text) {
        unsigned long c;
        text += utf8_next(text, &c);
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
