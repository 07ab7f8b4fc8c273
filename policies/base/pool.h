#ifndef SEEMAIL_POOL_H
#define SEEMAIL_POOL_H

/*
 * pool: memory that lives as long as one message (or one policy) does.
 * All is freed at once by pool_free(). Every call returns NULL when memory
 * is out; callers answer with failure_memory().
 */

#include <stddef.h>

struct pool;

struct pool *pool_new(void);
void pool_free(struct pool **pool);

void *pool_alloc(struct pool *pool, size_t size); /* zeroed, aligned */
void *pool_array(struct pool *pool, size_t count, size_t size); /* checked */
void *pool_copy(struct pool *pool, const void *data, size_t size);
char *pool_string(struct pool *pool, const char *text);
char *pool_substring(struct pool *pool, const char *text, size_t length);
char *pool_format(struct pool *pool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
