/* cms_label: see cms_label.h. */
#include "cms_label.h"

#include "buffer.h"
#include "pool.h"

#include <string.h>

#define TAG_UTF8 0x0c
#define TAG_PRINTABLE 0x13

/* The parts of a SET go by their tags (X.690, 10.3). */
void cms_label_put(const struct cms_label *label, struct buffer *der)
{
    size_t set = der_open(der, TAG_SET);
    if (label->classification >= 0)
        der_put_small(der, (unsigned)label->classification);
    der_put_oid(der, label->policy.data, label->policy.length);
    if (label->mark && *label->mark) {
        size_t length = strlen(label->mark);
        if (length > CMS_LABEL_MARK_MOST)
            length = CMS_LABEL_MARK_MOST;
        while (length && ((unsigned char)label->mark[length] & 0xc0) == 0x80)
            length--; /* not within a character */
        der_put(der, TAG_UTF8, label->mark, length);
    }
    der_close(der, set);
}

static void put_dotted(struct buffer *text, struct der oid)
{
    unsigned long long number = 0;
    int first = 1;
    for (size_t i = 0; i < oid.length; i++) {
        if (number > ~0ULL >> 8)
            return;
        number = number << 7 | (oid.data[i] & 0x7f);
        if (oid.data[i] & 0x80)
            continue;
        if (first) {
            unsigned top = number < 80 ? (unsigned)number / 40 : 2;
            buffer_format(text, "%u.%llu", top, number - 40 * top);
        } else {
            buffer_format(text, ".%llu", number);
        }
        first = 0;
        number = 0;
    }
}

static void put_mark(struct buffer *text, struct der mark)
{
    for (size_t i = 0; i < mark.length && i < CMS_LABEL_MARK_MOST; i++)
        buffer_byte(text, mark.data[i] < ' ' || mark.data[i] > '~'
                              ? '?'
                              : mark.data[i]);
}

const char *cms_label_text(struct pool *pool, const struct der *whole)
{
    struct der in = *whole, policy = {NULL, 0}, mark = {NULL, 0};
    struct der_value set, part;
    long classification = -1;
    int rc = 0;
    if (!der_expect(&in, TAG_SET, &set))
        return "";
    while ((rc = der_next(&set.content, &part)) > 0)
        if (part.tag == TAG_OID)
            policy = part.content;
        else if (part.tag == TAG_INTEGER && part.content.length == 1)
            classification = part.content.data[0];
        else if (part.tag == TAG_INTEGER && part.content.length == 2)
            classification = part.content.data[0] << 8 | part.content.data[1];
        else if (part.tag == TAG_UTF8 || part.tag == TAG_PRINTABLE)
            mark = part.content;
    if (rc < 0 || !policy.data)
        return "";
    struct buffer text = {0};
    put_dotted(&text, policy);
    if (classification >= 0)
        buffer_format(&text, " %ld", classification);
    else
        buffer_text(&text, " -");
    if (mark.length)
        buffer_byte(&text, ' ');
    put_mark(&text, mark);
    char *copy = text.failed ? NULL : pool_string(pool, buffer_string(&text));
    buffer_free(&text);
    return copy;
}
