/*
 * seemail-certs renew: new certificates for ourselves: from the CA's
 * directory, or for a new key pair by a request and the CA's answer.
 */
#include "buffer.h"
#include "certs.h"
#include "event.h"
#include "failure.h"
#include "file.h"
#include "json.h"
#include "keystore.h"
#include "own.h"
#include "own_choice.h"
#include "policy.h"
#include "pool.h"
#include "renew.h"
#include "state.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define ANSWER_MOST (1 << 20) /* bytes of the CA's answer */
#define CERTIFICATES_MOST 100 /* in it */

struct renewing {
    struct certs *certs;
    struct keystore *keystore;
    const char *install, *out;
    int new_key;
    const char *nickname;
    struct renew_request request;
    struct buffer json;
    int failed; /* exit status of the last directory that failed */
};

static const char *const outcomes[] = {"installed", "known", "refused"};

static void print_day(const char *words, time_t when)
{
    char day[40] = "?";
    struct tm tm;
    if (gmtime_r(&when, &tm))
        strftime(day, sizeof day, "%Y-%m-%d", &tm);
    printf("%s%s", words, day);
}

static void print_one(const struct renewed *one)
{
    printf("%s \"%s\": serial %s", outcomes[one->outcome], one->nickname,
           one->serial);
    print_day(", valid from ", one->from);
    print_day(" to ", one->to);
    printf("%s%s%s\n", one->new_key ? ", of the new key pair" : "",
           *one->reason ? ": " : "", one->reason);
}

/* A certificate that came by itself is news for the administrator. */
static void tell(struct renewing *r, const struct renewed *one)
{
    struct event event = {
        .kind = EVENT_OWN_CERTIFICATE, .about = one->nickname,
        .reason = one->outcome == RENEW_ADDED
                      ? "a renewed certificate was taken in" : one->reason};
    if (!r->install && one->outcome != RENEW_KNOWN)
        event_record(r->certs->policy, &event);
}

static void json_one(const struct renewed *one, struct buffer *out)
{
    json_open(out, NULL, '{');
    json_text(out, "nickname", one->nickname);
    json_text(out, "outcome", outcomes[one->outcome]);
    json_text(out, "serial", one->serial);
    json_time(out, "from", one->from);
    json_time(out, "to", one->to);
    json_truth(out, "new-key", one->new_key);
    if (*one->reason)
        json_text(out, "reason", one->reason);
    json_close(out, '}');
}

/* EX_DATAERR when there was something for us and nothing of it is usable. */
static int show(struct renewing *r, const struct renewed *renewed,
                size_t count)
{
    int refused = 0, good = 0;
    json_open(&r->json, "certificates", '[');
    for (size_t i = 0; i < count; i++) {
        refused |= renewed[i].outcome == RENEW_REFUSED;
        good |= renewed[i].outcome != RENEW_REFUSED;
        json_one(&renewed[i], &r->json);
        if (!r->certs->json)
            print_one(&renewed[i]);
        tell(r, &renewed[i]);
    }
    json_close(&r->json, ']');
    return refused && !good ? EX_DATAERR : EX_OK;
}

/* What came for us is judged, taken in, and published. */
static int take(struct renewing *r, const struct bundle *bundle, int newer,
                size_t *count_r)
{
    struct certs *certs = r->certs;
    struct renewed *renewed = NULL;
    struct own_search search;
    struct failure why = {0};
    /* Who cannot see what was revoked may still need a new certificate. */
    int unseen = certs_search(certs, r->keystore, &search, &why) < 0
                     ? certs_complain(&why) : EX_OK;
    int rc = renew_take(&search, bundle, newer, &renewed, count_r, &why);
    state_close(&search.state);
    if (rc < 0)
        return certs_complain(&why);
    int status = show(r, renewed, *count_r);
    if (status == EX_OK)
        status = unseen;
    int published = certs_announce(certs, r->keystore, &r->json);
    return status == EX_OK ? published : status;
}

static void directory_failed(void *context, const struct directory *row,
                             const struct failure *fault)
{
    struct renewing *r = context;
    struct event event = {.kind = EVENT_DIRECTORY_FAILED, .about = row->name,
                          .reason = fault->text};
    event_record(r->certs->policy, &event);
    r->failed = certs_complain(fault);
}

/* What is wrong with ours, ahead of the day: once a day is often enough for
 * whom the table events names [2.3-thirteen]. */
static void warn(struct renewing *r)
{
    struct certs *certs = r->certs;
    struct own_search search;
    struct own *own = NULL;
    size_t count = 0;
    certs_search(certs, r->keystore, &search, NULL);
    int rc = own_list(&search, &own, &count, NULL);
    state_close(&search.state);
    if (rc < 0)
        return;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < own[i].finding_count; k++) {
            const struct own_finding *finding = &own[i].findings[k];
            struct event event = {.kind = EVENT_OWN_CERTIFICATE,
                                  .about = own[i].nickname,
                                  .reason = finding->text};
            if (finding->level > OWN_GOOD)
                event_record(certs->policy, &event);
        }
}

/* renew: what the CA has put into its directory. */
static int look(struct renewing *r)
{
    struct certs *certs = r->certs;
    struct bundle bundle = {NULL, 0};
    struct failure why = {0};
    size_t asked = 0, count = 0;
    if (renew_find(r->keystore, certs->policy, certs->pool, &bundle, &asked,
                   directory_failed, r, &why) < 0)
        return certs_complain(&why);
    int status = take(r, &bundle, 1, &count);
    warn(r);
    if (asked == 0) {
        fprintf(stderr, "seemail-certs: the table directories has no row with "
                        "the purpose discover for us\n");
        return EX_CONFIG;
    }
    if (count == 0 && !r->failed && !certs->json)
        printf("nothing newer for our keys was found\n");
    return status == EX_OK ? r->failed : status;
}

/* renew --install FILE */
static int install(struct renewing *r)
{
    struct buffer content = {0};
    struct bundle bundle;
    size_t count = 0;
    struct failure why = {0};
    int rc = certs_input(r->install, ANSWER_MOST, &content, &why);
    if (rc == 0)
        rc = bundle_read(r->certs->pool, content.data, content.length,
                         CERTIFICATES_MOST, &bundle, &why);
    buffer_free(&content);
    if (rc < 0 && (why.kind == FAILURE_MALFORMED || why.kind == FAILURE_LIMIT)) {
        fprintf(stderr, "seemail-certs: %s: %s\n", r->install, why.text);
        return EX_DATAERR;
    }
    if (rc < 0)
        return certs_complain(&why);
    int status = take(r, &bundle, 0, &count);
    if (count > 0 || status != EX_OK)
        return status;
    fprintf(stderr, "seemail-certs: %s: no certificate for a key of ours is in "
                    "it\n", r->install);
    return EX_DATAERR;
}

static int give_request(struct renewing *r, const struct buffer *pem,
                        int is_new)
{
    struct failure why = {0};
    if (r->out && file_replace(r->out, pem->data, pem->length, 0644,
                               FAILURE_DISK, &why) < 0)
        return certs_complain(&why);
    json_text(&r->json, "nickname", r->request.own->nickname);
    json_truth(&r->json, "new", is_new);
    json_text(&r->json, "request", buffer_string(pem));
    if (r->certs->json)
        return EX_OK;
    if (!r->out)
        printf("%s", buffer_string(pem));
    fprintf(stderr, "seemail-certs: \"%s\": %s. Send the request to the CA, "
                    "then: seemail-certs renew --install ANSWER\n",
            r->request.own->nickname,
            is_new ? "a new key pair was made"
                   : "the new key pair waits for its certificate already");
    return EX_OK;
}

/* renew --new-key */
static int ask(struct renewing *r)
{
    struct buffer pem = {0};
    struct failure why = {0};
    int is_new = 0;
    int result = renew_ask(r->keystore, &r->request, &pem, &is_new, &why) < 0
                     ? certs_complain(&why)
                     : give_request(r, &pem, is_new);
    buffer_free(&pem);
    return result;
}

/* The one that is meant; without a name, the only one that there is. */
static int find_nickname(struct renewing *r, struct failure *why)
{
    struct own *own, *found = NULL;
    size_t count;
    if (own_nicknames(r->certs->policy, r->certs->pool, &own, &count, why) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (r->nickname ? strcmp(own[i].nickname, r->nickname) != 0
                        : own[i].uses == OWN_OPENS)
            continue;
        if (found)
            return failure(why, FAILURE_USAGE, "which one: \"%s\" or \"%s\"?",
                           found->nickname, own[i].nickname);
        found = &own[i];
    }
    if (!found)
        return failure(why, FAILURE_USAGE, "the identity table has no \"%s\"",
                       r->nickname);
    r->request.own = found;
    return 0;
}

static int read_option(struct renewing *r, const char *name, const char *value)
{
    const struct {
        const char *name, **place;
    } options[] = {{"--install", &r->install}, {"--out", &r->out},
                   {"--key", &r->request.key},
                   {"--token", &r->request.token},
                   {"--subject", &r->request.subject}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (value && strcmp(name, options[i].name) == 0) {
            *options[i].place = value;
            return 0;
        }
    return -1;
}

static int read_arguments(struct renewing *r, int argc, char **argv)
{
    int i = 0;
    for (; i < argc && argv[i][0] == '-'; i++)
        if (strcmp(argv[i], "--new-key") == 0)
            r->new_key = 1;
        else if (read_option(r, argv[i], i + 1 < argc ? argv[i + 1] : NULL) == 0)
            i++;
        else
            return -1;
    r->nickname = i < argc ? argv[i] : NULL;
    return argc - i > 1 || (r->nickname && !r->new_key) ||
                   (r->install && r->new_key) ? -1 : 0;
}

int certs_renew(struct certs *certs, int argc, char **argv)
{
    struct renewing r = {.certs = certs};
    const struct settings *settings = &certs->policy->settings;
    struct failure why = {0};
    if (read_arguments(&r, argc, argv) < 0)
        return certs_usage("renew");
    if ((r.new_key && find_nickname(&r, &why) < 0) ||
        keystore_open_to_write(settings->nssdb, settings->nssdb_password,
                               &r.keystore, &why) < 0)
        return certs_complain(&why);
    json_open(&r.json, NULL, '{');
    int status = r.new_key ? ask(&r) : r.install ? install(&r) : look(&r);
    json_close(&r.json, '}');
    keystore_close(&r.keystore);
    return certs_answer(certs, &r.json, status);
}
