/* maillog: its lines; see maillog.h. */
#include "maillog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *sign;
    enum maillog_kind kind;
} signs[] = {
    {"<= ", MAILLOG_ARRIVED},    {"=> ", MAILLOG_DELIVERED},
    {"-> ", MAILLOG_DELIVERED},  {">> ", MAILLOG_DELIVERED},
    {"== ", MAILLOG_DEFERRED},   {"** ", MAILLOG_FAILED},
    {"seemail ", MAILLOG_DECIDED}, {"Completed", MAILLOG_COMPLETED},
};

/* The bytes of an address: blanks and brackets in quotes are its own. */
static size_t quoted_span(const char *text, const char *end)
{
    int quoted = 0;
    size_t at = 0;
    for (; text[at] && (quoted || !strchr(end, text[at])); at++)
        if (text[at] == '\\' && text[at + 1])
            at++;
        else if (text[at] == '"')
            quoted = !quoted;
    return at;
}

/* "address" or "local <address>", and so on while there are brackets. */
static size_t address_span(const char *text)
{
    size_t at = quoted_span(text, " ");
    while (text[at] == ' ' && text[at + 1] == '<') {
        at += 1 + quoted_span(text + at + 1, ">");
        at += text[at] == '>';
    }
    return at;
}

/* "2026-11-25 12:00:00", ".123", " +0000" and " [pid]" may follow. */
static const char *read_time(const char *text, struct maillog_line *line)
{
    struct tm tm = {.tm_isdst = -1};
    size_t length = strlen(text);
    if (length < 20 || sscanf(text, "%4d-%2d-%2d %2d:%2d:%2d", &tm.tm_year,
                              &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
                              &tm.tm_sec) != 6)
        return NULL;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    snprintf(line->stamp, sizeof line->stamp, "%.19s", text);
    text += 19;
    if (*text == '.')
        text += 1 + strspn(text + 1, "0123456789");
    if ((strncmp(text, " +", 2) == 0 || strncmp(text, " -", 2) == 0) &&
        strspn(text + 2, "0123456789") == 4) {
        long zone = strtol(text + 2, NULL, 10);
        long offset = (zone / 100 * 60 + zone % 100) * 60;
        line->when = timegm(&tm) - (text[1] == '-' ? -offset : offset);
        text += 6;
    } else {
        line->when = mktime(&tm);
    }
    if (*text++ != ' ')
        return NULL;
    if (*text == '[' && strspn(text + 1, "0123456789") &&
        strncmp(text + 1 + strspn(text + 1, "0123456789"), "] ", 2) == 0)
        text = strchr(text, ']') + 2;
    return text;
}

int maillog_parse(const char *text, struct maillog_line *line_r)
{
    *line_r = (struct maillog_line){.kind = MAILLOG_OTHER};
    const char *at = read_time(text, line_r);
    if (!at)
        return 0;
    size_t length = strcspn(at, " ");
    line_r->text = at;
    if (!at[length] || !spool_is_id(at, length))
        return 1;
    memcpy(line_r->id, at, length);
    line_r->text = at += length + 1;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (strncmp(at, signs[i].sign, strlen(signs[i].sign)) == 0) {
            line_r->kind = signs[i].kind;
            line_r->text = at + strlen(signs[i].sign);
            line_r->copy = *at == '-';
            break;
        }
    if (line_r->kind <= MAILLOG_FAILED)
        line_r->address = address_span(line_r->text);
    return 1;
}

static int is_hex(char c)
{
    return c && strchr("0123456789abcdefABCDEF", c);
}

/* A value up to a blank, or in quotes with "\x41" in it for bytes. */
static void copy_value(const char *from, char *value, size_t size)
{
    int quoted = *from == '"';
    size_t at = 0;
    from += quoted;
    while (*from && *from != (quoted ? '"' : ' ') && at + 1 < size) {
        unsigned byte;
        if (from[0] == '\\' && from[1] == 'x' && is_hex(from[2]) &&
            is_hex(from[3]) && sscanf(from + 2, "%2x", &byte) == 1) {
            value[at++] = (char)byte;
            from += 4;
        } else {
            from += *from == '\\' && from[1];
            value[at++] = *from++;
        }
    }
    value[at] = '\0';
}

int maillog_field(const struct maillog_line *line, const char *key,
                  char *value, size_t size)
{
    const char *at = line->text + line->address;
    size_t length = strlen(key);
    if (line->kind != MAILLOG_DECIDED) /* each of these has a blank before */
        at += *at == ' ';
    while (*at) {
        if (strncmp(at, key, length) == 0 && at[length] == '=') {
            copy_value(at + length + 1, value, size);
            return 1;
        }
        at += quoted_span(at, " ");
        at += strspn(at, " ");
    }
    *value = '\0';
    return 0;
}

void maillog_address(const struct maillog_line *line, char *address,
                     size_t size)
{
    const char *text = line->text;
    size_t length = quoted_span(text, " ");
    const char *bracket = text + length;
    if (length < line->address && bracket[1] == '<') {
        text = bracket + 2;
        length = quoted_span(text, ">");
    }
    snprintf(address, size, "%.*s", (int)length, text);
}
