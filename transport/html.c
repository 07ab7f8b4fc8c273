/* html: see html.h. */
#include "html.h"

#include "quoted_printable.h"

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

static int is_name(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* The row of the name in a list that NULL ends. */
static const char *find(const char *const *list, const char *name)
{
    while (*list && strcasecmp(*list, name) != 0)
        list++;
    return *list;
}

/* Beyond the first plane nothing is part of a marking. */
static int put_character(struct html_sink *html, unsigned long code,
                         struct failure *why)
{
    char text[3] = {(char)(0xe0 | code >> 12),
                    (char)(0x80 | (code >> 6 & 0x3f)),
                    (char)(0x80 | (code & 0x3f))};
    if (code == 0 || code > 0xffff || (code >= 0xd800 && code <= 0xdfff))
        return put(html, "\xef\xbf\xbd", 3, why);
    if (code >= 0x800)
        return put(html, text, 3, why);
    if (code < 0x80) {
        text[0] = (char)code;
        return put(html, text, 1, why);
    }
    text[1] = (char)(0xc0 | code >> 6);
    return put(html, text + 1, 2, why);
}

struct reference {
    const char *name;
    unsigned long code;
    int bare; /* known without a semicolon too, and as a beginning */
};

/* Only those that can be part of a marking, or stand between its words. */
static const struct reference *named_reference(const char *name)
{
    static const struct reference table[] = {
        {"nbsp", ' ', 1},   {"shy", 0xad, 1},   {"lt", '<', 1},
        {"gt", '>', 1},     {"amp", '&', 1},    {"quot", '"', 1},
        {"ensp", ' ', 0},   {"emsp", ' ', 0},   {"thinsp", ' ', 0},
        {"lbrack", '[', 0}, {"lsqb", '[', 0},   {"rbrack", ']', 0},
        {"rsqb", ']', 0},   {"lbrace", '{', 0}, {"lcub", '{', 0},
        {"rbrace", '}', 0}, {"rcub", '}', 0},   {"Tab", ' ', 0},
        {"NewLine", ' ', 0}, {"zwj", 0x200d, 0}, {"zwnj", 0x200c, 0},
        {"ZeroWidthSpace", 0x200b, 0}, {"NoBreak", 0x2060, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(name, table[i].name) == 0 ||
            (table[i].bare &&
             strncmp(name, table[i].name, strlen(table[i].name)) == 0))
            return &table[i];
    return NULL;
}

/* The name has ended, with a semicolon or without. */
static int end_reference(struct html_sink *html, int semicolon,
                         struct failure *why)
{
    html->word[html->length] = '\0';
    html->state = HTML_TEXT;
    const struct reference *found = named_reference(html->word);
    size_t known = found ? strlen(found->name) : 0;
    if (found && !semicolon && !found->bare)
        known = 0;
    if (known ? put_character(html, found->code, why) < 0
              : put(html, "&", 1, why) < 0)
        return -1;
    if (put(html, html->word + known, html->length - known, why) < 0)
        return -1;
    int whole = known && known == html->length;
    return semicolon && !whole ? put(html, ";", 1, why) : 0;
}

static int end_number(struct html_sink *html, struct failure *why)
{
    html->state = HTML_TEXT;
    if (html->length)
        return put_character(html, html->code, why);
    return put(html, "&#x", html->base == 16 ? 3 : 2, why);
}

/* 1 = c belongs to the reference, 0 = it comes behind it, -1 */
static int take_reference(struct html_sink *html, char c, struct failure *why)
{
    if (c == '#' && html->length == 0) {
        html->state = HTML_NUMBER;
        html->base = 10;
        html->code = 0;
        return 1;
    }
    if (is_name(c) && html->length < sizeof html->word - 1) {
        html->word[html->length++] = c;
        return 1;
    }
    return end_reference(html, c == ';', why) < 0 ? -1 : c == ';';
}

static int take_number(struct html_sink *html, char c, struct failure *why)
{
    int digit = quoted_printable_hex(c), any = html->length > 0;
    if (!any && html->base == 10 && (c | 0x20) == 'x') {
        html->base = 16;
        return 1;
    }
    if (digit >= 0 && (unsigned)digit < html->base) {
        html->code = html->code * html->base + (unsigned)digit;
        if (html->code > 0x110000)
            html->code = 0x110000;
        html->length = 1;
        return 1;
    }
    return end_number(html, why) < 0 ? -1 : any && c == ';';
}

/* Does the tag break the line it stands in? */
static int breaks(const char *name)
{
    static const char *const names[] = {
        "p",  "br", "div", "td", "th", "li", "tr", "h1", "h2", "h3",
        "h4", "h5", "h6",  "hr", "ul", "ol", "dl", "dt", "dd", "pre",
        "table", "center", "article", "section", "header", "footer",
        "blockquote", "title", "option", "address", NULL};
    return find(names, name) != NULL;
}

/* Elements whose text is text, whatever it looks like. */
static const char *raw_element(const char *name)
{
    static const char *const names[] = {"script", "style", "title",
                                        "textarea", "xmp", NULL};
    return find(names, name);
}

static void begin(struct html_sink *html, enum html_state state)
{
    html->state = state;
    html->length = 0;
    html->quote = 0;
    html->named = 0;
    html->value = VALUE_NONE;
    html->dashes = 0;
}

/* The first character behind <. 0 = it begins no tag, look at it again. */
static int take_open(struct html_sink *html, char c, struct failure *why)
{
    int letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    if (c == '/' && html->length == 0) {
        html->word[html->length++] = c; /* </ */
        return 1;
    }
    if (letter) {
        html->word[html->length++] = c;
        html->state = HTML_TAG;
        return 1;
    }
    if (!html->raw && html->length == 0 && (c == '!' || c == '?')) {
        begin(html, HTML_MARKUP);
        html->dashes = c == '!' ? 0 : 3;
        return 1;
    }
    if (!html->raw && html->length == 1 && c == '>') {
        html->state = HTML_TEXT; /* </> is nothing */
        return 1;
    }
    if (!html->raw && html->length == 1) {
        begin(html, HTML_MARKUP); /* browsers pass over </3 up to a > */
        html->dashes = 3;
        return 1;
    }
    html->state = HTML_TEXT;
    return put(html, "</", 1 + html->length, why) < 0 ? -1 : 0;
}

/* The name is complete: in a raw element only its own end is a tag. */
static int end_name(struct html_sink *html, struct failure *why)
{
    html->named = 1;
    html->word[html->length] = '\0';
    if (html->raw && (html->word[0] != '/' ||
                      strcasecmp(html->word + 1, html->raw) != 0)) {
        html->state = HTML_TEXT;
        return put(html, "<", 1, why) < 0 ||
                       put(html, html->word, html->length, why) < 0
                   ? -1
                   : 0;
    }
    return 1;
}

static int end_tag(struct html_sink *html, struct failure *why)
{
    int closing = html->word[0] == '/';
    html->state = HTML_TEXT;
    html->raw = closing ? NULL : raw_element(html->word);
    return breaks(html->word + closing) ? put(html, " ", 1, why) : 0;
}

/* A quote quotes where a value begins, and nowhere else. */
static void take_attribute(struct html_sink *html, char c, int blank)
{
    if (html->quote)
        html->quote = c == html->quote ? 0 : html->quote;
    else if (html->value == VALUE_NEXT && (c == '"' || c == '\''))
        html->quote = c, html->value = VALUE_NONE;
    else if (html->value == VALUE_NEXT)
        html->value = blank ? VALUE_NEXT : VALUE_BARE;
    else if (blank)
        html->value = VALUE_NONE;
    else if (html->value == VALUE_NONE && c == '=')
        html->value = VALUE_NEXT;
}

/* 0 = it was no tag, look at c again */
static int take_tag(struct html_sink *html, char c, struct failure *why)
{
    int rc, blank = c && strchr(" \t\r\n\f", c);
    if (!html->named && !blank && c != '/' && c != '>' &&
        html->length < sizeof html->word - 1) {
        html->word[html->length++] = c;
        return 1;
    }
    if (!html->named && (rc = end_name(html, why)) <= 0)
        return rc;
    if (c == '>' && !html->quote)
        return end_tag(html, why) < 0 ? -1 : 1;
    take_attribute(html, c, blank);
    return 1;
}

/* <!-- is a comment, which can end at once: <!--> */
static void take_markup(struct html_sink *html, char c)
{
    if (c == '>') {
        html->state = HTML_TEXT;
    } else if (c == '-' && html->dashes < 2) {
        if (++html->dashes == 2)
            html->state = HTML_COMMENT;
    } else {
        html->dashes = 3; /* no comment */
    }
}

static void take_comment(struct html_sink *html, char c)
{
    if (c == '>' && html->dashes >= 2)
        html->state = HTML_TEXT;
    else if (c == '-')
        html->dashes = html->dashes == 1 || html->dashes == 2 ? 2 : 1;
    else
        html->dashes = c == '!' && html->dashes == 2 ? 3 : 0;
}

static int take_text(struct html_sink *html, char c, struct failure *why)
{
    if (c == '<' || c == '&') {
        begin(html, c == '<' ? HTML_OPEN : HTML_REFERENCE);
        return 1;
    }
    return put(html, &c, 1, why) < 0 ? -1 : 1;
}

/* 1 = c is done with, 0 = look at it again in the new state, -1 */
static int take(struct html_sink *html, char c, struct failure *why)
{
    switch (html->state) {
    case HTML_OPEN:
        return take_open(html, c, why);
    case HTML_TAG:
        return take_tag(html, c, why);
    case HTML_MARKUP:
        take_markup(html, c);
        return 1;
    case HTML_COMMENT:
        take_comment(html, c);
        return 1;
    case HTML_REFERENCE:
        return take_reference(html, c, why);
    case HTML_NUMBER:
        return take_number(html, c, why);
    default:
        return take_text(html, c, why);
    }
}

static int html_write(struct sink *self, const void *data, size_t size,
                      struct failure *why)
{
    struct html_sink *html = (struct html_sink *)self;
    const char *at = data, *end = at + size;
    while (at < end) {
        int rc = take(html, *at, why);
        if (rc < 0)
            return -1;
        at += rc;
    }
    return 0;
}

void html_sink_init(struct html_sink *html, struct sink *out)
{
    html->sink.write = html_write;
    html->out = out;
    html->used = 0;
    html->raw = NULL;
    begin(html, HTML_TEXT);
}

int html_sink_finish(struct html_sink *html, struct failure *why)
{
    if (html->state == HTML_REFERENCE && end_reference(html, 0, why) < 0)
        return -1;
    if (html->state == HTML_NUMBER && end_number(html, why) < 0)
        return -1;
    if (html->state == HTML_OPEN && put(html, "</", 1 + html->length, why) < 0)
        return -1;
    return flush(html, why);
}
