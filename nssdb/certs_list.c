/* seemail-certs list: the entries of a list, or the certificates of partners. */
#include "buffer.h"
#include "certs.h"
#include "decide.h"
#include "failure.h"
#include "json.h"
#include "known.h"
#include "state.h"
#include "state_list.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <time.h>

struct listing {
    int as_json;
    struct buffer json;
    const char *domain; /* NULL = all */
    time_t now;
};

static int show_entry(void *context, const struct state_entry *entry)
{
    struct listing *listing = context;
    if (!listing->as_json) {
        printf("%-40s ", entry->address);
        certs_print(entry->name);
        putchar('\n');
        return 0;
    }
    json_open(&listing->json, NULL, '{');
    json_text(&listing->json, "address", entry->address);
    json_text(&listing->json, "name", entry->name);
    json_close(&listing->json, '}');
    certs_flush(&listing->json);
    return 0;
}

static int list_entries(struct listing *listing, struct state *state,
                        const char *list, struct failure *why)
{
    return state_list_each(state, list, show_entry, listing, why);
}

#define MARK 16 /* digits of a fingerprint that people see */

static void print_row(const struct listing *listing, const char *address,
                      const struct known *known, const char *fingerprint)
{
    printf("%.*s  %-10s ", MARK, fingerprint, known_source_word(known->source));
    certs_print_day(known->to);
    printf(" %s ", known->to < listing->now     ? "expired"
                   : known->from > listing->now ? "not yet"
                                                : "       ");
    certs_print(address);
    putchar('\n');
}

static int show_row(void *context, const char *address,
                    const struct known *known, struct failure *why)
{
    struct listing *listing = context;
    const char *at = strrchr(address, '@');
    char fingerprint[2 * KNOWN_FINGERPRINT + 1];
    (void)why;
    if (listing->domain && (!at || strcasecmp(at + 1, listing->domain) != 0))
        return 0;
    certs_hex(known->fingerprint, KNOWN_FINGERPRINT, fingerprint);
    if (!listing->as_json) {
        print_row(listing, address, known, fingerprint);
        return 0;
    }
    json_open(&listing->json, NULL, '{');
    json_text(&listing->json, "address", address);
    json_text(&listing->json, "fingerprint", fingerprint);
    json_text(&listing->json, "source", known_source_word(known->source));
    json_text(&listing->json, "where", known->where);
    json_time(&listing->json, "from", known->from);
    json_time(&listing->json, "until", known->to);
    json_time(&listing->json, "first", known->first);
    json_time(&listing->json, "seen", known->seen);
    json_close(&listing->json, '}');
    certs_flush(&listing->json);
    return 0;
}

static int list_certificates(struct listing *listing, struct state *state,
                             const char *whose, struct failure *why)
{
    int one = whose && strchr(whose, '@');
    listing->domain = one ? NULL : whose;
    if (!listing->as_json)
        printf("%-*s  %-10s %-10s         %s\n", MARK, "FINGERPRINT", "SOURCE",
               "UNTIL", "ADDRESS");
    return known_list(state, one ? whose : NULL, show_row, listing, why);
}

int certs_list(struct certs *certs, int argc, char **argv)
{
    struct listing listing = {.as_json = certs->json, .now = time(NULL)};
    struct state *state;
    struct failure why = {0};
    int status = EX_OK;
    int certificates = argc > 0 && strcmp(argv[0], "certificates") == 0;
    if (argc < 1 || argc > 1 + certificates ||
        (!certificates && strcmp(argv[0], LIST_SEEMAIL) != 0 &&
         strcmp(argv[0], LIST_VENDOR) != 0))
        return certs_usage("list");
    if (argc == 2)
        certs_lower(argv[1]);
    if (certs_state(certs, &state, &status) < 0)
        return status;
    if (certs->json)
        json_open(&listing.json, NULL, '[');
    int rc = certificates ? list_certificates(&listing, state, argv[1], &why)
                          : list_entries(&listing, state, argv[0], &why);
    if (rc < 0)
        status = certs_complain(&why);
    state_close(&state);
    if (certs->json)
        json_close(&listing.json, ']');
    if (certs->json && certs_finish(&listing.json))
        status = EX_TEMPFAIL;
    return status;
}
