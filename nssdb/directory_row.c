/* directory_row: see directory_row.h. */
#include "directory_row.h"

#include "buffer.h"
#include "failure.h"
#include "file.h"
#include "policy.h"
#include "pool.h"

#include <string.h>
#include <strings.h>

#define STEP_SECONDS 30
#define MESSAGE_MOST (4 << 20) /* bytes of one entry */
#define PASSWORD_MOST 1024

static int read_password(struct pool *pool, const struct directory *row,
                         const char **password_r, struct failure *why)
{
    struct buffer content = {0};
    *password_r = NULL;
    if (!row->password_file)
        return 0;
    int rc = file_read(row->password_file, FILE_SECRET, PASSWORD_MOST,
                       FAILURE_POLICY, &content, why);
    const char *text = buffer_string(&content);
    if (rc == 0) {
        *password_r = pool_substring(pool, text, strcspn(text, "\r\n"));
        rc = *password_r ? 0 : failure_memory(why);
    }
    buffer_free(&content);
    return rc;
}

int directory_row_server(struct pool *pool, const struct directory *row,
                         unsigned seconds, struct directory_server *server_r,
                         struct failure *why)
{
    *server_r = (struct directory_server){
        .uri = row->uri,
        .starttls = row->starttls,
        .ca_file = row->ca_file,
        .mechanism = row->mechanism,
        .user = row->bind_dn,
        .step_seconds = STEP_SECONDS,
        .seconds = seconds,
        .message_most = MESSAGE_MOST};
    return read_password(pool, row, &server_r->password, why);
}

const char *const *directory_row_attributes(struct pool *pool,
                                            const struct directory *row)
{
    const char **attributes =
        pool_array(pool, row->attribute_count + 1, sizeof *attributes);
    for (size_t i = 0; attributes && i < row->attribute_count; i++)
        attributes[i] = row->attributes[i];
    return attributes;
}

/* RFC 4515, 3: what has a meaning in a filter, and what is not plain. */
static void put_escaped(struct buffer *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < ' ' || c > '~' || strchr("*()\\", c))
            buffer_format(out, "\\%02x", c);
        else
            buffer_byte(out, c);
    }
}

static void put_placeholder(struct buffer *out, int which,
                            const char *address)
{
    const char *at = strrchr(address, '@');
    size_t local = at ? (size_t)(at - address) : 0;
    if (which == 'a')
        put_escaped(out, address, strlen(address));
    else if (which == 'l')
        put_escaped(out, address, local);
    else if (which == 'd' && at)
        put_escaped(out, at + 1, strlen(at + 1));
    else if (which == '%')
        buffer_byte(out, '%');
}

const char *directory_row_filter(struct pool *pool, const char *filter,
                                 const char *address)
{
    struct buffer out = {0};
    for (const char *c = filter; *c; c++)
        if (*c == '%' && c[1])
            put_placeholder(&out, *++c, address);
        else
            buffer_byte(&out, *c);
    const char *text =
        out.failed ? NULL : pool_string(pool, buffer_string(&out));
    buffer_free(&out);
    return text;
}

enum known_source directory_row_source(const struct policy *policy,
                                       const struct directory *row)
{
    for (size_t i = 0; i < policy->directory_count; i++)
        if (policy->directories[i].purpose == DIRECTORY_SEEMAIL &&
            strcasecmp(policy->directories[i].uri, row->uri) == 0)
            return KNOWN_SEEMAIL;
    return KNOWN_DIRECTORY;
}
