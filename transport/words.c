/* words: see words.h. */
#include "words.h"

#include "base64.h"
#include "blob.h"
#include "buffer.h"
#include "charset.h"
#include "failure.h"
#include "header.h"
#include "pool.h"
#include "quoted_printable.h"

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

/*
 * =?charset[*language]?encoding?data?= : 1 or 0. *closed becomes 0 when no
 * word can end any more: without it, a long line of beginnings takes long.
 */
static int read_word(const char *at, struct word *word, int *closed)
{
    if (!*closed || at[0] != '=' || at[1] != '?')
        return 0;
    const char *charset = at + 2, *mark = strchr(charset, '?');
    if (!mark || mark == charset || !mark[1] || mark[2] != '?')
        return 0;
    word->encoding = (char)(mark[1] | 0x20);
    if (word->encoding != 'b' && word->encoding != 'q')
        return 0;
    word->data = mark + 3;
    const char *end = strstr(word->data, "?=");
    if (!end)
        return *closed = 0;
    snprintf(word->charset, sizeof word->charset, "%.*s",
             mark - charset < 64 ? (int)(mark - charset) : 64, charset);
    word->charset[strcspn(word->charset, "*")] = '\0';
    word->length = (size_t)(end - word->data);
    word->end = end + 2;
    return 1;
}

static void decode_q(const struct word *word, struct buffer *raw)
{
    const char *at = word->data, *end = at + word->length;
    for (; at < end; at++) {
        int high = end - at >= 3 ? quoted_printable_hex(at[1]) : -1;
        int low = end - at >= 3 ? quoted_printable_hex(at[2]) : -1;
        if (*at == '=' && high >= 0 && low >= 0) {
            buffer_byte(raw, high << 4 | low);
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

/* Words that are being read: raw is what was collected of one charset. */
struct words {
    char charset[64];
    struct buffer raw, *out;
    int closed, odd;
};

static int flush(struct words *words, struct failure *why)
{
    struct buffer_sink sink;
    struct charset_sink convert;
    buffer_sink_init(&sink, words->out);
    if (words->raw.failed)
        return failure_memory(why);
    if (words->raw.length == 0)
        return 0;
    charset_sink_init(&convert, words->charset, &sink.sink);
    int rc = convert.sink.write(&convert.sink, words->raw.data,
                                words->raw.length, why);
    if (rc == 0)
        rc = charset_sink_finish(&convert, why);
    words->odd |= convert.odd;
    charset_sink_free(&convert);
    buffer_clear(&words->raw);
    return rc;
}

static int add_word(struct words *words, const struct word *word,
                    struct failure *why)
{
    if (strcasecmp(words->charset, word->charset) != 0 &&
        flush(words, why) < 0)
        return -1;
    memcpy(words->charset, word->charset, sizeof words->charset);
    if (word->encoding == 'b')
        return decode_b(word, &words->raw, why);
    decode_q(word, &words->raw);
    return 0;
}

static int decode(struct words *words, const char *at, struct failure *why)
{
    struct word word;
    int behind = 0; /* the last was an encoded word */
    while (*at) {
        /* Blanks between two encoded words are none. */
        const char *blank = at + (behind ? strspn(at, " \t") : 0);
        behind = read_word(blank, &word, &words->closed);
        if (behind && add_word(words, &word, why) < 0)
            return -1;
        if (!behind && flush(words, why) < 0)
            return -1;
        if (!behind)
            buffer_byte(words->out, *at++);
        else
            at = word.end;
    }
    return flush(words, why);
}

int words_decode(const char *text, struct buffer *out, struct failure *why)
{
    struct words words = {.out = out, .closed = 1};
    int rc = decode(&words, text, why);
    buffer_free(&words.raw);
    if (rc < 0)
        return -1;
    return out->failed ? failure_memory(why) : words.odd;
}

char *words_shown(struct pool *pool, const struct header_field *field)
{
    struct buffer text = {0};
    char *value = header_unfold(pool, field), *copy = NULL;
    if (value && words_decode(value, &text, NULL) >= 0)
        copy = pool_substring(pool, buffer_string(&text), text.length);
    for (size_t i = 0; copy && i < text.length; i++)
        if (copy[i] == '\0') /* nothing hides behind it */
            copy[i] = ' ';
    buffer_free(&text);
    return copy;
}
