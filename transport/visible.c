/* visible: see visible.h. */
#include "visible.h"

#include <string.h>

/* The length of what begins so and is looked at; 1 = nothing of that kind. */
static size_t length_of(char first)
{
    switch ((unsigned char)first) {
    case 0xc2: /* U+0080 */
        return 2;
    case 0xe2: /* U+2000 */
    case 0xe3: /* U+3000 */
    case 0xef: /* U+F000 */
        return 3;
    default:
        return 1;
    }
}

static unsigned code_of(const char *at, size_t length)
{
    unsigned a = (unsigned char)at[0], b = (unsigned char)at[1] & 0x3f;
    if (length == 2)
        return (a & 0x1f) << 6 | b;
    return (a & 0x0f) << 12 | b << 6 | ((unsigned char)at[2] & 0x3f);
}

static int is_hidden(unsigned code)
{
    return code == 0xad || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x2069) || code == 0xfeff;
}

static int is_blank(unsigned code)
{
    return (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
           code == 0x2029 || code == 0x202f || code == 0x205f ||
           code == 0x3000;
}

/* How many of the `length' bytes there are, as long as they go on right. */
static size_t there(const char *at, const char *end, size_t length)
{
    size_t n = 1;
    while (n < length && at + n < end && (at[n] & 0xc0) == 0x80)
        n++;
    return n;
}

static int give(struct visible_sink *visible, const char *from,
                const char *to, struct failure *why)
{
    return to > from ? visible->out->write(visible->out, from,
                                           (size_t)(to - from), why)
                     : 0;
}

/* Passes on [at, end) but for what it hides and a beginning at the end. */
static int pass(struct visible_sink *visible, const char *at, const char *end,
                struct failure *why)
{
    const char *from = at;
    while (at < end) {
        size_t length = length_of(*at);
        size_t n = length > 1 ? there(at, end, length) : 1;
        if (n < length && at + n == end)
            break;
        unsigned code = length > 1 && n == length ? code_of(at, n) : 0;
        if (is_hidden(code) || is_blank(code)) {
            if (give(visible, from, at, why) < 0 ||
                (is_blank(code) &&
                 visible->out->write(visible->out, " ", 1, why) < 0))
                return -1;
            from = at + n;
        }
        at += n;
    }
    visible->rest_length = (size_t)(end - at);
    memcpy(visible->rest, at, visible->rest_length);
    return give(visible, from, at, why);
}

static int visible_write(struct sink *self, const void *data, size_t size,
                         struct failure *why)
{
    struct visible_sink *visible = (struct visible_sink *)self;
    const char *at = data, *end = at + size;
    char joined[8];
    while (visible->rest_length && at < end) {
        size_t length = visible->rest_length;
        memcpy(joined, visible->rest, length);
        joined[length++] = *at++;
        visible->rest_length = 0;
        if (pass(visible, joined, joined + length, why) < 0)
            return -1;
    }
    return at < end ? pass(visible, at, end, why) : 0;
}

void visible_sink_init(struct visible_sink *visible, struct sink *out)
{
    *visible = (struct visible_sink){.sink = {visible_write}, .out = out};
}

int visible_sink_finish(struct visible_sink *visible, struct failure *why)
{
    size_t length = visible->rest_length;
    visible->rest_length = 0;
    return give(visible, visible->rest, visible->rest + length, why);
}
