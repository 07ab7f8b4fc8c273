/* automatic: see automatic.h. */
#include "automatic.h"

#include "header.h"
#include "mailbox.h"

#include <string.h>
#include <strings.h>

/* Is the local part one that people do not write from? */
static int by_system(const char *address)
{
    static const char *const names[] = {"postmaster", "mailer-daemon",
                                        "daemon", "listserv", "majordomo"};
    size_t length = strcspn(address, "@");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == length &&
            strncasecmp(names[i], address, length) == 0)
            return 1;
    return 0;
}

/* Does the first word of the field say so? */
static int says(const char *value, const char *word)
{
    return strncasecmp(value, word, strlen(word)) == 0;
}

/* 1, 0, -1. */
static int by_fields(struct pool *pool, const struct header *header)
{
    static const char *const of_lists[] = {"List-Id", "List-Post",
                                           "List-Unsubscribe", "List-Help"};
    const struct header_field *field;
    size_t at = 0;
    for (size_t i = 0; i < sizeof of_lists / sizeof of_lists[0]; i++, at = 0)
        if (header_next(header, of_lists[i], &at))
            return 1;
    for (at = 0; (field = header_next(header, "Precedence", &at));) {
        char *value = header_unfold(pool, field);
        if (!value)
            return -1;
        if (says(value, "list") || says(value, "bulk") || says(value, "junk"))
            return 1;
    }
    for (at = 0; (field = header_next(header, "Auto-Submitted", &at));) {
        char *value = header_unfold(pool, field);
        if (!value)
            return -1;
        if (!says(value, "no"))
            return 1;
    }
    return 0;
}

int automatic(struct pool *pool, const char *sender,
              const struct header *header)
{
    struct address from;
    if (!*sender || by_system(sender))
        return 1;
    int rc = by_fields(pool, header);
    if (rc != 0)
        return rc;
    rc = mailbox_from(pool, header, &from);
    return rc > 0 ? by_system(from.local) : rc;
}
