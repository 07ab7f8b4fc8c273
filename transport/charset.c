/* charset: see charset.h. */
#include "charset.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* One go of iconv over *in; 0, or -1 of the sink behind. */
static int convert(struct charset_sink *c, char **in, size_t *left,
                   struct failure *why)
{
    char out[8192];
    while (*left > 0) {
        char *put = out;
        size_t room = sizeof out - 4;
        size_t rc = iconv(c->converter, in, left, &put, &room);
        int error = errno;
        if (rc == (size_t)-1 && error == EILSEQ) {
            memcpy(put, REPLACEMENT, 3);
            put += 3;
            (*in)++;
            (*left)--;
        }
        if (put > out &&
            c->out->write(c->out, out, (size_t)(put - out), why) < 0)
            return -1;
        if (rc == (size_t)-1 && error == EINVAL)
            return 0; /* incomplete: the rest comes with the next write */
    }
    return 0;
}

static int keep(struct charset_sink *c, const char *in, size_t left,
                struct failure *why)
{
    if (left > sizeof c->rest) /* no character is that long */
        return c->out->write(c->out, REPLACEMENT, 3, why);
    memmove(c->rest, in, left);
    c->rest_length = left;
    return 0;
}

static int charset_write(struct sink *self, const void *data, size_t size,
                         struct failure *why)
{
    struct charset_sink *c = (struct charset_sink *)self;
    const char *at = data;
    if (c->unknown && memchr(data, 0, size))
        c->odd = 1;
    if (c->converter == (iconv_t)-1)
        return c->out->write(c->out, data, size, why);
    char window[4096];
    while (size > 0) {
        size_t part = sizeof window - c->rest_length;
        if (part > size)
            part = size;
        memcpy(window, c->rest, c->rest_length);
        memcpy(window + c->rest_length, at, part);
        char *in = window;
        size_t left = c->rest_length + part;
        c->rest_length = 0;
        if (convert(c, &in, &left, why) < 0 || keep(c, in, left, why) < 0)
            return -1;
        at += part;
        size -= part;
    }
    return 0;
}

static int is_utf8(const char *name)
{
    return !name || !*name || strcasecmp(name, "us-ascii") == 0 ||
           strcasecmp(name, "utf-8") == 0 || strcasecmp(name, "utf8") == 0;
}

void charset_sink_init(struct charset_sink *charset, const char *name,
                       struct sink *out)
{
    *charset = (struct charset_sink){.sink = {charset_write}, .out = out,
                                     .converter = (iconv_t)-1};
    charset->unknown = !name || !*name;
    if (is_utf8(name))
        return;
    charset->converter = iconv_open("UTF-8", name);
    if (charset->converter != (iconv_t)-1)
        return;
    charset->unknown = 1;
    charset->converter = iconv_open("UTF-8", "ISO-8859-1");
}

void charset_sink_free(struct charset_sink *charset)
{
    if (charset->converter != (iconv_t)-1)
        iconv_close(charset->converter);
    charset->converter = (iconv_t)-1;
}
