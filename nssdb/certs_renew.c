/*
 * seemail-certs renew: new certificates for ourselves: from the CA's
 * directory, or for a new key pair by a request and the CA's answer.
 */
#include "buffer.h"
#include "certs.h"
#include "failure.h"
#include "file.h"
#include "json.h"
#include "keystore.h"
#include "own.h"
#include "policy.h"
#include "pool.h"
#include "renew.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#define ANSWER_MOST (1 << 20) /* bytes of the CA's answer */
#define CERTIFICATES_MOST 100 /* in it */

struct renewing {
    struct certs *certs;
    struct keystore *keystore;
    const char *install, *out;
    int new_key;
    const char *nickname;
    struct renew_request request;
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
    struct buffer json = {0};
    int refused = 0, good = 0;
    json_open(&json, NULL, '{');
    json_open(&json, "certificates", '[');
    for (size_t i = 0; i < count; i++) {
        refused |= renewed[i].outcome == RENEW_REFUSED;
        good |= renewed[i].outcome != RENEW_REFUSED;
        json_one(&renewed[i], &json);
        if (!r->certs->json)
            print_one(&renewed[i]);
    }
    json_close(&json, ']');
    json_close(&json, '}');
    int failed = json.failed;
    if (r->certs->json && !failed)
        printf("%s\n", buffer_string(&json));
    buffer_free(&json);
    return failed ? EX_TEMPFAIL : refused && !good ? EX_DATAERR : EX_OK;
}

/* renew --install FILE */
static int install(struct renewing *r)
{
    struct certs *certs = r->certs;
    struct buffer content = {0};
    struct bundle bundle;
    struct renewed *renewed = NULL;
    size_t count = 0;
    struct failure why = {0};
    int rc = file_read(r->install, FILE_PLAIN, ANSWER_MOST, FAILURE_DISK,
                       &content, &why);
    if (rc == 0)
        rc = bundle_read(certs->pool, content.data, content.length,
                         CERTIFICATES_MOST, &bundle, &why);
    buffer_free(&content);
    if (rc < 0 && (why.kind == FAILURE_MALFORMED || why.kind == FAILURE_LIMIT)) {
        fprintf(stderr, "seemail-certs: %s: %s\n", r->install, why.text);
        return EX_DATAERR;
    }
    if (rc == 0)
        rc = renew_take(r->keystore, certs->policy, certs->pool, &bundle, 0,
                        time(NULL), &renewed, &count, &why);
    if (rc < 0)
        return certs_complain(&why);
    if (count > 0)
        return show(r, renewed, count);
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
    if (r->certs->json) {
        struct buffer json = {0};
        json_open(&json, NULL, '{');
        json_text(&json, "nickname", r->request.own->nickname);
        json_truth(&json, "new", is_new);
        json_text(&json, "request", buffer_string(pem));
        json_close(&json, '}');
        printf("%s\n", buffer_string(&json));
        int failed = json.failed;
        buffer_free(&json);
        return failed ? EX_TEMPFAIL : EX_OK;
    }
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
    return argc - i > 1 || (r->install && (r->new_key || r->nickname)) ? -1 : 0;
}

int certs_renew(struct certs *certs, int argc, char **argv)
{
    struct renewing r = {.certs = certs};
    const struct settings *settings = &certs->policy->settings;
    struct failure why = {0};
    if (read_arguments(&r, argc, argv) < 0 || r.new_key == (r.install != NULL))
        return certs_usage("renew");
    if ((r.new_key && find_nickname(&r, &why) < 0) ||
        keystore_open_to_write(settings->nssdb, settings->nssdb_password,
                               &r.keystore, &why) < 0)
        return certs_complain(&why);
    int result = r.new_key ? ask(&r) : install(&r);
    keystore_close(&r.keystore);
    return result;
}
