/* spool: the log that Exim has of a message alone; see spool.h. */
#include "failure.h"
#include "maillog.h"
#include "pool.h"
#include "spool.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

#define LOG_TAIL (256L << 10) /* bytes that are read, the last ones */

/* Is the recipient the one in front? The text is "address", or, of an alias
 * and wherever Exim writes it otherwise, "other <address>". A blank in the
 * other is none of an address, but of a line about a host, with what it says. */
static int is_about(const char *text, size_t length, const char *address)
{
    size_t size = strlen(address);
    if (length == size)
        return strncasecmp(text, address, size) == 0;
    return length > size + 3 && strcspn(text, " ") == length - size - 3 &&
           text[length - 1] == '>' &&
           strncmp(text + length - size - 3, " <", 2) == 0 &&
           strncasecmp(text + length - size - 1, address, size) == 0;
}

static size_t name_span(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyz_");
}

/*
 * Are these Exim's words for what a router of ours says, or that a filter of
 * ours failed (-24)? Senders choose addresses, which Exim writes without
 * their quotes, and the other side its replies: so the line must have one
 * router alone, ours, and nothing of a host before the words.
 */
static int is_ours(const char *router)
{
    static const char said[] = " defer (-1): SEEMail ", failed[] = " defer (-24)";
    if (strncmp(router, " R=seemail_", 11) != 0 || strstr(router + 1, " R="))
        return 0;
    const char *at = router + 3 + name_span(router + 3);
    if (strncmp(at, said, sizeof said - 1) == 0)
        return 1;
    if (strncmp(at, " T=seemail_", 11) != 0)
        return 0;
    at += 3 + name_span(at + 3);
    return strncmp(at, failed, sizeof failed - 1) == 0;
}

/* The words of "TIME ADDRESS R=router ... defer (N) H=host [address]: words". */
static const char *words_of(const char *router)
{
    const char *at = strstr(router, " defer (");
    at = at ? strchr(at, ')') : NULL;
    if (at && strncmp(at, ") H=", 4) == 0)
        at = strstr(at, "]: ");
    return at ? at + 1 + strspn(at + 1, ": ") : NULL;
}

/* A line of a recipient who was put off. That it is too early to try again
 * is no news. */
static int note_line(struct pool *pool, const char *text,
                     const struct spool_message *message,
                     struct spool_recipient *recipients)
{
    struct maillog_line line;
    int known = maillog_parse(text, &line);
    const char *router = known ? strstr(line.text, " R=") : NULL;
    const char *words = router ? words_of(router) : NULL;
    if (!words || strncmp(words, "retry time not reached", 22) == 0)
        return 0;
    for (size_t i = 0; i < message->count; i++) {
        struct spool_recipient *one = &recipients[i];
        if (!is_about(line.text, (size_t)(router - line.text), one->address))
            continue;
        one->ours = is_ours(router);
        one->reason = pool_string(pool, words);
        one->tried = pool_string(pool, line.stamp);
        return one->reason && one->tried ? 0 : -1;
    }
    return 0;
}

int spool_log(FILE *file, struct pool *pool, struct spool_message *message,
              struct failure *why)
{
    char *line = NULL;
    size_t room = 0;
    int rc = 0;
    struct spool_recipient *recipients =
        pool_copy(pool, message->recipients,
                  (message->count + 1) * sizeof *recipients);
    if (!recipients)
        return failure_memory(why);
    message->recipients = recipients;
    /* Half a line must not be taken for one: its middle is anybody's. */
    if (fseek(file, -LOG_TAIL, SEEK_END) < 0)
        rewind(file);
    else if (getline(&line, &room, file) < 0)
        rc = -1;
    while (rc == 0 && getline(&line, &room, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        rc = note_line(pool, line, message, recipients);
    }
    free(line);
    return rc < 0 ? failure_memory(why) : 0;
}
