/* words: see words.h. */
#include "words.h"

#include "base64.h"
#include "blob.h"
#include "buffer.h"
#include "charset.h"
#include "failure.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct word {
    char charset[64];
    char encoding; /* 'b' or 'q' */
    const char *data;
    size_t length;
    const char *end; /* behind the word */
};

/* =?charset[*language]?encoding?data?= : 1 or 0. */
static int read_word(const char *at, struct word *word)
{
    if (at[0] != '=' || at[1] != '?')
        return 0;
    const char *charset = at + 2, *mark = strchr(charset, '?');
    if (!mark || mark == charset || !mark[1] || mark[2] != '?')
        return 0;
    word->encoding = (char)(mark[1] | 0x20);
    word->data = mark + 3;
    const char *end = strstr(word->data, "?=");
    if (!end || (word->encoding != 'b' && word->encoding != 'q'))
        return 0;
    /* Q text of "?=..." begins with the mark that would end it. */
    snprintf(word->charset, sizeof word->charset, "%.*s",
             (int)(mark - charset), charset);
    word->charset[strcspn(word->charset, "*")] = '\0';
    word->length = (size_t)(end - word->data);
    word->end = end + 2;
    return 1;
}

static int nibble(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = digit ? strchr(digits, digit | 0x20) : NULL;
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return at ? (int)(at - digits) : -1;
}

static void decode_q(const struct word *word, struct buffer *raw)
{
    const char *at = word->data, *end = at + word->length;
    for (; at < end; at++) {
        if (*at == '=' && end - at >= 3 && nibble(at[1]) >= 0 &&
            nibble(at[2]) >= 0) {
            buffer_byte(raw, nibble(at[1]) << 4 | nibble(at[2]));
            at += 2;
        } else {
            buffer_byte(raw, *at == '_' ? ' ' : *at);
        }
    }
}

static int decode_b(const struct word *word, struct buffer *raw,
                    struct failure *why)
{
    struct blob blob;
    struct blob_source in;
    struct base64_source base64;
    char data[1024];
    ssize_t got = -1;
    blob_init(&blob);
    if (blob_write(&blob, word->data, word->length, why) == 0) {
        blob_source_init(&in, &blob, 0, blob.length);
        base64_source_init(&base64, &in.source);
        while ((got = base64.source.read(&base64.source, data, sizeof data,
                                         why)) > 0)
            buffer_append(raw, data, (size_t)got);
    }
    blob_free(&blob);
    return got < 0 ? -1 : 0;
}

struct buffer_sink {
    struct sink sink;
    struct buffer *out;
};

static int buffer_write(struct sink *self, const void *data, size_t size,
                        struct failure *why)
{
    struct buffer *out = ((struct buffer_sink *)self)->out;
    return buffer_append(out, data, size) < 0 ? failure_memory(why) : 0;
}

/* Converts what was collected of one charset. */
static int flush(const char *charset, struct buffer *raw, struct buffer *out,
                 struct failure *why)
{
    struct buffer_sink sink = {{buffer_write}, out};
    struct charset_sink convert;
    if (raw->failed)
        return failure_memory(why);
    if (raw->length == 0)
        return 0;
    charset_sink_init(&convert, charset, &sink.sink);
    int rc = convert.sink.write(&convert.sink, raw->data, raw->length, why);
    charset_sink_free(&convert);
    buffer_clear(raw);
    return rc;
}

static int decode(const char *at, struct buffer *raw, struct buffer *out,
                  struct failure *why)
{
    char charset[64] = "";
    struct word word;
    while (*at) {
        const char *blank = at + (raw->length ? strspn(at, " \t") : 0);
        if (!read_word(blank, &word)) {
            if (flush(charset, raw, out, why) < 0)
                return -1;
            buffer_byte(out, *at++);
            continue;
        }
        if (strcasecmp(charset, word.charset) != 0 &&
            flush(charset, raw, out, why) < 0)
            return -1;
        memcpy(charset, word.charset, sizeof charset);
        if (word.encoding == 'q')
            decode_q(&word, raw);
        else if (decode_b(&word, raw, why) < 0)
            return -1;
        at = word.end;
    }
    return flush(charset, raw, out, why);
}

int words_decode(const char *text, struct buffer *out, struct failure *why)
{
    struct buffer raw = {0};
    int rc = decode(text, &raw, out, why);
    buffer_free(&raw);
    return rc < 0 || !out->failed ? rc : failure_memory(why);
}
