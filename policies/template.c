/* template: see template.h. */
#include "template.h"

#include "buffer.h"
#include "failure.h"
#include "file.h"
#include "pool.h"
#include "table.h"
#include "utf8.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FOLDER "notices"

#define SUBJECT "Subject: "

static const struct template_names *find(const char *template)
{
    const struct template_names *at = template_names;
    while (at->template && strcmp(at->template, template) != 0)
        at++;
    return at->template ? at : NULL;
}

/* The length of the line "Subject: ..." that an empty one follows; 0 = none. */
static size_t subject_length(const char *text)
{
    size_t name = sizeof SUBJECT - 1, length = strcspn(text, "\n");
    return strncmp(text, SUBJECT, name) == 0 && length > name &&
                   strncmp(text + length, "\n\n", 2) == 0
               ? length
               : 0;
}

/* The ${name} or $$ at the dollar: its length, 0 = neither. */
static size_t place_length(const char *dollar, size_t *name_r)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz-";
    *name_r = 0;
    if (dollar[1] == '$')
        return 2;
    if (dollar[1] != '{')
        return 0;
    *name_r = strspn(dollar + 2, letters);
    return *name_r && dollar[2 + *name_r] == '}' ? *name_r + 3 : 0;
}

static int is_name(const char *name, const char *text, size_t length)
{
    return strlen(name) == length && memcmp(name, text, length) == 0;
}

/* NULL, or what is wrong at *at_r. */
static const char *find_fault(const char *text, const char *const *names,
                              const char **at_r)
{
    unsigned long character;
    for (const char *at = text; *at; at += utf8_next(at, &character)) {
        size_t length, step = utf8_next(at, &character);
        *at_r = at;
        if (character == UTF8_REPLACEMENT && step == 1)
            return "text in UTF-8";
        if ((character < ' ' && character != '\n' && character != '\t') ||
            (character >= 0x7f && character < 0xa0))
            return "text without control characters";
        if (*at != '$')
            continue;
        size_t whole = place_length(at, &length);
        if (!whole)
            return "$$, or ${name} of small letters";
        const char *const *name = names;
        while (length && *name && !is_name(*name, at + 2, length))
            name++;
        if (length && !*name)
            return "a name that this text can have";
        at += whole - 1;
    }
    return NULL;
}

static void describe(const char *const *names, const char *fault,
                     struct buffer *expected)
{
    buffer_text(expected, fault);
    for (size_t i = 0; names[i]; i++)
        buffer_format(expected, "%s${%s}", i ? ", " : " (", names[i]);
    if (names[0])
        buffer_byte(expected, ')');
}

/* Adds what is wrong to the errors. */
static void check_text(const char *path, const char *text, size_t length,
                       const struct template_names *use,
                       struct table_errors *errors)
{
    struct buffer expected = {0};
    const char *at = text, *const *names = use->names;
    unsigned line = 1;
    const char *fault = strlen(text) == length ? find_fault(text, names, &at)
                                               : "text without NULs";
    if (!fault && length && use->mail && !subject_length(text)) {
        fault = "\"" SUBJECT "...\" and an empty line, as a mail begins";
        at = text;
    }
    for (const char *c = text; c < at; c++)
        line += *c == '\n';
    if (fault) {
        char place[64];
        size_t name, whole = place_length(at, &name);
        snprintf(place, sizeof place, "%.*s", whole ? (int)whole : 1, at);
        describe(names, fault, &expected);
        table_error(errors, path, line, 0, *at == '$' ? place : NULL,
                    buffer_string(&expected));
    } else if (!length) {
        table_error(errors, path, 0, 0, NULL, "some text");
    }
    buffer_free(&expected);
}

/* Not what everybody may change, or put there: warnings are among them. */
static int read_file(const char *folder, const char *path, struct buffer *text,
                     struct failure *why)
{
    char notices[4096];
    snprintf(notices, sizeof notices, "%s/" FOLDER, folder);
    return file_check(notices, FILE_SHARED, FAILURE_POLICY, why) < 0
               ? -1
               : file_read(path, FILE_SHARED, TEMPLATE_BYTES_MOST,
                           FAILURE_POLICY, text, why);
}

/* 0, also with errors; -1 = memory. */
static int read_one(const char *folder, const char *name,
                    struct buffer *text, struct table_errors *errors,
                    struct failure *why)
{
    char path[4096];
    struct failure reason = {0};
    const struct template_names *use = find(name);
    if (!use)
        return failure(why, FAILURE_BUG, "%s: no such template", name);
    snprintf(path, sizeof path, "%s/" FOLDER "/%s", folder, name);
    if (read_file(folder, path, text, &reason) < 0) {
        char expected[sizeof reason.text + 40];
        snprintf(expected, sizeof expected, "a text that can be used (%s)",
                 reason.text);
        table_error(errors, path, 0, 0, NULL, expected);
    } else {
        check_text(path, buffer_string(text), text->length, use, errors);
    }
    return errors->text.failed || reason.kind == FAILURE_MEMORY
               ? failure_memory(why)
               : 0;
}

int template_read(struct pool *pool, const char *folder, const char *name,
                  const char **text_r, struct failure *why)
{
    struct table_errors errors = {0};
    struct buffer text = {0};
    int rc = read_one(folder, name, &text, &errors, why);
    if (rc == 0 && errors.count) {
        const char *first = buffer_string(&errors.text);
        rc = failure(why, FAILURE_POLICY, "%.*s", (int)strcspn(first, "\n"),
                     first);
    }
    if (rc == 0 && !(*text_r = pool_string(pool, buffer_string(&text))))
        rc = failure_memory(why);
    buffer_free(&text);
    table_errors_free(&errors);
    return rc;
}

int template_read_mail(struct pool *pool, const char *folder, const char *name,
                       const char **subject_r, const char **text_r,
                       struct failure *why)
{
    const char *text;
    size_t before = sizeof SUBJECT - 1;
    if (template_read(pool, folder, name, &text, why) < 0)
        return -1;
    size_t length = subject_length(text);
    if (!length)
        return failure(why, FAILURE_BUG, "%s: is no mail", name);
    *text_r = text + length + 2;
    *subject_r = pool_substring(pool, text + before, length - before);
    return *subject_r ? 0 : failure_memory(why);
}

int template_check(const char *folder, struct table_errors *errors,
                   struct failure *why)
{
    int rc = 0;
    for (const struct template_names *at = template_names;
         rc == 0 && at->template; at++) {
        struct buffer text = {0};
        rc = read_one(folder, at->template, &text, errors, why);
        buffer_free(&text);
    }
    return rc;
}

static const char *escape(unsigned long character)
{
    return character == '<'    ? "&lt;"
           : character == '>'  ? "&gt;"
           : character == '&'  ? "&amp;"
           : character == '"'  ? "&quot;"
           : character == '\'' ? "&#39;"
                               : NULL;
}

void template_clean(const char *value, enum template_form form,
                    struct buffer *out)
{
    size_t length, used = 0;
    int blank = 0; /* the last was one */
    for (; value && *value && used < TEMPLATE_VALUE_MOST; value += length) {
        unsigned long character;
        length = utf8_next(value, &character);
        const char *escaped =
            form == TEMPLATE_HTML ? escape(character) : NULL;
        int was = blank;
        blank = utf8_acts(character) || character == ' ';
        if (blank && was)
            continue;
        used += length;
        if (blank)
            buffer_byte(out, ' ');
        else if (escaped)
            buffer_text(out, escaped);
        else if (character == UTF8_REPLACEMENT)
            buffer_text(out, "\xef\xbf\xbd");
        else
            buffer_append(out, value, length);
    }
}

static int put_value(const char *name, size_t length, enum template_form form,
                     const struct template_value *values, size_t count,
                     struct buffer *out, struct failure *why)
{
    for (size_t i = 0; i < count; i++)
        if (is_name(values[i].name, name, length)) {
            if (values[i].ours)
                buffer_text(out, values[i].value ? values[i].value : "");
            else
                template_clean(values[i].value, form, out);
            return 0;
        }
    return failure(why, FAILURE_BUG, "template: no value for %.*s",
                   (int)length, name);
}

int template_fill(const char *text, enum template_form form,
                  const struct template_value *values, size_t count,
                  struct buffer *out, struct failure *why)
{
    int rc = 0;
    while (rc == 0 && *text) {
        size_t name, plain = strcspn(text, "$");
        buffer_append(out, text, plain);
        text += plain;
        if (!*text)
            break;
        size_t whole = place_length(text, &name);
        if (name && whole)
            rc = put_value(text + 2, name, form, values, count, out, why);
        else
            buffer_byte(out, '$');
        text += whole ? whole : 1;
    }
    return rc == 0 && out->failed ? failure_memory(why) : rc;
}
