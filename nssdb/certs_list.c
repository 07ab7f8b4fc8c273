/* seemail-certs list: the entries of a list. */
#include "certs.h"
#include "decide.h"
#include "failure.h"
#include "state.h"
#include "state_list.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static int print_entry(void *context, const struct state_entry *entry)
{
    (void)context;
    printf("%-40s %s\n", entry->address, entry->name);
    return 0;
}

int certs_list(struct certs *certs, int argc, char **argv)
{
    struct state *state;
    struct failure why = {0};
    int result = EX_OK;
    if (argc != 1)
        return certs_usage("list");
    if (strcmp(argv[0], LIST_SEEMAIL) != 0 &&
        strcmp(argv[0], LIST_VENDOR) != 0) {
        fprintf(stderr, "seemail-certs: there are the lists " LIST_SEEMAIL
                        " and " LIST_VENDOR "\n");
        return EX_USAGE;
    }
    if (certs_state(certs, &state, &result) < 0)
        return result;
    if (state_list_each(state, argv[0], print_entry, NULL, &why) < 0)
        result = certs_complain(&why);
    state_close(&state);
    return result;
}
