/* passwords: see passwords.h. */
#include "passwords.h"

#include "buffer.h"
#include "failure.h"
#include "file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MOST 4096
#define LINES_MOST 32

struct passwords {
    struct buffer text; /* NUL in place of each line's end */
    char *lines[LINES_MOST];
    int wrong[LINES_MOST];
    size_t count;
};

static int split(struct passwords *passwords, const char *path,
                 struct failure *why)
{
    char *rest = NULL;
    for (char *line = strtok_r(passwords->text.data, "\r\n", &rest); line;
         line = strtok_r(NULL, "\r\n", &rest)) {
        if (passwords->count == LINES_MOST)
            return failure(why, FAILURE_KEYSTORE, "%s: more than %d lines",
                           path, LINES_MOST);
        passwords->lines[passwords->count++] = line;
    }
    return 0;
}

int passwords_read(const char *path, struct passwords **passwords_r,
                   struct failure *why)
{
    struct passwords *passwords = calloc(1, sizeof *passwords);
    *passwords_r = passwords;
    if (!passwords)
        return failure_memory(why);
    if (!path || (access(path, F_OK) < 0 && errno == ENOENT))
        return 0;
    if (file_read(path, FILE_SECRET, FILE_MOST, FAILURE_KEYSTORE,
                  &passwords->text, why) < 0 ||
        (passwords->text.data && split(passwords, path, why) < 0)) {
        passwords_free(passwords_r);
        return -1;
    }
    return 0;
}

void passwords_free(struct passwords **passwords)
{
    struct passwords *old = *passwords;
    *passwords = NULL;
    if (!old)
        return;
    if (old->text.data)
        explicit_bzero(old->text.data, old->text.size);
    buffer_free(&old->text);
    free(old);
}

/* The token's line, with *start_r where its password begins; or -1. */
static int line_of(const struct passwords *passwords, const char *token,
                   int internal, size_t *start_r)
{
    size_t length = strlen(token);
    for (size_t i = 0; i < passwords->count; i++)
        if (strncmp(passwords->lines[i], token, length) == 0 &&
            passwords->lines[i][length] == ':') {
            *start_r = length + 1;
            return (int)i;
        }
    *start_r = 0;
    return internal ? (int)passwords->count - 1 : -1;
}

const char *passwords_of(const struct passwords *passwords,
                         const char *token, int internal)
{
    size_t start;
    int i = line_of(passwords, token, internal, &start);
    return i < 0 || passwords->wrong[i] ? NULL : passwords->lines[i] + start;
}

int passwords_for_tokens(const struct passwords *passwords)
{
    return passwords->count > 1;
}

void passwords_wrong(struct passwords *passwords, const char *token,
                     int internal)
{
    size_t start;
    int i = line_of(passwords, token, internal, &start);
    if (i >= 0)
        passwords->wrong[i] = 1;
}
