/* logline: see logline.h. */
#include "logline.h"

#include "failure.h"
#include "file.h"
#include "interface.h"
#include "json.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syslog.h>
#include <sys/un.h>
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

int logline_field(struct logline *line, const char *key, const char *value)
{
    char cut[VALUE_MOST + 1];
    struct buffer *text = &line->text;
    if (!value || !*value)
        return 0;
    snprintf(cut, sizeof cut, "%s", value);
    json_text(&line->json, key, cut);
    buffer_format(text, "%s%s=", text->length ? " " : "", key);
    if (plain(cut))
        buffer_text(text, cut);
    else
        quoted(text, cut);
    return text->failed || line->json.failed ? -1 : 0;
}

int logline_number(struct logline *line, const char *key, long long value)
{
    json_number(&line->json, key, value);
    return buffer_format(&line->text, "%s%s=%lld",
                         line->text.length ? " " : "", key, value);
}

int logline_failure(struct logline *line, const struct failure *why)
{
    logline_field(line, LOG_FAILURE, failure_answer(why->kind)->word);
    return logline_field(line, LOG_REASON, why->text);
}

/* One object: when, who, and the fields. */
static void put_json(const struct logline *line, time_t now,
                     struct buffer *whole)
{
    struct buffer object = {0};
    json_open(&object, NULL, '{');
    json_time(&object, "time", now);
    json_text(&object, "program", LOG_IDENT);
    json_number(&object, "pid", (long long)getpid());
    if (line->json.length)
        buffer_format(&object, ",%s", buffer_string(&line->json));
    json_close(&object, '}');
    buffer_text(whole, buffer_string(&object));
    buffer_free(&object);
}

/* The hub must be able to write on, whoever makes it. */
static int make_file(const char *path, int flags)
{
    int fd = open(path, flags | O_CREAT | O_EXCL, 0640);
    if (fd < 0)
        return open(path, flags); /* somebody has just made it */
    if (file_hand_over(fd, path) < 0) {
        close(fd);
        unlink(path); /* none is better than one that stops the hub's */
        return -1;
    }
    return fd;
}

static void write_file(const char *path, const struct buffer *whole)
{
    int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int fd = open(path, flags);
    if (fd < 0)
        fd = make_file(path, flags);
    if (fd >= 0) {
        ssize_t put = write(fd, buffer_string(whole), whole->length);
        (void)put;
        close(fd);
    }
}

/* Not by syslog(): within Exim that is Exim's own, and it may wait. */
static void send_to(const char *path, const struct buffer *whole)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    if (fd >= 0) {
        ssize_t put = sendto(fd, buffer_string(whole), whole->length,
                             MSG_DONTWAIT | MSG_NOSIGNAL,
                             (struct sockaddr *)&to, sizeof to);
        (void)put;
        close(fd);
    }
}

/* What stands before the fields. */
static void put_head(struct logline_ready *ready, enum log_format format,
                     time_t when)
{
    char stamp[32] = "";
    struct tm tm;
    if (ready->is_socket) /* RFC 3164 */
        buffer_format(&ready->text, "<%d>", LOG_MAIL | LOG_NOTICE);
    else if (format == LOG_FORMAT_JSON)
        return;
    if (localtime_r(&when, &tm))
        strftime(stamp, sizeof stamp, ready->is_socket ? "%b %e %H:%M:%S"
                                                       : "%Y-%m-%d %H:%M:%S",
                 &tm);
    buffer_format(&ready->text, "%s %s[%ld]: ", stamp, LOG_IDENT,
                  (long)getpid());
}

void logline_prepare(const struct logline *line, const char *target,
                     enum log_format format, time_t when,
                     struct logline_ready *ready_r)
{
    struct stat found;
    const char *path =
        target && strcmp(target, "syslog") != 0 ? target : _PATH_LOG;
    *ready_r = (struct logline_ready){.path = path};
    ready_r->is_socket = path != target || (stat(path, &found) == 0 &&
                                            S_ISSOCK(found.st_mode));
    put_head(ready_r, format, when);
    if (format == LOG_FORMAT_JSON)
        put_json(line, when, &ready_r->text);
    else
        buffer_text(&ready_r->text, buffer_string(&line->text));
    if (!ready_r->is_socket)
        buffer_byte(&ready_r->text, '\n');
}

void logline_send(const struct logline_ready *ready)
{
    if (ready->is_socket)
        send_to(ready->path, &ready->text);
    else
        write_file(ready->path, &ready->text);
}

void logline_write(const struct logline *line, const char *target,
                   enum log_format format)
{
    struct logline_ready ready;
    logline_prepare(line, target, format, time(NULL), &ready);
    logline_send(&ready);
    buffer_free(&ready.text);
}

void logline_free(struct logline *line)
{
    buffer_free(&line->text);
    buffer_free(&line->json);
}
