/* mail: see mail.h. */
#include "mail.h"

#include "base64.h"
#include "buffer.h"
#include "failure.h"
#include "notice.h"
#include "policy.h"
#include "run.h"
#include "utf8.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WORD_BYTES 40 /* of text in one encoded word: 76 characters in all */
#define LINE_MOST 900 /* bytes of a line that may go as it is */
#define SENDMAIL_SECONDS 120
#define SENDMAIL_OUTPUT 65536
#define ARGUMENTS_MOST 20
#define WORDS_MOST 2048 /* bytes of the setting sendmail */

int mail_id(const char *from, char id[MAIL_ID], struct failure *why)
{
    char random[NOTICE_BOUNDARY];
    const char *at = strrchr(from, '@');
    if (notice_boundary(random, why) < 0)
        return -1;
    snprintf(id, MAIL_ID, "%lx.%.20s@%.90s", (unsigned long)time(NULL),
             random, at ? at + 1 : "localhost");
    return 0;
}

static int is_ascii(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] >= 127)
            return 0;
    return 1;
}

static int base64(const void *data, size_t length, struct buffer *out,
                  struct failure *why)
{
    struct base64_sink stage;
    struct buffer_sink end;
    buffer_sink_init(&end, out);
    base64_sink_init(&stage, &end.sink);
    if (stage.sink.write(&stage.sink, data, length, why) < 0)
        return -1;
    return base64_sink_finish(&stage, why);
}

/* Without anything that acts; at the most `most' bytes. */
static void one_line(const char *text, size_t most, struct buffer *out)
{
    while (*text && out->length < most) {
        unsigned long character;
        size_t length = utf8_next(text, &character);
        if (utf8_acts(character) || character == UTF8_REPLACEMENT)
            buffer_byte(out, ' ');
        else
            buffer_append(out, text, length);
        text += length;
    }
}

/* Encoded words (RFC 2047), none of which cuts a character in two. */
static int put_words(const char *text, struct buffer *out,
                     struct failure *why)
{
    const char *between = "";
    while (*text) {
        size_t length = 0;
        unsigned long character;
        while (text[length] && length < WORD_BYTES)
            length += utf8_next(text + length, &character);
        buffer_format(out, "%s=?utf-8?B?", between);
        if (base64(text, length, out, why) < 0)
            return -1;
        if (out->length && out->data[out->length - 1] == '\n')
            out->length--;
        buffer_text(out, "?=");
        between = "\n ";
        text += length;
    }
    return 0;
}

static int put_field(const char *name, const char *value, struct buffer *out,
                     struct failure *why)
{
    struct buffer line = {0};
    int rc = 0;
    one_line(value, LINE_MOST, &line);
    buffer_format(out, "%s: ", name);
    if (is_ascii(buffer_string(&line), line.length))
        buffer_text(out, buffer_string(&line));
    else
        rc = put_words(buffer_string(&line), out, why);
    buffer_byte(out, '\n');
    buffer_free(&line);
    return rc;
}

static int has_long_line(const char *text)
{
    for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
        if (strcspn(text, "\n") > LINE_MOST)
            return 1;
    return 0;
}

static int put_text(const char *text, struct buffer *out, struct failure *why)
{
    int plain = is_ascii(text, strlen(text)) && !has_long_line(text);
    buffer_format(out, "Content-Type: text/plain; charset=%s\n"
                       "Content-Transfer-Encoding: %s\n\n",
                  plain ? "us-ascii" : "utf-8", plain ? "7bit" : "base64");
    if (!plain)
        return base64(text, strlen(text), out, why);
    buffer_text(out, text);
    if (*text && text[strlen(text) - 1] != '\n')
        buffer_byte(out, '\n');
    return 0;
}

static int put_content(const struct mail *mail, struct buffer *out,
                       struct failure *why)
{
    char boundary[NOTICE_BOUNDARY];
    if (!mail->data)
        return put_text(mail->text, out, why);
    if (notice_boundary(boundary, why) < 0)
        return -1;
    buffer_format(out, "Content-Type: multipart/mixed; boundary=\"%s\"\n\n"
                       "--%s\n", boundary, boundary);
    if (put_text(mail->text, out, why) < 0)
        return -1;
    buffer_format(out, "--%s\nContent-Type: %s; name=\"%s\"\n"
                       "Content-Disposition: attachment; filename=\"%s\"\n"
                       "Content-Transfer-Encoding: base64\n\n",
                  boundary, mail->type, mail->name, mail->name);
    if (base64(mail->data, mail->length, out, why) < 0)
        return -1;
    buffer_format(out, "--%s--\n", boundary);
    return 0;
}

int mail_write(const struct mail *mail, const char *id, struct buffer *out,
               struct failure *why)
{
    char date[64] = "";
    struct tm tm;
    time_t now = time(NULL);
    if (localtime_r(&now, &tm))
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S %z", &tm);
    buffer_format(out, "Date: %s\nMessage-ID: <%s>\nMIME-Version: 1.0\n",
                  date, id);
    if (!mail->sender)
        buffer_format(out, "Auto-Submitted: %s\n",
                      mail->answers ? "auto-replied" : "auto-generated");
    if (put_field("From", mail->from, out, why) < 0 ||
        put_field("To", mail->to, out, why) < 0 ||
        put_field("Subject", mail->subject, out, why) < 0 ||
        (mail->answers &&
         (put_field("In-Reply-To", mail->answers, out, why) < 0 ||
          put_field("References", mail->answers, out, why) < 0)) ||
        put_content(mail, out, why) < 0)
        return -1;
    return out->failed ? failure_memory(why) : 0;
}

/* The words of the setting, and what we add; argv in place of them. */
static int read_words(char *words, const char *const *more, size_t count,
                      const char **argv, struct failure *why)
{
    size_t used = 0;
    for (char *at = words, *word; (word = strsep(&at, " \t"));)
        if (*word && used < ARGUMENTS_MOST)
            argv[used++] = word;
    if (used == 0 || used + count + 1 > ARGUMENTS_MOST)
        return failure(why, FAILURE_POLICY, "settings: sendmail: a program and "
                                            "a few arguments are needed");
    for (size_t i = 0; i < count; i++)
        argv[used++] = more[i];
    argv[used] = NULL;
    return 0;
}

int mail_send(const struct policy *policy, const char *sender, const char *to,
              const struct buffer *message, struct failure *why)
{
    char words[WORDS_MOST];
    const char *argv[ARGUMENTS_MOST + 1];
    const char *const more[] = {"-oi", "-f", sender ? sender : "<>", "--", to};
    struct run run = {.argv = argv, .input = message->data,
                      .input_length = message->length, .pass_fd = -1,
                      .seconds = SENDMAIL_SECONDS,
                      .output_most = SENDMAIL_OUTPUT};
    struct buffer output = {0};
    int status = 0;
    snprintf(words, sizeof words, "%s", policy->settings.sendmail);
    if (read_words(words, more, sizeof more / sizeof more[0], argv, why) < 0)
        return -1;
    int rc = run_program(&run, &output, &status, why);
    buffer_free(&output);
    if (rc == 0 && status != 0)
        rc = failure(why, FAILURE_CHILD, "%s: did not take a mail for %s: "
                     "status %d", argv[0], to, status);
    return rc;
}

int mail_out(const struct policy *policy, const struct mail *mail,
             struct failure *why)
{
    char id[MAIL_ID];
    struct buffer message = {0};
    int rc = mail_id(mail->from, id, why);
    if (rc == 0)
        rc = mail_write(mail, id, &message, why);
    if (rc == 0)
        rc = mail_send(policy, mail->sender, mail->to, &message, why);
    buffer_free(&message);
    return rc;
}
