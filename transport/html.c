/* html: see html.h. */
#include "html.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int flush(struct html_sink *html, struct failure *why)
{
    size_t used = html->used;
    html->used = 0;
    return used ? html->out->write(html->out, html->text, used, why) : 0;
}

static int put(struct html_sink *html, const char *text, size_t length,
               struct failure *why)
{
    if (html->used + length > sizeof html->text && flush(html, why) < 0)
        return -1;
    memcpy(html->text + html->used, text, length);
    html->used += length;
    return 0;
}

static int put_character(struct html_sink *html, unsigned long code,
                         struct failure *why)
{
    char text[4];
    size_t length;
    if (code < 0x80) {
        text[0] = (char)code;
        length = 1;
    } else if (code < 0x800) {
        text[0] = (char)(0xc0 | code >> 6);
        text[1] = (char)(0x80 | (code & 0x3f));
        length = 2;
    } else if (code < 0x10000) {
        text[0] = (char)(0xe0 | code >> 12);
        text[1] = (char)(0x80 | (code >> 6 & 0x3f));
        text[2] = (char)(0x80 | (code & 0x3f));
        length = 3;
    } else {
        return put(html, " ", 1, why);
    }
    return put(html, text, length, why);
}

/* Only those that can be part of a marking, or stand between its words. */
static unsigned long named_reference(const char *name)
{
    static const struct {
        const char *name;
        unsigned long code;
    } table[] = {
        {"nbsp", ' '},   {"ensp", ' '},   {"emsp", ' '},   {"thinsp", ' '},
        {"lt", '<'},     {"gt", '>'},     {"amp", '&'},    {"quot", '"'},
        {"lbrack", '['}, {"lsqb", '['},   {"rbrack", ']'}, {"rsqb", ']'},
        {"lbrace", '{'}, {"lcub", '{'},   {"rbrace", '}'}, {"rcub", '}'},
        {"Tab", ' '},    {"NewLine", ' '},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(name, table[i].name) == 0)
            return table[i].code;
    return 0;
}

/* The reference in `word' has ended. */
static int end_reference(struct html_sink *html, int semicolon,
                         struct failure *why)
{
    unsigned long code = 0;
    html->word[html->length] = '\0';
    html->state = HTML_TEXT;
    if (html->word[0] == '#' && (html->word[1] | 0x20) == 'x')
        code = strtoul(html->word + 2, NULL, 16);
    else if (html->word[0] == '#')
        code = strtoul(html->word + 1, NULL, 10);
    else
        code = named_reference(html->word);
    if (code)
        return put_character(html, code == 0xad ? ' ' : code, why);
    if (put(html, "&", 1, why) < 0 ||
        put(html, html->word, html->length, why) < 0)
        return -1;
    return semicolon ? put(html, ";", 1, why) : 0;
}

/* Does the tag break the line it stands in? */
static int breaks(const char *name)
{
    static const char *const names[] = {"p",  "br", "div", "td", "th", "li",
                                        "tr", "h1", "h2",  "h3", "h4", "h5",
                                        "h6", "hr", "ul",  "ol", "table",
                                        "blockquote", "title"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcasecmp(name, names[i]) == 0)
            return 1;
    return 0;
}

static int end_tag(struct html_sink *html, struct failure *why)
{
    html->word[html->length] = '\0';
    html->state = HTML_TEXT;
    return breaks(html->word) ? put(html, " ", 1, why) : 0;
}

static void begin(struct html_sink *html, enum html_state state)
{
    html->state = state;
    html->length = 0;
    html->quote = 0;
    html->named = 0;
}

static int take_tag(struct html_sink *html, char c, struct failure *why)
{
    if (html->quote) {
        if (c == html->quote)
            html->quote = 0;
        return 0;
    }
    if (c == '>')
        return end_tag(html, why);
    if (html->named && (c == '"' || c == '\'')) {
        html->quote = c;
        return 0;
    }
    if (c == '/' && html->length == 0)
        return 0;
    if (strchr(" \t\r\n/", c) || html->length == sizeof html->word - 1)
        html->named = 1;
    if (!html->named)
        html->word[html->length++] = c;
    if (html->length == 3 && memcmp(html->word, "!--", 3) == 0)
        begin(html, HTML_COMMENT);
    return 0;
}

/* `word' holds the last characters, to see the end. */
static void take_comment(struct html_sink *html, char c)
{
    if (c == '>' && html->length >= 2)
        html->state = HTML_TEXT;
    html->length = c == '-' ? html->length + 1 : 0;
    if (html->length > 2)
        html->length = 2;
}

static int take(struct html_sink *html, char c, struct failure *why)
{
    switch (html->state) {
    case HTML_TAG:
        return take_tag(html, c, why);
    case HTML_COMMENT:
        take_comment(html, c);
        return 0;
    case HTML_REFERENCE:
        if (c == ';')
            return end_reference(html, 1, why);
        if ((c == '#' || (c >= '0' && c <= '9') ||
             ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) &&
            html->length < sizeof html->word - 1) {
            html->word[html->length++] = c;
            return 0;
        }
        if (end_reference(html, 0, why) < 0)
            return -1;
        return take(html, c, why);
    default:
        if (c == '<' || c == '&') {
            begin(html, c == '<' ? HTML_TAG : HTML_REFERENCE);
            return 0;
        }
        return put(html, &c, 1, why);
    }
}

static int html_write(struct sink *self, const void *data, size_t size,
                      struct failure *why)
{
    struct html_sink *html = (struct html_sink *)self;
    const char *at = data;
    for (size_t i = 0; i < size; i++)
        if (take(html, at[i], why) < 0)
            return -1;
    return 0;
}

void html_sink_init(struct html_sink *html, struct sink *out)
{
    html->sink.write = html_write;
    html->out = out;
    html->used = 0;
    begin(html, HTML_TEXT);
}

int html_sink_finish(struct html_sink *html, struct failure *why)
{
    if (html->state == HTML_REFERENCE && end_reference(html, 0, why) < 0)
        return -1;
    return flush(html, why);
}
