/* policy_load: from tables to a policy; see policy.h and policy_tables.h. */
#include "policy_load.h"

#include "failure.h"
#include "file.h"
#include "pool.h"

#include <stdlib.h>
#include <string.h>

struct rule rule_of(const struct table_row *row)
{
    const char *slash = strrchr(row->file, '/');
    return (struct rule){slash ? slash + 1 : row->file, row->line};
}

void row_error(struct loader *loader, const struct table_row *row,
               size_t column, const char *expected)
{
    if (row) /* NULL = a default of ours, which is right */
        table_error(loader->errors, row->file, row->line, column + 1,
                    row->cells[column].text, expected);
}

int seen_before(const struct table *table, const struct table_row *row,
                size_t column)
{
    for (const struct table_row *at = table->rows; at != row; at = at->next)
        if (strcmp(at->cells[column].text, row->cells[column].text) == 0)
            return 1;
    return 0;
}

int load_table(struct loader *loader, enum policy_table which,
               struct table *table_r)
{
    const struct policy_schema *schema = &policy_schemas[which];
    int rc = table_read(loader->policy->pool, loader->policy->folder,
                        schema->name, schema->columns, schema->count, table_r,
                        loader->errors, loader->why);
    if (rc < 0)
        return -1;
    if (rc == 1 && which != POLICY_SETTINGS && which != POLICY_EVENTS &&
        which != POLICY_SERVERS)
        table_error(loader->errors, table_r->file, 0, 0, NULL,
                    "this table to be there");
    return 0;
}

int load_rows(struct loader *loader, enum policy_table which, size_t size,
              struct table *table_r, void *rows_r)
{
    if (load_table(loader, which, table_r) < 0)
        return -1;
    void *rows = pool_array(loader->policy->pool, table_r->count + 1, size);
    if (!rows)
        return failure_memory(loader->why);
    memcpy(rows_r, &rows, sizeof rows);
    return 0;
}

/*
 * A path is relative to the folder that policies/ is in. By its name: where
 * policies/ is a link, what it points to has another parent.
 */
const char *load_path(struct loader *loader, const char *path)
{
    const char *folder = loader->policy->folder;
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/')
        length--;
    while (length && folder[length - 1] != '/')
        length--;
    if (*path == '/')
        return path;
    return pool_format(loader->policy->pool, "%.*s%s", (int)length, folder,
                       path);
}

/* `all', `none', or a list of markings: the set. */
static marking_set read_markings(struct loader *loader,
                                 const struct table_cell *list,
                                 int *unknown)
{
    const struct policy *policy = loader->policy;
    marking_set set = 0;
    *unknown = 0;
    if (list->count == 1 && strcmp(list->items[0], "all") == 0)
        return ~(marking_set)0;
    if (list->count == 1 && strcmp(list->items[0], "none") == 0)
        return 0;
    for (size_t i = 0; i < list->count; i++) {
        size_t m = 0;
        while (m < policy->marking_count &&
               strcmp(policy->markings[m], list->items[i]) != 0)
            m++;
        if (m == policy->marking_count)
            *unknown = 1;
        else
            set |= (marking_set)1 << m;
    }
    return set;
}

static int put_setting(struct loader *loader,
                       const struct policy_setting *setting,
                       const struct table_cell *cell,
                       const struct table_row *row)
{
    char *place = (char *)&loader->policy->settings + setting->offset;
    int unknown = 0;
    if (setting->kind == SETTING_NUMBER) {
        memcpy(place, &cell->number, sizeof cell->number);
    } else if (setting->kind == SETTING_MARKINGS) {
        marking_set set = read_markings(loader, cell, &unknown);
        memcpy(place, &set, sizeof set);
    } else {
        const char *text = cell->text;
        if (setting->kind == SETTING_PATH)
            text = load_path(loader, text);
        else if (setting->kind == SETTING_LOG &&
                 strcmp(text, "syslog") != 0 && *text != '/')
            unknown = 1;
        if (!text)
            return failure_memory(loader->why);
        memcpy(place, &text, sizeof text);
    }
    if (unknown)
        row_error(loader, row, 1,
                  setting->kind == SETTING_MARKINGS
                      ? "all, none or markings that the table triggers has"
                      : "syslog, or the path of a file from / on");
    return 0;
}

static int read_setting(struct loader *loader,
                        const struct policy_setting *setting,
                        const struct table_row *row)
{
    struct table_cell cell;
    struct buffer expected = {0};
    const char *text = row ? row->cells[1].text : setting->column.missing;
    if (!*text)
        return 0; /* a text that has no default */
    int rc = table_cell_read(loader->policy->pool, &setting->column, text,
                             &cell, &expected);
    if (rc > 0)
        row_error(loader, row, 1, buffer_string(&expected));
    buffer_free(&expected);
    if (rc < 0)
        return failure_memory(loader->why);
    return rc ? 0 : put_setting(loader, setting, &cell, row);
}

static const struct policy_setting *find_setting(const char *name)
{
    for (size_t i = 0; i < policy_setting_count; i++)
        if (strcmp(policy_settings[i].column.name, name) == 0)
            return &policy_settings[i];
    return NULL;
}

/* Defaults first, then what the table says. */
static int load_settings(struct loader *loader)
{
    struct table table;
    if (load_table(loader, POLICY_SETTINGS, &table) < 0)
        return -1;
    for (size_t i = 0; i < policy_setting_count; i++)
        if (read_setting(loader, &policy_settings[i], NULL) < 0)
            return -1;
    for (const struct table_row *row = table.rows; row; row = row->next) {
        const struct policy_setting *setting =
            find_setting(row->cells[0].text);
        if (!setting)
            row_error(loader, row, 0,
                      "a name that is in seemail-settings(5)");
        else if (seen_before(&table, row, 0))
            row_error(loader, row, 0, "each setting once");
        else if (read_setting(loader, setting, row) < 0)
            return -1;
    }
    return 0;
}

/* Numbers the marking; -1 = too many. */
static int marking_number(struct policy *policy, const char **markings,
                          const char *name)
{
    size_t i = 0;
    while (i < policy->marking_count && strcmp(markings[i], name) != 0)
        i++;
    if (i == MARKINGS_MOST)
        return -1;
    if (i == policy->marking_count) {
        markings[i] = name;
        policy->marking_count++;
    }
    return (int)i;
}

static int marking_valid(const char *name)
{
    return *name != ' ' && strcmp(name, "all") != 0 &&
           strcmp(name, "none") != 0 && strlen(name) <= 64 &&
           !name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -")];
}

static int load_triggers(struct loader *loader)
{
    struct table table;
    struct policy *policy = loader->policy;
    struct trigger_rule *triggers;
    size_t errors = loader->errors->count;
    if (load_rows(loader, POLICY_TRIGGERS, sizeof *triggers, &table,
                  &triggers) < 0)
        return -1;
    struct rule *rules = pool_array(policy->pool, table.count + 1,
                                    sizeof *rules);
    unsigned char *numbers = pool_alloc(policy->pool, table.count + 1);
    const char **markings = pool_array(policy->pool, MARKINGS_MOST,
                                       sizeof *markings);
    if (!rules || !numbers || !markings)
        return failure_memory(loader->why);
    size_t count = 0;
    /* An empty file is more likely a fault than a wish that nothing is
     * marked: what is marked would leave in clear. */
    if (!table.rows && loader->errors->count == errors)
        table_error(loader->errors, table.file, 0, 0, NULL,
                    "a row for each marking");
    for (const struct table_row *row = table.rows; row; row = row->next) {
        int number = marking_number(policy, markings, row->cells[0].text);
        if (!marking_valid(row->cells[0].text))
            row_error(loader, row, 0,
                      "a marking of capitals, digits, spaces and hyphens, up "
                      "to 64 characters");
        if (number < 0 || count == TRIGGER_RULES_MOST) {
            row_error(loader, row, 0, "64 triggers at the most");
            break;
        }
        triggers[count] = (struct trigger_rule){row->cells[0].text,
                                                row->cells[1].text};
        rules[count] = rule_of(row);
        numbers[count++] = (unsigned char)number;
    }
    policy->triggers = triggers;
    policy->trigger_rules = rules;
    policy->trigger_markings = numbers;
    policy->trigger_count = count;
    policy->markings = markings;
    return 0;
}

static int load_identities(struct loader *loader)
{
    struct table table;
    struct identity *to;
    size_t errors = loader->errors->count;
    if (load_rows(loader, POLICY_IDENTITY, sizeof *to, &table, &to) < 0)
        return -1;
    loader->policy->identities = to;
    loader->policy->identity_count = table.count;
    if (!table.rows && loader->errors->count == errors)
        table_error(loader->errors, table.file, 0, 0, NULL,
                    "a row for each of our domains");
    for (const struct table_row *row = table.rows; row; row = row->next, to++) {
        const struct table_cell *cells = row->cells;
        *to = (struct identity){rule_of(row), cells[0].text, cells[1].text,
                                cells[2].text ? cells[2].items : NULL,
                                cells[2].count};
        if (!to->decrypting) {
            to->decrypting = &cells[1].text;
            to->decrypting_count = 1;
        }
        if (seen_before(&table, row, 0))
            row_error(loader, row, 0, "each domain once");
    }
    return 0;
}

static int load_partners(struct loader *loader)
{
    struct table table;
    struct partner *to;
    if (load_rows(loader, POLICY_PARTNERS, sizeof *to, &table, &to) < 0)
        return -1;
    loader->policy->partners = to;
    loader->policy->partner_count = table.count;
    for (const struct table_row *row = table.rows; row; row = row->next, to++) {
        int unknown;
        to->rule = rule_of(row);
        to->entry = row->cells[0].text;
        to->person = strncmp(to->entry, "*@", 2) != 0;
        to->markings = read_markings(loader, &row->cells[1], &unknown);
        if (unknown)
            row_error(loader, row, 1, "all, none or markings that the table "
                                      "triggers has");
    }
    return 0;
}

static int by_use_and_rank(const void *a, const void *b)
{
    const struct algorithm *x = a, *y = b;
    if (x->use != y->use)
        return x->use < y->use ? -1 : 1;
    return x->rank != y->rank ? (x->rank < y->rank ? -1 : 1)
                              : (x->rule.line < y->rule.line ? -1 : 1);
}

static int name_known(const char *const *names, const char *name)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

static int load_algorithms(struct loader *loader)
{
    struct table table;
    struct algorithm *all;
    if (load_rows(loader, POLICY_ALGORITHMS, sizeof *all, &table, &all) < 0)
        return -1;
    struct algorithm *to = all;
    for (const struct table_row *row = table.rows; row; row = row->next, to++) {
        const struct table_cell *cells = row->cells;
        *to = (struct algorithm){rule_of(row), cells[1].number,
                                 (enum algorithm_use)cells[0].number,
                                 cells[2].text,
                                 (enum algorithm_permit)cells[3].number};
        if (!name_known(policy_algorithm_names[to->use], to->name)) {
            struct buffer expected = {0};
            buffer_text(&expected, "one of");
            for (const char *const *name = policy_algorithm_names[to->use];
                 *name; name++)
                buffer_format(&expected, " %s", *name);
            row_error(loader, row, 2, buffer_string(&expected));
            buffer_free(&expected);
        }
    }
    if (table.count)
        qsort(all, table.count, sizeof *all, by_use_and_rank);
    loader->policy->algorithms = all;
    loader->policy->algorithm_count = table.count;
    return 0;
}

static int load_hosts(struct loader *loader)
{
    struct table table;
    struct host *to;
    if (load_rows(loader, POLICY_HOSTS, sizeof *to, &table, &to) < 0)
        return -1;
    loader->policy->hosts = to;
    loader->policy->host_count = table.count;
    for (const struct table_row *row = table.rows; row; row = row->next, to++) {
        to->rule = rule_of(row);
        to->port = row->cells[1].number;
        network_parse(row->cells[0].text, &to->network);
    }
    return 0;
}

static int load_all(struct loader *loader)
{
    /* Whoever may change it may have mail sent in clear. */
    if (file_check(loader->policy->folder, FILE_SHARED, FAILURE_POLICY,
                   loader->why) < 0)
        return -1;
    /* Triggers first: others name their markings. */
    if (load_triggers(loader) < 0 || load_settings(loader) < 0 ||
        load_identities(loader) < 0 || load_partners(loader) < 0 ||
        load_directories(loader) < 0 || load_algorithms(loader) < 0 ||
        load_hosts(loader) < 0 || load_servers(loader) < 0 ||
        load_outcomes(loader) < 0 || load_events(loader) < 0 ||
        load_postmaster(loader) < 0 || load_labels(loader) < 0)
        return -1;
    const struct table_errors *errors = loader->errors;
    if (errors->text.failed)
        return failure_memory(loader->why);
    if (!errors->count)
        return 0;
    const char *first = buffer_string(&errors->text);
    int length = (int)strcspn(first, "\n");
    if (errors->count == 1)
        return failure(loader->why, FAILURE_POLICY, "%.*s", length, first);
    return failure(loader->why, FAILURE_POLICY, "%.*s (and %zu more)", length,
                   first, errors->count - 1);
}

int policy_load(const char *folder, struct policy **policy_r,
                struct table_errors *errors, struct failure *why)
{
    struct table_errors own = {0};
    struct pool *pool = pool_new();
    struct policy *policy = pool ? pool_alloc(pool, sizeof *policy) : NULL;
    *policy_r = NULL;
    if (policy) {
        policy->pool = pool;
        policy->folder = pool_string(pool, folder);
    }
    struct loader loader = {policy, errors ? errors : &own, why};
    int rc = policy && policy->folder ? load_all(&loader)
                                      : failure_memory(why);
    if (rc < 0)
        pool_free(&pool);
    else
        *policy_r = policy;
    table_errors_free(&own);
    return rc;
}

void policy_free(struct policy **policy)
{
    struct pool *pool = *policy ? (*policy)->pool : NULL;
    if (pool)
        pool_free(&pool);
    *policy = NULL;
}
