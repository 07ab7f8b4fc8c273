/* suspended: see suspended.h. */
#include "suspended.h"

#include "buffer.h"
#include "failure.h"
#include "file.h"

#include <errno.h>
#include <hasht.h>
#include <pk11pub.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MOST 262144 /* some 1000 keys */
#define NICKNAME_MOST 200 /* bytes of it that are kept */
#define ID (2 * SHA256_LENGTH)

struct suspended {
    char path[4096];
    struct buffer text;
};

static int check(const struct suspended *suspended, struct failure *why)
{
    const char *line = buffer_string(&suspended->text);
    const char *last = line + suspended->text.length;
    for (unsigned number = 1; line < last; number++) {
        const char *end = memchr(line, '\n', (size_t)(last - line));
        if (!end || strspn(line, "0123456789abcdef") != ID ||
            line[ID] != ' ' || strtoll(line + ID, NULL, 10) <= 0 ||
            memchr(line, '\0', (size_t)(end - line)))
            return failure(why, FAILURE_KEYSTORE, "%s: line %u is damaged",
                           suspended->path, number);
        line = end + 1;
    }
    return 0;
}

int suspended_read(const char *folder, struct suspended **suspended_r,
                   struct failure *why)
{
    struct suspended *suspended = calloc(1, sizeof *suspended);
    *suspended_r = suspended;
    if (!suspended)
        return failure_memory(why);
    snprintf(suspended->path, sizeof suspended->path, "%s/suspended", folder);
    if (access(suspended->path, F_OK) < 0 && errno == ENOENT)
        return 0;
    if (file_read(suspended->path, FILE_GUARDED, FILE_MOST, FAILURE_KEYSTORE,
                  &suspended->text, why) == 0 && check(suspended, why) == 0)
        return 0;
    suspended_free(suspended_r);
    return -1;
}

void suspended_free(struct suspended **suspended)
{
    if (*suspended)
        buffer_free(&(*suspended)->text);
    free(*suspended);
    *suspended = NULL;
}

static int identify(const SECItem *key, char id[ID + 1], struct failure *why)
{
    unsigned char digest[SHA256_LENGTH];
    if (PK11_HashBuf(SEC_OID_SHA256, digest, key->data,
                     (PRInt32)key->len) != SECSuccess)
        return failure(why, FAILURE_CRYPTO, "a public key cannot be digested");
    for (size_t i = 0; i < SHA256_LENGTH; i++)
        snprintf(id + 2 * i, 3, "%02x", digest[i]);
    return 0;
}

/* The key's line, or NULL. */
static char *line_of(const struct suspended *suspended, const char *id)
{
    char *line = suspended->text.data;
    while (line && *line) {
        if (strncmp(line, id, ID) == 0)
            return line;
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return NULL;
}

int suspended_has(const struct suspended *suspended, const SECItem *key,
                  time_t *since_r, struct failure *why)
{
    char id[ID + 1];
    if (!suspended->text.length)
        return 0;
    if (identify(key, id, why) < 0)
        return -1;
    const char *line = line_of(suspended, id);
    if (line)
        *since_r = (time_t)strtoll(line + ID, NULL, 10);
    return line != NULL;
}

int suspended_add(struct suspended *suspended, const SECItem *key,
                  time_t since, const char *nickname, struct failure *why)
{
    char id[ID + 1];
    if (identify(key, id, why) < 0)
        return -1;
    if (line_of(suspended, id))
        return 0;
    if (suspended->text.length + ID + 300 > FILE_MOST)
        return failure(why, FAILURE_LIMIT, "%s: too many keys",
                       suspended->path);
    buffer_format(&suspended->text, "%s %lld %.*s\n", id, (long long)since,
                  NICKNAME_MOST, nickname);
    return suspended->text.failed ? failure_memory(why) : 1;
}

/* Is it the line of a key of this nickname? */
static int is_named(const char *line, const char *nickname)
{
    const char *name = strchr(line + ID + 1, ' ');
    size_t length = strnlen(nickname, NICKNAME_MOST);
    return name && strncmp(name + 1, nickname, length) == 0 &&
           name[1 + length] == '\n';
}

size_t suspended_remove(struct suspended *suspended, const char *nickname)
{
    size_t count = 0;
    for (char *line = suspended->text.data; line && *line;) {
        char *end = strchr(line, '\n') + 1;
        if (!is_named(line, nickname)) {
            line = end;
            continue;
        }
        suspended->text.length -= (size_t)(end - line);
        memmove(line, end, strlen(end) + 1);
        count++;
    }
    return count;
}

int suspended_write(const struct suspended *suspended, struct failure *why)
{
    return file_replace(suspended->path, suspended->text.data,
                        suspended->text.length, 0600, FAILURE_KEYSTORE, why);
}
