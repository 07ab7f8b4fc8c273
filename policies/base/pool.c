/* pool: see pool.h. A list of blocks, each twice the size of the last. */
#include "pool.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK 4000
#define LARGEST_BLOCK 262144
#define ALIGNMENT _Alignof(max_align_t)

struct block {
    struct block *next;
    size_t size, used;
    _Alignas(max_align_t) unsigned char bytes[];
};

struct pool {
    struct block *blocks;
};

struct pool *pool_new(void)
{
    return calloc(1, sizeof(struct pool));
}

void pool_free(struct pool **pool)
{
    if (!*pool)
        return;
    for (struct block *block = (*pool)->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(*pool);
    *pool = NULL;
}

static struct block *add_block(struct pool *pool, size_t wanted)
{
    size_t size = pool->blocks ? pool->blocks->size * 2 : FIRST_BLOCK;
    if (size > LARGEST_BLOCK)
        size = LARGEST_BLOCK;
    if (size < wanted)
        size = wanted;
    struct block *block = malloc(sizeof *block + size);
    if (!block)
        return NULL;
    block->next = pool->blocks;
    block->size = size;
    block->used = 0;
    pool->blocks = block;
    return block;
}

void *pool_alloc(struct pool *pool, size_t size)
{
    if (size > SIZE_MAX / 4)
        return NULL;
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct block *block = pool->blocks;
    if (!block || block->size - block->used < size)
        block = add_block(pool, size);
    if (!block)
        return NULL;
    void *memory = block->bytes + block->used;
    block->used += size;
    return memset(memory, 0, size);
}

void *pool_array(struct pool *pool, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    return pool_alloc(pool, count * size);
}

void *pool_copy(struct pool *pool, const void *data, size_t size)
{
    void *copy = pool_alloc(pool, size);
    if (copy && size)
        memcpy(copy, data, size);
    return copy;
}

char *pool_substring(struct pool *pool, const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? pool_alloc(pool, length + 1) : NULL;
    if (copy && length)
        memcpy(copy, text, length);
    return copy;
}

char *pool_string(struct pool *pool, const char *text)
{
    return pool_substring(pool, text, strlen(text));
}

char *pool_format(struct pool *pool, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = length < 0 ? NULL : pool_alloc(pool, (size_t)length + 1);
    if (!text)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}
