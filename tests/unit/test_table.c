/* table: typed rows, and every error with its place. */
#include "unit.h"

#include "failure.h"
#include "network.h"
#include "pool.h"
#include "scratch.h"
#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const uses[] = {"sign", "encrypt", NULL};
static const char *const colours[] = {"red", "green", "blue", NULL};

static const struct table_column all_types[] = {
    {"name", TABLE_WORD, NULL, NULL, 0, 0},
    {"text", TABLE_TEXT, NULL, NULL, 0, 0},
    {"domain", TABLE_DOMAIN, NULL, NULL, 0, 0},
    {"address", TABLE_ADDRESS, NULL, NULL, 0, 0},
    {"size", TABLE_INTEGER, "7", NULL, 1, 1 << 30},
    {"use", TABLE_ENUM, "encrypt", uses, 0, 0},
    {"colours", TABLE_LIST, "", colours, 0, 0},
    {"pattern", TABLE_PATTERN, "", NULL, 0, 0},
    {"network", TABLE_NETWORK, "", NULL, 0, 0},
};
#define ALL_TYPES (sizeof all_types / sizeof all_types[0])

struct reading {
    struct pool *pool;
    char *folder;
    struct table table;
    struct table_errors errors;
    struct failure why;
};

static int begin(struct reading *reading, const struct table_column *columns,
                 size_t count, const char *text)
{
    *reading = (struct reading){.pool = pool_new(), .folder = scratch_new()};
    if (text)
        scratch_write(reading->folder, "t", text);
    return table_read(reading->pool, reading->folder, "t", columns, count,
                      &reading->table, &reading->errors, &reading->why);
}

static void end(struct reading *reading)
{
    table_errors_free(&reading->errors);
    pool_free(&reading->pool);
    scratch_free(&reading->folder);
}

static void reads_every_type(void)
{
    struct reading r;
    CU_ASSERT_EQUAL(
        begin(&r, all_types, ALL_TYPES,
              "# comment\n\n"
              "one \"two \"\"words\"\"\" Example.ORG User@A.Test 2k sign "
              "\"red, blue\" \"[[{]x\" 10.0.0.0/8 # comment\r\n"
              "  two # .a.test *@.b.test - -\n"),
        0);
    CU_ASSERT_EQUAL_FATAL(r.table.count, 1);
    const struct table_cell *cells = r.table.rows->cells;
    CU_ASSERT_STRING_EQUAL(cells[1].text, "two \"words\"");
    CU_ASSERT_STRING_EQUAL(cells[2].text, "example.org");
    CU_ASSERT_STRING_EQUAL(cells[3].text, "user@a.test");
    CU_ASSERT_EQUAL(cells[4].number, 2048);
    CU_ASSERT_EQUAL(cells[5].number, 0);
    CU_ASSERT_EQUAL_FATAL(cells[6].count, 2);
    CU_ASSERT_STRING_EQUAL(cells[6].items[1], "blue");
    CU_ASSERT_STRING_EQUAL(cells[7].text, "[[{]x");
    CU_ASSERT_STRING_EQUAL(cells[8].text, "10.0.0.0/8");
    CU_ASSERT_EQUAL(r.table.rows->line, 3);
    CU_ASSERT_EQUAL(r.errors.count, 3); /* the # ended line 4 early */
    end(&r);
}

static void defaults(void)
{
    struct reading r;
    CU_ASSERT_EQUAL(begin(&r, all_types, ALL_TYPES,
                          "a b .a.test *@.B.test - -\n"
                          "a \"-\" a.test *@b.test\n"), 0);
    CU_ASSERT_EQUAL(r.errors.count, 0);
    CU_ASSERT_EQUAL_FATAL(r.table.count, 2);
    const struct table_cell *cells = r.table.rows->cells;
    CU_ASSERT_STRING_EQUAL(cells[2].text, ".a.test");
    CU_ASSERT_STRING_EQUAL(cells[3].text, "*@.b.test");
    CU_ASSERT_EQUAL(cells[4].number, 7);
    CU_ASSERT_EQUAL(cells[5].number, 1);
    CU_ASSERT_PTR_NULL(cells[6].text);
    CU_ASSERT_STRING_EQUAL(r.table.rows->next->cells[1].text, "-");
    end(&r);
}

static void one_error(const char *columns_text, const char *error)
{
    struct reading r;
    char *expected = NULL, *line = NULL;
    if (asprintf(&line, "%s\n", columns_text) < 0)
        abort();
    CU_ASSERT_EQUAL(begin(&r, all_types, ALL_TYPES, line), 0);
    CU_ASSERT_EQUAL(r.errors.count, 1);
    CU_ASSERT_EQUAL(r.table.count, 0);
    free(line);
    if (asprintf(&expected, "%s/t:1: %s\n", r.folder, error) < 0)
        abort();
    CU_ASSERT_STRING_EQUAL(buffer_string(&r.errors.text), expected);
    if (strcmp(buffer_string(&r.errors.text), expected) != 0)
        printf("got %swanted %s", buffer_string(&r.errors.text), expected);
    free(expected);
    end(&r);
}

static void every_error_names_its_place(void)
{
    one_error("a%b c d.test e@f.test",
              "column 1 \"a%b\": expected a word of letters, digits and -_./");
    one_error("a \"\" d.test e@f.test",
              "column 2 \"\": expected text that is not empty");
    one_error("a b d.test. e@f.test",
              "column 3 \"d.test.\": expected a domain in ASCII (an "
              "international one as xn--...), without a dot at its end");
    one_error("a b d.test f.test",
              "column 4 \"f.test\": expected user@domain, *@domain or "
              "*@.domain");
    one_error("a b d.test *@ 5", "column 4 \"*@\": expected user@domain, "
                                 "*@domain or *@.domain");
    one_error("a b d.test e@f.test 0",
              "column 5 \"0\": expected a number from 1 to 1073741824");
    one_error("a b d.test e@f.test 9999999999g",
              "column 5 \"9999999999g\": expected a number from 1 to "
              "1073741824");
    one_error("a b d.test e@f.test 5 seal",
              "column 6 \"seal\": expected sign or encrypt");
    one_error("a b d.test e@f.test 5 sign red,pink",
              "column 7 \"red,pink\": expected a list, by commas, of red, "
              "green or blue");
    one_error("a b d.test e@f.test 5 sign red,,blue",
              "column 7 \"red,,blue\": expected values with one comma "
              "between two");
    one_error("a b d.test e@f.test 5 sign red x(y",
              "column 8 \"x(y\": expected a PCRE2 pattern (character 4: "
              "missing closing parenthesis)");
    one_error("a b d.test e@f.test 5 sign red x 1.2.3.4/8",
              "column 9 \"1.2.3.4/8\": expected an IP address, or "
              "address/prefix length without bits after the prefix");
    one_error("a b d.test e@f.test 5 sign red x 1.2.3.4 more",
              "column 10 \"more\": expected the end of the line");
    one_error("a \"b d.test",
              "column 2 \"b d.test\": expected a closing quote and white "
              "space after it");
    one_error("a \"b\"c d.test",
              "column 2 \"b\": expected a closing quote and white space "
              "after it");
    one_error("a b c.test", "column 4: expected a value for \"address\"");
}

static void all_errors_at_once(void)
{
    struct reading r;
    CU_ASSERT_EQUAL(begin(&r, all_types, ALL_TYPES,
                          "a% \"\" d.test e@f.test\n"
                          "good b d.test e@f.test\n"
                          "a b d..test f\n"), 0);
    CU_ASSERT_EQUAL(r.errors.count, 4);
    CU_ASSERT_EQUAL(r.table.count, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_string(&r.errors.text), "t:3: "));
    end(&r);
}

static void files_that_cannot_be_read(void)
{
    struct reading r;
    CU_ASSERT_EQUAL(begin(&r, all_types, ALL_TYPES, NULL), 1);
    char *path = NULL;
    if (asprintf(&path, "%s/t", r.folder) < 0 || mkdir(path, 0700) < 0)
        abort();
    CU_ASSERT_EQUAL(table_read(r.pool, r.folder, "t", all_types, ALL_TYPES,
                               &r.table, &r.errors, &r.why), -1);
    CU_ASSERT_EQUAL(r.why.kind, FAILURE_POLICY);
    CU_ASSERT_PTR_NOT_NULL(strstr(r.why.text, path));
    free(path);
    end(&r);
}

static void long_and_binary_lines(void)
{
    struct reading r;
    char *line = calloc(1, TABLE_MAX_LINE + 2);
    memset(line, 'x', TABLE_MAX_LINE + 1);
    CU_ASSERT_EQUAL(begin(&r, all_types, ALL_TYPES, line), 0);
    CU_ASSERT_EQUAL(r.errors.count, 1);
    end(&r);
    CU_ASSERT_EQUAL(begin(&r, all_types, ALL_TYPES, "a\033[2J% b"), 0);
    CU_ASSERT_PTR_NULL(strchr(buffer_string(&r.errors.text), '\033'));
    end(&r);
    free(line);
}

static int within(const char *network, const char *address)
{
    struct network outer, inner;
    CU_ASSERT_TRUE(network_parse(network, &outer));
    CU_ASSERT_TRUE(network_parse(address, &inner));
    return network_contains(&outer, &inner);
}

static void networks(void)
{
    CU_ASSERT_TRUE(within("10.0.0.0/8", "10.255.1.2"));
    CU_ASSERT_FALSE(within("10.0.0.0/9", "10.255.1.2"));
    CU_ASSERT_TRUE(within("0.0.0.0/0", "1.2.3.4"));
    CU_ASSERT_FALSE(within("0.0.0.0/0", "2001:db8::1"));
    CU_ASSERT_TRUE(within("127.0.0.1", "::ffff:127.0.0.1"));
    CU_ASSERT_TRUE(within("2001:db8::/33", "2001:db8:7fff::1"));
    CU_ASSERT_FALSE(within("2001:db8::/33", "2001:db8:8000::1"));
    static const char *const wrong[] = {"", "1.2.3", "1.2.3.4/33", "1.2.3.4/",
                                        "::/129", "::/-1", "x", "1.2.3.0/8",
                                        "10.0.0.0/08x"};
    struct network network;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CU_ASSERT_FALSE(network_parse(wrong[i], &network));
}

static void networks_are_written(void)
{
    static const char *const same[] = {"10.0.0.0/8", "127.0.0.1", "::1",
                                       "2001:db8::/33", "0.0.0.0/0"};
    struct network network;
    char text[NETWORK_TEXT];
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        CU_ASSERT_TRUE(network_parse(same[i], &network));
        network_text(&network, text);
        CU_ASSERT_STRING_EQUAL(text, same[i]);
    }
}

/* An editor writes in place: nobody may go by the first half of a table. */
static void half_written(void)
{
    static const char whole[] = "a b .a.test *@.B.test - -\n";
    struct reading r;
    for (size_t length = 1; length < sizeof whole; length++) {
        char part[sizeof whole];
        snprintf(part, length + 1, "%s", whole);
        CU_ASSERT_EQUAL(begin(&r, all_types, ALL_TYPES, part), 0);
        CU_ASSERT_EQUAL(r.errors.count, length < sizeof whole - 1);
        CU_ASSERT_EQUAL(r.table.count, length == sizeof whole - 1);
        end(&r);
    }
    CU_ASSERT_EQUAL(begin(&r, all_types, ALL_TYPES, "# x\n# half a"), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(buffer_string(&r.errors.text),
                                  "t:2: expected a line end at the end"));
    end(&r);
}

static const struct unit_test tests[] = {
    {"table: every type is read", reads_every_type},
    {"table: defaults for what is left out", defaults},
    {"table: every error names file, line, column, text, expectation",
     every_error_names_its_place},
    {"table: all errors are reported at once", all_errors_at_once},
    {"table: no file, and no readable file", files_that_cannot_be_read},
    {"table: long and binary lines", long_and_binary_lines},
    {"table: one that is half written has an error", half_written},
    {"network: contains an address", networks},
    {"network: is written as it was read", networks_are_written},
};
UNIT_SUITE(table, tests)
