#ifndef SEEMAIL_TEMPLATE_H
#define SEEMAIL_TEMPLATE_H

/*
 * template: the texts that people get, as files of the folder notices/ of the
 * policy, so that an agency can say it in its own words and language. UTF-8,
 * LF line ends. ${name} stands for a value, $$ for a dollar; a name that the
 * template's use does not have is an error, which `seemail-policy check'
 * finds. Which templates there are, and which names each may use, stands in
 * template_names.c.
 *
 * Values come from outside: what would act on a terminal or reader becomes a
 * blank, several blanks one, what is not UTF-8 U+FFFD, and a value has one line
 * of at most TEMPLATE_VALUE_MOST bytes (an address, and something more), unless
 * it was made by us (`ours').
 */

#include <stddef.h>

struct buffer;
struct failure;
struct pool;
struct table_errors;

#define TEMPLATE_BYTES_MOST 65536
#define TEMPLATE_VALUE_MOST 400

struct template_value {
    const char *name, *value; /* NULL = empty */
    int ours; /* several lines, made by us of what template_clean() gave */
};

enum template_form {
    TEMPLATE_TEXT,
    TEMPLATE_HTML /* values: < > & and quotes escaped */
};

/*
 * Reads a template of the policy's folder and checks it. 0, and the text (in
 * the pool); -1: FAILURE_POLICY when it is missing or wrong.
 */
int template_read(struct pool *pool, const char *folder, const char *name,
                  const char **text_r, struct failure *why);

/* The same of one that is a mail: its subject, and what follows. */
int template_read_mail(struct pool *pool, const char *folder, const char *name,
                       const char **subject_r, const char **text_r,
                       struct failure *why);

/* Appends the text with its values. 0; -1 = memory, or a value is missing
 * (FAILURE_BUG). */
int template_fill(const char *text, enum template_form form,
                  const struct template_value *values, size_t count,
                  struct buffer *out, struct failure *why);

/* Appends a value from outside as it is filled in. */
void template_clean(const char *value, enum template_form form,
                    struct buffer *out);

/* Checks all that there must be. 0 and perhaps errors; -1 = memory. */
int template_check(const char *folder, struct table_errors *errors,
                   struct failure *why);

/* For template.c: the names of one use, ended by NULL; ended by a name of
 * NULL itself. */
struct template_names {
    const char *template;
    const char *const *names;
    int mail; /* begins with "Subject: ..." and an empty line */
};
extern const struct template_names template_names[];

#endif
