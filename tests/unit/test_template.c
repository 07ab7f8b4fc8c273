/* template: texts with values that strangers have chosen. */
#include "unit.h"

#include "buffer.h"
#include "failure.h"
#include "pool.h"
#include "scratch.h"
#include "table.h"
#include "template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct failure why;

static void filled(const char *text, enum template_form form,
                   const char *value, const char *expected)
{
    struct buffer out = {0};
    struct template_value values[] = {{"name", value, 0},
                                      {"ours", "two\nlines\n", 1}};
    CU_ASSERT_EQUAL(template_fill(text, form, values, 2, &out, &why), 0);
    CU_ASSERT_STRING_EQUAL(buffer_string(&out), expected);
    buffer_free(&out);
}

static void values_are_filled_in(void)
{
    struct buffer out = {0};
    filled("a ${name}, $$5, ${ours}", TEMPLATE_TEXT, "b", "a b, $5, two\nlines\n");
    filled("${name}${name}", TEMPLATE_TEXT, NULL, "");
    filled("${name}", TEMPLATE_TEXT, "${name}$$", "${name}$$");
    filled("<${name}>", TEMPLATE_HTML, "<a href=\"x\">&'",
           "<&lt;a href=&quot;x&quot;&gt;&amp;&#39;>");
    CU_ASSERT_EQUAL(template_fill("${other}", TEMPLATE_TEXT, NULL, 0, &out,
                                  &why), -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_BUG);
    buffer_free(&out);
}

static void hostile_values(void)
{
    char many[2000];
    struct buffer out = {0};
    memset(many, 'x', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    filled("${name}", TEMPLATE_TEXT, "x\r\nBcc: all@b.test\n\nhello",
           "x Bcc: all@b.test hello");
    filled("${name}", TEMPLATE_TEXT, "\x1b[2J\xc2\x9b" "2J\x7f\xe2\x80\xae",
           " [2J 2J ");
    filled("${name}", TEMPLATE_TEXT, "a \t\xe2\x80\xae  b", "a b");
    filled("${name}", TEMPLATE_TEXT, "caf\xc3\xa9 \xff\xe9",
           "caf\xc3\xa9 \xef\xbf\xbd\xef\xbf\xbd");
    template_clean(many, TEMPLATE_TEXT, &out);
    CU_ASSERT_EQUAL(out.length, TEMPLATE_VALUE_MOST);
    buffer_free(&out);
}

/* The file says this; the error ends like that. */
static void wrong(const char *text, const char *expected)
{
    char *folder = scratch_new(), *notices = NULL;
    struct pool *pool = pool_new();
    const char *read = NULL;
    if (asprintf(&notices, "%s/notices", folder) < 0 ||
        mkdir(notices, 0700) < 0)
        abort();
    if (text)
        scratch_write(notices, "digest", text);
    CU_ASSERT_EQUAL(template_read(pool, folder, "digest", &read, &why), -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_POLICY);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, expected));
    if (!strstr(why.text, expected))
        printf("got %s\n", why.text);
    free(notices);
    pool_free(&pool);
    scratch_free(&folder);
}

static void what_is_wrong_is_found(void)
{
    wrong(NULL, "notices/digest: expected a text that can be used (");
    wrong("", "notices/digest: expected some text");
    wrong("Hello\n${hub} ${who} x\n", "notices/digest:2 \"${who}\": expected "
                                      "a name that this text can have "
                                      "(${hub}, ${title}");
    wrong("costs $5", "digest:1 \"$\": expected $$, or ${name}");
    wrong("${hub", "expected $$, or ${name}");
    wrong("${}", "expected $$, or ${name}");
    wrong("caf\xe9", "expected text in UTF-8");
    wrong("Hello\n\n${hub}\n", "notices/digest:1: expected \"Subject: ...\"");
    wrong("Subject: x\nHello\n", "notices/digest:1: expected \"Subject: ...\"");
    wrong("a\x1b[2J", "expected text without control characters");
}

static void shipped_are_good(void)
{
    struct table_errors errors = {0};
    CU_ASSERT_EQUAL(template_check("policies", &errors, &why), 0);
    CU_ASSERT_EQUAL(errors.count, 0);
    table_errors_free(&errors);
    CU_ASSERT_EQUAL(template_check("/nonexistent", &errors, &why), 0);
    CU_ASSERT_TRUE(errors.count > 0);
    table_errors_free(&errors);
}

static const struct unit_test tests[] = {
    {"2.8-notices: values are filled in", values_are_filled_in},
    {"2.8-notices: hostile values stay values", hostile_values},
    {"2.8-notices: what is wrong in a template is found",
     what_is_wrong_is_found},
    {"2.8-notices: the shipped texts are good", shipped_are_good},
};
UNIT_SUITE(template, tests)
