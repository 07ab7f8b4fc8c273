/* utf8: see utf8.h. */
#include "utf8.h"

/* The length of the well-formed sequence at text, or 0. */
static size_t sequence(const unsigned char *text)
{
    size_t length = text[0] < 0x80 ? 1 : text[0] < 0xc2 ? 0 : text[0] < 0xe0 ? 2
                    : text[0] < 0xf0 ? 3 : text[0] < 0xf5 ? 4 : 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    if ((text[0] == 0xe0 && text[1] < 0xa0) ||
        (text[0] == 0xed && text[1] >= 0xa0) ||
        (text[0] == 0xf0 && text[1] < 0x90) ||
        (text[0] == 0xf4 && text[1] >= 0x90))
        return 0;
    return length;
}

size_t utf8_next(const char *at, unsigned long *character_r)
{
    const unsigned char *text = (const unsigned char *)at;
    size_t length = sequence(text);
    unsigned long c = length <= 1   ? text[0]
                      : length == 2 ? text[0] & 0x1fU
                      : length == 3 ? text[0] & 0x0fU
                                    : text[0] & 0x07U;
    for (size_t i = 1; i < length; i++)
        c = c << 6 | (text[i] & 0x3fU);
    *character_r = length ? c : UTF8_REPLACEMENT;
    return length ? length : 1;
}

int utf8_acts(unsigned long c)
{
    return c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0xad ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}
