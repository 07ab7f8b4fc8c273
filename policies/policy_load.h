#ifndef SEEMAIL_POLICY_LOAD_H
#define SEEMAIL_POLICY_LOAD_H

/* policy_load: what the files that load a policy's tables share. Each table
 * has a function that fills its part of the policy: 0, also when errors were
 * added to those of the loader; -1. */

#include "policy.h"
#include "policy_tables.h"

struct loader {
    struct policy *policy;
    struct table_errors *errors;
    struct failure *why;
};

struct rule rule_of(const struct table_row *row);

/* Adds the error of a row's column (from 0 on). */
void row_error(struct loader *loader, const struct table_row *row,
               size_t column, const char *expected);

/* Is another row before this one the same in this column? */
int seen_before(const struct table *table, const struct table_row *row,
                size_t column);

int load_table(struct loader *loader, enum policy_table which,
               struct table *table_r);

/* The table and, zeroed, an element for each of its rows. */
int load_rows(struct loader *loader, enum policy_table which, size_t size,
              struct table *table_r, void *rows_r);

/* A path as the settings have it, from the policy's place; NULL = memory. */
const char *load_path(struct loader *loader, const char *path);

int load_directories(struct loader *loader);
int load_servers(struct loader *loader);
int load_outcomes(struct loader *loader);
int load_events(struct loader *loader);
int load_labels(struct loader *loader);

/* Our own addresses, which the settings may name; after the identities. */
int load_postmaster(struct loader *loader);

#endif
