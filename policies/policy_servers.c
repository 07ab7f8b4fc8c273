/* policy_servers: list servers and servers that we trust; see policy.h. */
#include "policy_load.h"

#include "address.h"
#include "failure.h"
#include "pool.h"

#include <string.h>

#define NAME_EXPECTED "*@domain, *@.domain or user@domain"

/* Each name as address_covered() takes it. */
static int read_names(struct loader *loader, const struct table_row *row,
                      struct trusted_server *server)
{
    static const struct table_column column = {.name = "names",
                                               .type = TABLE_ADDRESS};
    const struct table_cell *list = &row->cells[2];
    struct pool *pool = loader->policy->pool;
    const char **names = pool_array(pool, list->count + 1, sizeof *names);
    if (!names)
        return failure_memory(loader->why);
    for (size_t i = 0; list->text && i < list->count; i++) {
        struct buffer expected = {0};
        struct table_cell cell;
        int rc = table_cell_read(pool, &column, list->items[i], &cell,
                                 &expected);
        buffer_free(&expected);
        if (rc < 0)
            return failure_memory(loader->why);
        if (rc > 0)
            row_error(loader, row, 2, NAME_EXPECTED);
        else
            names[server->name_count++] = cell.text;
    }
    server->names = names;
    return 0;
}

int load_servers(struct loader *loader)
{
    struct table table;
    struct trusted_server *to;
    if (load_rows(loader, POLICY_SERVERS, sizeof *to, &table, &to) < 0)
        return -1;
    loader->policy->servers = to;
    loader->policy->server_count = table.count;
    for (const struct table_row *row = table.rows; row; row = row->next, to++) {
        const struct table_cell *cells = row->cells;
        *to = (struct trusted_server){.rule = rule_of(row),
                                      .kind = (enum server_kind)
                                          cells[0].number,
                                      .has_network = cells[1].text != NULL};
        if (cells[1].text)
            network_parse(cells[1].text, &to->network);
        if (read_names(loader, row, to) < 0)
            return -1;
        if (!cells[1].text && !cells[2].text)
            table_error(loader->errors, row->file, row->line, 2, NULL,
                        "a network, or names");
    }
    return 0;
}

/* Is the sender, or the one in From, one of its names? */
static int named(const struct trusted_server *server,
                 const struct address *sender, const struct address *from)
{
    for (size_t i = 0; i < server->name_count; i++)
        if ((sender->domain && address_covered(sender, server->names[i])) ||
            (from->domain && address_covered(from, server->names[i])))
            return 1;
    return server->name_count == 0;
}

const struct trusted_server *policy_server(const struct policy *policy,
                                           const char *host,
                                           const struct address *sender,
                                           const struct address *from)
{
    struct network address;
    int known = network_parse(host, &address) && address.bits == 128;
    for (int by_name = 0; by_name < 2; by_name++)
        for (size_t i = 0; i < policy->server_count; i++) {
            const struct trusted_server *server = &policy->servers[i];
            if (server->has_network == by_name)
                continue;
            if (!by_name &&
                (!known || !network_contains(&server->network, &address)))
                continue;
            if (named(server, sender, from))
                return server;
        }
    return NULL;
}
