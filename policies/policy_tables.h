#ifndef SEEMAIL_POLICY_TABLES_H
#define SEEMAIL_POLICY_TABLES_H

/* policy_tables: the schemas of the policy's tables. For policy_load.c. */

#include "table.h"

enum policy_table {
    POLICY_SETTINGS,
    POLICY_TRIGGERS,
    POLICY_IDENTITY,
    POLICY_PARTNERS,
    POLICY_DIRECTORIES,
    POLICY_ALGORITHMS,
    POLICY_HOSTS,
    POLICY_OUTCOMES,
    POLICY_SERVERS,
    POLICY_EVENTS,
    POLICY_TABLES
};

struct policy_schema {
    const char *name; /* of the file */
    const struct table_column *columns;
    size_t count;
};

extern const struct policy_schema policy_schemas[POLICY_TABLES];

/* A row of the table settings: the column is that of its value. */
enum policy_setting_kind {
    SETTING_NUMBER,
    SETTING_PATH,
    SETTING_LOG,
    SETTING_TEXT, /* as its column reads it; NULL if it has no default */
    SETTING_MARKINGS
};

struct policy_setting {
    struct table_column column;
    enum policy_setting_kind kind;
    size_t offset; /* in struct settings */
};

extern const struct policy_setting policy_settings[];
extern const size_t policy_setting_count;

/* By enum algorithm_use: the names that there are, ended by NULL. */
extern const char *const *const policy_algorithm_names[];

#endif
