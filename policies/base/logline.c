/* logline: see logline.h. */
#include "logline.h"

#include "buffer.h"
#include "failure.h"
#include "interface.h"

#include <fcntl.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define VALUE_MOST 300

static int plain(const char *value)
{
    for (; *value; value++)
        if (*value <= ' ' || *value >= 127 || strchr("\"\\=", *value))
            return 0;
    return 1;
}

static void quoted(struct buffer *line, const char *value)
{
    buffer_byte(line, '"');
    for (size_t i = 0; value[i] && i < VALUE_MOST; i++) {
        unsigned char c = (unsigned char)value[i];
        if (c < ' ' || c >= 127 || c == '"' || c == '\\')
            buffer_format(line, "\\x%02X", c);
        else
            buffer_byte(line, c);
    }
    buffer_byte(line, '"');
}

int logline_field(struct buffer *line, const char *key, const char *value)
{
    if (!value || !*value)
        return 0;
    buffer_format(line, "%s%s=", line->length ? " " : "", key);
    if (plain(value) && strlen(value) <= VALUE_MOST)
        buffer_text(line, value);
    else
        quoted(line, value);
    return line->failed ? -1 : 0;
}

int logline_number(struct buffer *line, const char *key, long long value)
{
    return buffer_format(line, "%s%s=%lld", line->length ? " " : "", key,
                         value);
}

int logline_failure(struct buffer *line, const struct failure *why)
{
    logline_field(line, LOG_FAILURE, failure_answer(why->kind)->word);
    return logline_field(line, LOG_REASON, why->text);
}

static void write_file(const struct buffer *line, const char *file)
{
    struct buffer whole = {0};
    struct tm tm;
    time_t now = time(NULL);
    char stamp[32] = "";
    if (localtime_r(&now, &tm))
        strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &tm);
    buffer_format(&whole, "%s %s[%ld]: %s\n", stamp, LOG_IDENT,
                  (long)getpid(), buffer_string(line));
    int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                  0640);
    if (fd >= 0) {
        ssize_t put = write(fd, buffer_string(&whole), whole.length);
        (void)put;
        close(fd);
    }
    buffer_free(&whole);
}

void logline_write(const struct buffer *line, const char *file)
{
    if (file) {
        write_file(line, file);
        return;
    }
    openlog(LOG_IDENT, LOG_PID, LOG_MAIL);
    syslog(LOG_NOTICE, "%s", buffer_string(line));
    closelog();
}
