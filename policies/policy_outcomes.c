/* policy_outcomes: what is done about each status; see policy.h. */
#include "policy_load.h"

#include <string.h>

#define CODE_MOST 8
#define TAG_MOST 60

/* An event is optional: -1 = nobody is told. */
static int event_of(const struct table_cell *cell)
{
    return cell->text ? (int)cell->number : -1;
}

static void check_row(struct loader *loader, const struct table *table,
                      const struct table_row *row,
                      const struct outcome_rule *rule)
{
    if (seen_before(table, row, 0))
        row_error(loader, row, 0, "each status once");
    if (rule->code && strlen(rule->code) > CODE_MOST)
        row_error(loader, row, 1, "a code of 8 characters at the most");
    if (rule->receiving == WARNING_NONE)
        return;
    if (!rule->code)
        table_error(loader->errors, row->file, row->line, 2, NULL,
                    "a code for the warning");
    if (!rule->text)
        table_error(loader->errors, row->file, row->line, 7, NULL,
                    "a text for the warning");
}

static int printable(const char *text, size_t most)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~')
            return 0;
    return length <= most;
}

/* Has it no other name than the marking's? */
static int names_marking(const char *text)
{
    static const char name[] = "${marking}";
    for (; (text = strchr(text, '$')); text += sizeof name - 1)
        if (strncmp(text, name, sizeof name - 1) != 0)
            return 0;
    return 1;
}

static int is_field(const char *text)
{
    size_t name = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz0123456789-");
    return name > 0 && strncmp(text + name, ": ", 2) == 0;
}

/* They go into a header as they are. */
static void check_tags(struct loader *loader)
{
    const struct settings *settings = &loader->policy->settings;
    const struct {
        const char *text, *expected;
        int field;
    } tags[] = {
        {settings->warning_subject,
         "printable ASCII, up to 60 characters, as warning-subject", 0},
        {settings->label_subject,
         "printable ASCII, up to 60 characters, as label-subject; ${marking}",
         0},
        {settings->label_default,
         "printable ASCII, up to 60 characters, as label-default", 0},
        {settings->label_header,
         "Name: text in printable ASCII, up to 60 characters, as "
         "label-header; ${marking}", 1}};
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
        if (tags[i].text &&
            (!printable(tags[i].text, TAG_MOST) ||
             !names_marking(tags[i].text) ||
             (tags[i].field && !is_field(tags[i].text))))
            table_error(loader->errors, policy_schemas[POLICY_SETTINGS].name,
                        0, 0, tags[i].text, tags[i].expected);
}

int load_outcomes(struct loader *loader)
{
    struct table table;
    struct outcome_rule *to;
    if (load_rows(loader, POLICY_OUTCOMES, sizeof *to, &table, &to) < 0)
        return -1;
    check_tags(loader);
    loader->policy->outcomes = to;
    loader->policy->outcome_count = table.count;
    for (const struct table_row *row = table.rows; row; row = row->next, to++) {
        const struct table_cell *cells = row->cells;
        *to = (struct outcome_rule){
            rule_of(row), cells[0].text, cells[1].text,
            (enum sending)cells[2].number, event_of(&cells[3]),
            (enum hardness)cells[4].number, event_of(&cells[5]),
            cells[6].text};
        check_row(loader, &table, row, to);
    }
    return 0;
}
