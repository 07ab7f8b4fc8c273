/* buffer: see buffer.h. Sizes are computed in buffer_reserve() alone. */
#include "buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int buffer_reserve(struct buffer *buffer, size_t more)
{
    if (buffer->failed || more >= SIZE_MAX / 4 - buffer->length) {
        buffer->failed = 1;
        return -1;
    }
    size_t needed = buffer->length + more + 1;
    if (needed <= buffer->size)
        return 0;
    size_t size = buffer->size * 2 > 64 ? buffer->size * 2 : 64;
    if (size < needed)
        size = needed;
    char *data = realloc(buffer->data, size);
    if (!data) {
        buffer->failed = 1;
        return -1;
    }
    buffer->data = data;
    buffer->size = size;
    buffer->data[buffer->length] = '\0';
    return 0;
}

int buffer_append(struct buffer *buffer, const void *data, size_t length)
{
    if (buffer_reserve(buffer, length) < 0)
        return -1;
    if (length)
        memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
    return 0;
}

int buffer_text(struct buffer *buffer, const char *text)
{
    return buffer_append(buffer, text, strlen(text));
}

int buffer_byte(struct buffer *buffer, int byte)
{
    char c = (char)byte;
    return buffer_append(buffer, &c, 1);
}

int buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 || buffer_reserve(buffer, (size_t)length) < 0) {
        buffer->failed = 1;
        return -1;
    }
    va_start(args, format);
    vsnprintf(buffer->data + buffer->length, (size_t)length + 1, format, args);
    va_end(args);
    buffer->length += (size_t)length;
    return 0;
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
    buffer->failed = 0;
    if (buffer->data)
        buffer->data[0] = '\0';
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

const char *buffer_string(const struct buffer *buffer)
{
    return buffer->data ? buffer->data : "";
}
