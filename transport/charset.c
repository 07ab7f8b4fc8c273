/* charset: see charset.h. */
#include "charset.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define REPLACEMENT "\xef\xbf\xbd"
#define NONE ((iconv_t)-1)

static int give(struct charset_sink *c, const char *text, size_t length,
                struct failure *why)
{
    if (length == 0)
        return 0;
    if (memchr(text, '\0', length))
        c->odd = 1;
    return c->out->write(c->out, text, length, why);
}

/* Over one unit; what stands for it goes to put, whose length is returned. */
static size_t skip_illegal(const struct charset_sink *c, char *put, char **in,
                           size_t *left)
{
    unsigned char byte = (unsigned char)**in;
    size_t step = c->step < *left ? c->step : *left;
    *in += step;
    *left -= step;
    if (!c->plain) {
        memcpy(put, REPLACEMENT, 3);
        return 3;
    }
    put[0] = (char)(0xc0 | byte >> 6);
    put[1] = (char)(0x80 | (byte & 0x3f));
    return 2;
}

/* All of *in but an incomplete character at its end; 0 or -1. */
static int convert(struct charset_sink *c, char **in, size_t *left,
                   struct failure *why)
{
    char out[8192];
    while (*left > 0) {
        char *put = out;
        size_t room = sizeof out - sizeof REPLACEMENT;
        size_t rc = iconv(c->converter, in, left, &put, &room);
        int error = rc == (size_t)-1 ? errno : 0;
        if (error && error != E2BIG && error != EINVAL)
            put += skip_illegal(c, put, in, left);
        if (give(c, out, (size_t)(put - out), why) < 0)
            return -1;
        if (error == EINVAL)
            return 0; /* the rest comes with the next write */
    }
    return 0;
}

static int keep(struct charset_sink *c, const char *in, size_t left,
                struct failure *why)
{
    if (left > sizeof c->rest) /* no character is that long */
        return give(c, REPLACEMENT, 3, why);
    memmove(c->rest, in, left);
    c->rest_length = left;
    return 0;
}

/*
 * Now that the first unit is there: a byte order mark, or NULs before or
 * behind an ASCII character. RFC 2781 says big-endian where nothing tells.
 */
static void find_order(struct charset_sink *c, const char *first)
{
    unsigned width = c->width;
    unsigned char a = (unsigned char)first[0];
    unsigned char z = (unsigned char)first[width - 1];
    /* A text begins with no control: 01 00 is big-endian, an A with macron. */
    int little = (a >= '\t' && z == 0) || (a == 0xff && first[1] == '\xfe');
    int mark = width == 2 && a == 0xfe && z == 0xff;
    char name[16];
    c->odd |= (a != 0) == (z != 0) && !mark && !little;
    snprintf(name, sizeof name, "UTF-%u%s", width * 8, little ? "LE" : "BE");
    c->converter = iconv_open("UTF-8", name);
    c->odd |= c->converter == NONE;
    c->width = 0;
}

/* What was kept, and the next part. */
static int take(struct charset_sink *c, char *in, size_t left,
                struct failure *why)
{
    c->rest_length = 0;
    if (c->width && left >= c->width)
        find_order(c, in);
    if (!c->width && c->converter == NONE)
        return give(c, in, left, why);
    if (!c->width && convert(c, &in, &left, why) < 0)
        return -1;
    return keep(c, in, left, why);
}

static int is_ascii(const char *text, size_t size)
{
    unsigned char high = 0;
    for (size_t i = 0; i < size; i++)
        high |= (unsigned char)text[i];
    return high < 0x80;
}

static int charset_write(struct sink *self, const void *data, size_t size,
                         struct failure *why)
{
    struct charset_sink *c = (struct charset_sink *)self;
    const char *at = data;
    char window[4096];
    if (c->plain && c->rest_length == 0 && is_ascii(data, size))
        return give(c, data, size, why);
    if (c->plain && c->converter == NONE)
        c->converter = iconv_open("UTF-8", "UTF-8");
    while (size > 0) {
        size_t part = sizeof window - c->rest_length;
        if (part > size)
            part = size;
        memcpy(window, c->rest, c->rest_length);
        memcpy(window + c->rest_length, at, part);
        if (take(c, window, c->rest_length + part, why) < 0)
            return -1;
        at += part;
        size -= part;
    }
    return 0;
}

static int one_of(const char *name, const char *const *names)
{
    while (*names && strcasecmp(name, *names) != 0)
        names++;
    return *names != NULL;
}

/* iconv reads instructions behind a slash: no name of a charset has one. */
static iconv_t open_converter(const char *name)
{
    iconv_t converter = strpbrk(name, "/,") ? NONE : iconv_open("UTF-8", name);
    return converter != NONE ? converter : iconv_open("UTF-8", "ISO-8859-1");
}

void charset_sink_init(struct charset_sink *charset, const char *name,
                       struct sink *out)
{
    static const char *const plain[] = {"us-ascii", "ascii", "utf-8", "utf8",
                                        NULL};
    static const char *const wide[] = {"utf-16", "utf16", "ucs-2", "unicode",
                                       "iso-10646-ucs-2", NULL};
    static const char *const wider[] = {"utf-32", "utf32", "ucs-4",
                                        "iso-10646-ucs-4", NULL};
    *charset = (struct charset_sink){.sink = {charset_write}, .out = out,
                                     .converter = NONE, .step = 1};
    charset->plain = !name || !*name || one_of(name, plain);
    if (charset->plain)
        return;
    if (one_of(name, wide) || one_of(name, wider)) {
        charset->width = charset->step = one_of(name, wide) ? 2 : 4;
        return;
    }
    if (strncasecmp(name, "utf-16", 6) == 0)
        charset->step = 2;
    if (strncasecmp(name, "utf-32", 6) == 0)
        charset->step = 4;
    charset->converter = open_converter(name);
    charset->odd = charset->converter == NONE;
}

int charset_sink_finish(struct charset_sink *charset, struct failure *why)
{
    char out[64], *put = out;
    size_t room = sizeof out;
    if (charset->converter != NONE)
        iconv(charset->converter, NULL, NULL, &put, &room);
    return give(charset, out, (size_t)(put - out), why);
}

void charset_sink_free(struct charset_sink *charset)
{
    if (charset->converter != NONE)
        iconv_close(charset->converter);
    charset->converter = NONE;
}
