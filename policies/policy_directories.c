/* policy_directories: the table directories; see policy.h. */
#include "policy_load.h"

#include "address.h"
#include "failure.h"
#include "pool.h"

#include <string.h>
#include <strings.h>

enum {
    NAME,
    PURPOSE,
    URI,
    BASE,
    FILTER,
    ATTRIBUTES,
    BIND_DN,
    PASSWORD_FILE,
    FOR,
    TLS,
    CA_FILE,
    BIND
};

static const char *const list_attributes[] = {"mail"};
static const char *const certificate_attributes[] = {
    "userCertificate", "userCertificate;binary",
    "labeledURI" /* to discover: an entry may say where it is */};

static int uri_valid(const char *uri)
{
    return strncmp(uri, "ldap://", 7) == 0 ||
           strncmp(uri, "ldaps://", 8) == 0 ||
           strncmp(uri, "ldapi://", 8) == 0;
}

static int uri_is_of_dns(const char *uri)
{
    return strcmp(uri, DIRECTORY_URI_SRV) == 0 ||
           strcmp(uri, DIRECTORY_URI_SMIMEA) == 0;
}

/* A server that a stranger names is not told our password. */
static void check_dns(struct loader *loader, const struct table_row *row,
                      const struct directory *directory)
{
    if (directory->purpose != DIRECTORY_DISCOVER)
        row_error(loader, row, PURPOSE, "discover, with " DIRECTORY_URI_SRV
                                        " or " DIRECTORY_URI_SMIMEA);
    if (directory->bind_dn || directory->password_file ||
        directory->mechanism)
        row_error(loader, row, BIND_DN, "nothing, where the DNS names the "
                                        "server");
}

/* %a address, %l local part, %d domain, %% per cent; nothing else. */
static int filter_valid(const char *filter)
{
    for (; (filter = strchr(filter, '%')); filter += 2)
        if (!filter[1] || !strchr("ald%", filter[1]))
            return 0;
    return 1;
}

/* What depends on the purpose has its default here. */
static void set_defaults(struct directory *directory)
{
    int list = directory->purpose == DIRECTORY_SEEMAIL ||
               directory->purpose == DIRECTORY_VENDOR;
    if (!directory->filter)
        directory->filter = directory->purpose == DIRECTORY_DISCOVER
                                ? "(mail=%a)"
                                : "(objectClass=*)";
    if (!directory->attributes) {
        directory->attributes =
            list ? list_attributes : certificate_attributes;
        directory->attribute_count =
            list ? 1 : directory->purpose == DIRECTORY_DISCOVER ? 3 : 2;
    }
}

static int issuer_item(const char *item)
{
    return (strncasecmp(item, "CN=", 3) == 0 && item[3]) ||
           (strncasecmp(item, "OU=", 3) == 0 && item[3]) ||
           (strncasecmp(item, "O=", 2) == 0 && item[2]);
}

static int read_serves(struct loader *loader, const struct table_row *row,
                       struct directory *directory)
{
    static const struct table_column entry = {.name = "for",
                                              .type = TABLE_ADDRESS};
    const struct table_cell *cell = &row->cells[FOR];
    struct pool *pool = loader->policy->pool;
    const char **serves = pool_array(pool, cell->count + 1, sizeof *serves);
    if (!serves)
        return failure_memory(loader->why);
    for (size_t i = 0; i < cell->count; i++) {
        struct buffer expected = {0};
        struct table_cell one = {.text = cell->items[i]};
        int rc = issuer_item(one.text)
                     ? 0
                     : table_cell_read(pool, &entry, cell->items[i], &one,
                                       &expected);
        buffer_free(&expected);
        if (rc < 0)
            return failure_memory(loader->why);
        if (rc > 0 || (!issuer_item(one.text) && *one.text != '*'))
            row_error(loader, row, FOR, "*@domain, *@.domain, or CN=, O= or "
                                        "OU= of an issuer");
        serves[i] = one.text;
    }
    directory->serves = serves;
    directory->serve_count = cell->count;
    return 0;
}

static void check(struct loader *loader, const struct table *table,
                  const struct table_row *row,
                  const struct directory *directory)
{
    int one_address = directory->purpose == DIRECTORY_DISCOVER;
    if (seen_before(table, row, NAME))
        row_error(loader, row, NAME, "each directory's name once");
    if ((directory->purpose == DIRECTORY_SEEMAIL ||
         directory->purpose == DIRECTORY_VENDOR) &&
        seen_before(table, row, PURPOSE))
        row_error(loader, row, PURPOSE, "one directory for each list");
    if (uri_is_of_dns(directory->uri))
        check_dns(loader, row, directory);
    else if (!uri_valid(directory->uri))
        row_error(loader, row, URI, "ldap://, ldaps:// or ldapi://..., "
                  DIRECTORY_URI_SRV " or " DIRECTORY_URI_SMIMEA);
    if (one_address && !filter_valid(directory->filter))
        row_error(loader, row, FILTER,
                  "after % one of a, l, d and another %");
    if (!one_address && directory->serve_count)
        row_error(loader, row, FOR, "nothing, but where the purpose is "
                                    "discover");
    if (directory->purpose == DIRECTORY_PUBLISH && !directory->bind_dn &&
        !directory->mechanism)
        row_error(loader, row, BIND_DN, "who we are: nobody may not write");
    if (directory->starttls && strncmp(directory->uri, "ldap://", 7) != 0 &&
        strcmp(directory->uri, DIRECTORY_URI_SRV) != 0)
        row_error(loader, row, TLS, "starttls with ldap:// alone");
}

static int read_row(struct loader *loader, const struct table_row *row,
                    struct directory *to)
{
    const struct table_cell *cells = row->cells;
    *to = (struct directory){
        .rule = rule_of(row),
        .name = cells[NAME].text,
        .uri = cells[URI].text,
        .base = cells[BASE].text,
        .filter = cells[FILTER].text,
        .attributes = cells[ATTRIBUTES].text ? cells[ATTRIBUTES].items : NULL,
        .attribute_count = cells[ATTRIBUTES].count,
        .purpose = (enum directory_purpose)cells[PURPOSE].number,
        .bind_dn = cells[BIND_DN].text,
        .starttls = cells[TLS].number == 1,
        .mechanism = cells[BIND].number ? cells[BIND].text : NULL};
    set_defaults(to);
    if (cells[PASSWORD_FILE].text)
        to->password_file = load_path(loader, cells[PASSWORD_FILE].text);
    if (cells[CA_FILE].text)
        to->ca_file = load_path(loader, cells[CA_FILE].text);
    if ((cells[PASSWORD_FILE].text && !to->password_file) ||
        (cells[CA_FILE].text && !to->ca_file))
        return failure_memory(loader->why);
    return read_serves(loader, row, to);
}

int load_directories(struct loader *loader)
{
    struct table table;
    struct directory *to;
    if (load_rows(loader, POLICY_DIRECTORIES, sizeof *to, &table, &to) < 0)
        return -1;
    loader->policy->directories = to;
    loader->policy->directory_count = table.count;
    for (const struct table_row *row = table.rows; row; row = row->next, to++) {
        if (read_row(loader, row, to) < 0)
            return -1;
        check(loader, &table, row, to);
    }
    return 0;
}

const struct directory *policy_directory_for(const struct policy *policy,
                                             enum directory_purpose purpose)
{
    for (size_t i = 0; i < policy->directory_count; i++)
        if (policy->directories[i].purpose == purpose)
            return &policy->directories[i];
    return NULL;
}

int policy_directory_serves(const struct directory *directory,
                            const char *domain, const char *const *issuer,
                            size_t issuer_count)
{
    struct address address = {"", domain};
    for (size_t i = 0; i < directory->serve_count; i++) {
        const char *one = directory->serves[i];
        if (strchr(one, '@') && address_covered(&address, one))
            return 1;
        for (size_t j = 0; j < issuer_count; j++)
            if (strcasecmp(one, issuer[j]) == 0)
                return 1;
    }
    return directory->serve_count == 0;
}
