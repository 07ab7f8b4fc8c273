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

/* It goes into a header as it is. */
static void check_tag(struct loader *loader)
{
    const char *tag = loader->policy->settings.warning_subject;
    size_t length = tag ? strlen(tag) : 0;
    for (size_t i = 0; i < length; i++)
        if (tag[i] < ' ' || tag[i] > '~')
            length = TAG_MOST + 1;
    if (length > TAG_MOST)
        table_error(loader->errors, policy_schemas[POLICY_SETTINGS].name, 0,
                    0, tag, "printable ASCII, up to 60 characters, as "
                            "warning-subject");
}

int load_outcomes(struct loader *loader)
{
    struct table table;
    struct outcome_rule *to;
    if (load_rows(loader, POLICY_OUTCOMES, sizeof *to, &table, &to) < 0)
        return -1;
    check_tag(loader);
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
