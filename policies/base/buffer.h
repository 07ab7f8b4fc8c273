#ifndef SEEMAIL_BUFFER_H
#define SEEMAIL_BUFFER_H

/*
 * buffer: bytes that grow. The struct is public so that it can stand on the
 * stack; start it with {0} and end it with buffer_free(). Calls return -1
 * when memory is out and leave the content as it was; a failure also sticks
 * in `failed', so that a run of appends can be checked once at its end.
 * `data' is always followed by a NUL that `length' does not count.
 */

#include <stddef.h>

struct buffer {
    char *data;
    size_t length, size;
    int failed;
};

int buffer_append(struct buffer *buffer, const void *data, size_t length);
int buffer_text(struct buffer *buffer, const char *text);
int buffer_byte(struct buffer *buffer, int byte);
int buffer_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int buffer_reserve(struct buffer *buffer, size_t more);
void buffer_clear(struct buffer *buffer); /* keeps the memory */
void buffer_free(struct buffer *buffer);
const char *buffer_string(const struct buffer *buffer); /* "" if empty */

#endif
