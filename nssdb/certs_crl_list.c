/* seemail-certs crl list, show: which CRLs there are, and how they are. */
#include "certs_crl.h"

#include "buffer.h"
#include "crl_index.h"
#include "crl_points.h"
#include "crl_source.h"
#include "failure.h"
#include "json.h"
#include "policy.h"
#include "pool.h"
#include "revocation.h"
#include "revocation_text.h"
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

struct view {
    struct certs *certs;
    struct crl_record *records;
    struct crl_source *sources;
    size_t record_count, source_count;
    time_t now;
};

static int read_all(struct view *view, struct state *state,
                    struct failure *why)
{
    struct pool *pool = view->certs->pool;
    if (crl_index_find(state, pool, NULL, &view->records, &view->record_count,
                       why) < 0)
        return -1;
    return crl_source_list(state, pool, &view->sources, &view->source_count,
                           why);
}

static int load(struct view *view, struct state *state, struct failure *why)
{
    view->now = time(NULL);
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    return state_end(state, read_all(view, state, why), why);
}

static int has_expired(const struct view *view,
                       const struct crl_record *record)
{
    return record->next_update < (int64_t)view->now;
}

static const char *word(const struct view *view,
                        const struct crl_record *record)
{
    int64_t grace = view->certs->policy->settings.crl_grace;
    if (!has_expired(view, record))
        return "good";
    return record->next_update + grace >= (int64_t)view->now ? "in-grace"
                                                             : "expired";
}

/* "complete", "delta, CAs, indirect", ... */
static const char *kind(const struct crl_record *record, char *text,
                        size_t size)
{
    struct crl_scope scope;
    crl_scope_read(&record->scope, &scope);
    snprintf(text, size, "%s%s%s%s%s%s%s",
             record->delta ? "delta" : "complete",
             record->indirect ? ", indirect" : "",
             scope.users ? ", users" : "", scope.authorities ? ", CAs" : "",
             scope.attributes ? ", attributes" : "",
             scope.reasons != CRL_REASONS_ALL ? ", some reasons" : "",
             scope.name.data ? ", one point" : "");
    return text;
}

static const char *moment(int64_t when, char text[24])
{
    time_t seconds = (time_t)when;
    struct tm tm;
    if (!when || !gmtime_r(&seconds, &tm) ||
        strftime(text, 24, "%Y-%m-%d %H:%M", &tm) == 0)
        snprintf(text, 24, "-");
    return text;
}

static const char *number(struct certs *certs, const struct crl_record *record)
{
    const char *text = record->number.data
        ? revocation_number(certs->pool, &record->number) : "-";
    return text ? text : "?";
}

static const char *issuer(struct certs *certs, const struct crl_record *record)
{
    const char *text = revocation_name(certs->pool, &record->issuer);
    return text ? text : "?";
}

static const char *where(struct certs *certs, const struct crl_record *record)
{
    const char *text = pool_substring(
        certs->pool, (const char *)record->where.data, record->where.length);
    return text ? text : "?";
}

static void crl_json(const struct view *view, const struct crl_record *record,
                     struct buffer *out)
{
    char text[100];
    json_open(out, NULL, '{');
    json_text(out, "issuer", issuer(view->certs, record));
    json_text(out, "number", number(view->certs, record));
    json_text(out, "kind", kind(record, text, sizeof text));
    json_text(out, "state", word(view, record));
    json_number(out, "entries", (long long)record->entries);
    json_time(out, "this-update", record->this_update);
    json_time(out, "next-update", record->next_update);
    json_time(out, "taken-in", record->fetched);
    json_text(out, "from", where(view->certs, record));
}

static void source_json(const struct crl_source *source, struct buffer *out)
{
    json_open(out, NULL, '{');
    json_text(out, "where", source->where);
    json_text(out, "outcome", crl_source_word(source->outcome));
    if (*source->text)
        json_text(out, "reason", source->text);
    if (source->asked)
        json_time(out, "asked", source->asked);
    if (source->good)
        json_time(out, "good", source->good);
    if (source->next)
        json_time(out, "next-update", source->next);
    json_close(out, '}');
}

static void put_json(const struct view *view, struct buffer *out)
{
    json_open(out, "list", '[');
    for (size_t i = 0; i < view->record_count; i++) {
        crl_json(view, &view->records[i], out);
        json_close(out, '}');
    }
    json_close(out, ']');
    json_open(out, "sources", '[');
    for (size_t i = 0; i < view->source_count; i++)
        source_json(&view->sources[i], out);
    json_close(out, ']');
}

static int is_wrong(const struct crl_source *source)
{
    return source->outcome == CRL_SOURCE_INVALID ||
           source->outcome == CRL_SOURCE_FAILED;
}

static void print_table(const struct view *view)
{
    char when[24], text[100];
    printf("%-9s %-16s %-10s %9s  %-20s %s\n", "STATE", "NEXT UPDATE",
           "NUMBER", "ENTRIES", "KIND", "ISSUER");
    for (size_t i = 0; i < view->record_count; i++) {
        const struct crl_record *record = &view->records[i];
        printf("%-9s %-16s %-10.20s %9llu  %-20s %s\n", word(view, record),
               moment(record->next_update, when),
               number(view->certs, record),
               (unsigned long long)record->entries,
               kind(record, text, sizeof text), issuer(view->certs, record));
    }
    for (size_t i = 0; i < view->source_count; i++)
        if (is_wrong(&view->sources[i]))
            printf("%s: %s: %s (asked %s)\n", view->sources[i].where,
                   crl_source_word(view->sources[i].outcome),
                   view->sources[i].text,
                   moment(view->sources[i].asked, when));
}

int certs_crl_list(struct certs *certs, int argc, char **argv)
{
    struct view view = {.certs = certs};
    struct buffer json = {0};
    struct failure why = {0};
    struct state *state;
    int result = EX_OK;
    (void)argv;
    if (argc != 0)
        return certs_usage("crl");
    if (certs_state(certs, &state, &result) < 0)
        return result;
    if (load(&view, state, &why) < 0)
        result = certs_complain(&why);
    state_close(&state);
    if (result != EX_OK)
        return result;
    if (!certs->json) {
        print_table(&view);
        return EX_OK;
    }
    json_open(&json, NULL, '{');
    put_json(&view, &json);
    json_close(&json, '}');
    int failed = json.failed;
    if (!failed)
        printf("%s\n", buffer_string(&json));
    buffer_free(&json);
    return failed ? EX_TEMPFAIL : EX_OK;
}

/* A serial number in hexadecimal, with or without colons: 1, 0. */
static int read_serial(const char *text, unsigned char *bytes, size_t most,
                       struct der *serial_r)
{
    size_t half = 0, digits = 0;
    for (const char *c = text; *c; c++)
        digits += *c != ':';
    half = 2 + (digits & 1); /* a byte of zero before it; half a byte */
    memset(bytes, 0, most);
    for (const char *c = text; *c; c++) {
        int digit = *c >= '0' && *c <= '9' ? *c - '0'
                    : (*c | 0x20) >= 'a' && (*c | 0x20) <= 'f'
                        ? (*c | 0x20) - 'a' + 10 : -1;
        if (*c == ':')
            continue;
        if (digit < 0 || half / 2 >= most)
            return 0;
        bytes[half / 2] |= (unsigned char)(half & 1 ? digit : digit << 4);
        half++;
    }
    *serial_r = (struct der){bytes, half / 2};
    return digits > 0;
}

static void print_one(const struct view *view, const struct crl_record *record)
{
    char text[100], when[24];
    printf("issuer:      %s\n", issuer(view->certs, record));
    printf("number:      %s\n", number(view->certs, record));
    printf("kind:        %s\n", kind(record, text, sizeof text));
    printf("this update: %s\n", moment(record->this_update, when));
    printf("next update: %s (%s)\n", moment(record->next_update, when),
           word(view, record));
    printf("taken in:    %s from %s\n", moment(record->fetched, when),
           where(view->certs, record));
    printf("entries:     %llu\n", (unsigned long long)record->entries);
}

/* What the CRL has of a serial number of its own issuer. */
static int show_serial(const struct view *view, struct state *state,
                       const struct crl_record *record,
                       const struct der *serial, struct buffer *json,
                       struct failure *why)
{
    struct crl_revoked revoked = {.date = 0};
    char when[24];
    int rc = crl_index_look(state, record, record->key + 1, serial, &revoked,
                            why);
    if (rc < 0)
        return -1;
    json_truth(json, "listed", rc);
    if (rc)
        json_time(json, "revoked", revoked.date);
    if (rc)
        json_text(json, "reason", revocation_reason_word(revoked.reason));
    if (!view->certs->json)
        printf("serial:      %s%s %s\n", rc ? "revoked " : "not listed",
               rc ? moment(revoked.date, when) : "",
               rc ? revocation_reason_word(revoked.reason) : "");
    return 0;
}

/* All whose issuer has the text in it, or that came from there. */
static int show(struct view *view, struct state *state, const char *what,
                const struct der *serial, struct buffer *json,
                struct failure *why)
{
    int rc = read_all(view, state, why);
    json_open(json, NULL, '[');
    for (size_t i = 0; rc == 0 && i < view->record_count; i++) {
        const struct crl_record *record = &view->records[i];
        if (!certs_crl_matches(view->certs->pool, record, what))
            continue;
        crl_json(view, record, json);
        if (!view->certs->json)
            print_one(view, record);
        if (serial->data)
            rc = show_serial(view, state, record, serial, json, why);
        json_close(json, '}');
        if (!view->certs->json)
            printf("\n");
    }
    json_close(json, ']');
    return json->failed ? failure_memory(why) : rc;
}

int certs_crl_show(struct certs *certs, int argc, char **argv)
{
    struct view view = {.certs = certs, .now = time(NULL)};
    unsigned char bytes[CRL_SERIAL_MOST + 2];
    struct der serial = {NULL, 0};
    struct buffer json = {0};
    struct failure why = {0};
    struct state *state;
    int result = EX_OK;
    if (argc < 1 || argc > 2 ||
        (argc == 2 && !read_serial(argv[1], bytes, sizeof bytes, &serial)))
        return certs_usage("crl");
    if (certs_state(certs, &state, &result) < 0)
        return result;
    if (state_begin(state, STATE_READ, &why) < 0 ||
        state_end(state, show(&view, state, argv[0], &serial, &json, &why),
                  &why) < 0)
        result = certs_complain(&why);
    else if (certs->json)
        printf("%s\n", buffer_string(&json));
    state_close(&state);
    buffer_free(&json);
    return result;
}

#define LATELY (2 * 86400) /* seconds: a source that is wanted was asked */
#define PROBLEMS_MOST 20   /* that are shown one by one */

/* Is this source still made use of? Files always are. */
static int is_current(const struct view *view, const struct crl_source *source)
{
    return source->where[0] == '/' ||
           source->asked + LATELY > (int64_t)view->now;
}

/* A CRL that nobody has asked for lately may have expired. */
static int is_missed(const struct view *view, const struct crl_record *record)
{
    if (!has_expired(view, record))
        return 0;
    for (size_t i = 0; i < view->source_count; i++)
        if (der_equal(&record->where, view->sources[i].where,
                      strlen(view->sources[i].where)))
            return is_current(view, &view->sources[i]);
    return 0;
}

/* How many have expired; each with the next step, for people. */
static size_t show_missed(const struct view *view)
{
    char span[CERTS_SPAN];
    size_t count = 0;
    for (size_t i = 0; i < view->record_count; i++) {
        const struct crl_record *record = &view->records[i];
        if (!is_missed(view, record) || count++ >= PROBLEMS_MOST ||
            view->certs->json)
            continue;
        printf("CRL of %s: expired %s ago\n    run seemail-certs crl fetch "
               "--again %s, or ask that CA for a new one\n",
               issuer(view->certs, record),
               certs_span((long long)(view->now - record->next_update), span),
               where(view->certs, record));
    }
    return count;
}

static size_t show_wrong(const struct view *view)
{
    char span[CERTS_SPAN];
    size_t count = 0;
    for (size_t i = 0; i < view->source_count; i++) {
        const struct crl_source *source = &view->sources[i];
        if (!is_wrong(source) || !is_current(view, source) ||
            count++ >= PROBLEMS_MOST || view->certs->json)
            continue;
        printf("CRL %s: %s: %s; good %s%s\n    run seemail-certs crl fetch "
               "--again with its URL; if it fails still, tell its CA\n",
               source->where, crl_source_word(source->outcome), source->text,
               source->good ? certs_span((long long)view->now - source->good,
                                         span) : "never",
               source->good ? " ago" : "");
    }
    return count;
}

static void show_sum(const struct view *view)
{
    unsigned long long entries = 0;
    int64_t next = 0, now = (int64_t)view->now;
    char span[CERTS_SPAN];
    for (size_t i = 0; i < view->record_count; i++) {
        const struct crl_record *record = &view->records[i];
        entries += record->entries;
        if (record->next_update >= now &&
            (next == 0 || record->next_update < next))
            next = record->next_update;
    }
    printf("CRLs: %zu, %llu entries", view->record_count, entries);
    if (next)
        printf(", the next expires in %s", certs_span(next - now, span));
    printf("\n");
}

/* The worst is a warning: mail goes on, and is told of. */
int certs_crl_status(struct certs *certs, struct state *state, time_t now,
                     struct buffer *json, int *warn_r, struct failure *why)
{
    struct view view = {.certs = certs};
    if (state && load(&view, state, why) < 0)
        return -1;
    view.now = now;
    if (!certs->json)
        show_sum(&view);
    size_t expired = show_missed(&view), failing = show_wrong(&view);
    *warn_r = expired + failing > 0;
    json_open(json, "crls", '{');
    put_json(&view, json);
    json_number(json, "expired", (long long)expired);
    json_number(json, "failing", (long long)failing);
    json_close(json, '}');
    return 0;
}
