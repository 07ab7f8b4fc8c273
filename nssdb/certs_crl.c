/* seemail-certs crl: takes CRLs in, from files and servers. */
#include "certs_crl.h"

#include "buffer.h"
#include "bundle.h"
#include "certificate.h"
#include "crl_fetch.h"
#include "crl_import.h"
#include "crl_wanted.h"
#include "event.h"
#include "failure.h"
#include "json.h"
#include "keystore.h"
#include "miss.h"
#include "policy.h"
#include "pool.h"
#include "state.h"
#include "state_clock.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define LOCK_WAIT 10000        /* milliseconds for another that fetches */
#define CERTIFICATES_MOST 1000 /* given with --certificates */
#define CERTIFICATE_BYTES (4U << 20)
#define FILES_MOST 10000       /* of the folder, that are taken in */
#define MISSES_KEPT (7 * 24 * 60 * 60) /* seconds */

/* What one command does. */
struct job {
    struct certs *certs;
    struct crl_fetcher fetcher;
    struct buffer *json, own;
    time_t now;
    long seconds; /* for all; 0 = no limit */
    const char *certificates; /* file with certificates that may be needed */
    int quiet;                /* say nothing of what was left alone */
    size_t good, refused, failed;
};

/* `json': what it belongs to, or NULL. */
static void start(struct job *job, struct certs *certs, struct state *state,
                  struct buffer *json)
{
    const struct settings *settings = &certs->policy->settings;
    *job = (struct job){.certs = certs, .now = time(NULL)};
    job->fetcher = (struct crl_fetcher){
        .state = state, .pool = certs->pool,
        .rules = certs_rules(certs),
        .proxy = settings->http_proxy,
        .most = (size_t)settings->crl_limit,
        .seconds = (unsigned)settings->crl_timeout,
        .retry = settings->crl_retry, .wait = LOCK_WAIT};
    job->json = json ? json : &job->own;
    json_open(job->json, json ? "crls" : NULL, '[');
}

static void tell(const struct job *job, const struct crl_source *source)
{
    struct event event = {.kind = EVENT_CRL_FAILED, .about = source->where,
                          .reason = source->text};
    event_record(job->certs->policy, &event);
}

/* Says what became of one. */
static void say(struct job *job, const struct crl_fetched *fetched)
{
    const struct crl_source *source = &fetched->source;
    const char *word = crl_source_word(source->outcome);
    *(source->outcome == CRL_SOURCE_TAKEN     ? &job->good
      : source->outcome == CRL_SOURCE_INVALID ? &job->refused
                                              : &job->failed) += 1;
    if (fetched->asked && source->outcome != CRL_SOURCE_TAKEN)
        tell(job, source);
    if (job->quiet && !fetched->asked)
        return;
    json_open(job->json, NULL, '{');
    json_text(job->json, "where", source->where);
    json_text(job->json, "outcome", word);
    json_truth(job->json, "asked", fetched->asked);
    if (*source->text)
        json_text(job->json, "reason", source->text);
    if (source->next)
        json_time(job->json, "next-update", source->next);
    json_close(job->json, '}');
    if (!job->certs->json)
        printf("%s: %s%s%s%s\n", source->where, word,
               *source->text ? ": " : "", source->text,
               fetched->asked ? "" : " (not asked again)");
}

/* What others' servers do wrong is no fault of a refresh: status has it. */
static int status(const struct job *job)
{
    if (job->quiet)
        return EX_OK;
    return job->failed ? EX_TEMPFAIL : job->refused ? EX_DATAERR : EX_OK;
}

/* The end of a command's work: its exit status. */
static int end(struct job *job, int rc, const struct failure *why)
{
    json_close(job->json, ']');
    int failed = job->json->failed;
    if (job->certs->json && rc == 0 && !failed && job->json == &job->own)
        printf("%s\n", buffer_string(job->json));
    buffer_free(&job->own);
    return rc < 0 ? certs_complain(why) : failed ? EX_TEMPFAIL : status(job);
}

/* Certificates that are given to be held as long as CRLs are verified. */
struct held {
    CERTCertificate **certificates;
    size_t count;
};

static int hold(struct job *job, struct held *held, struct failure *why)
{
    struct pool *pool = job->certs->pool;
    struct buffer content = {0};
    struct bundle bundle = {NULL, 0};
    int rc = certs_input(job->certificates, CERTIFICATE_BYTES, &content, why);
    if (rc == 0 && content.length > 0)
        rc = bundle_read(pool, content.data, content.length,
                         CERTIFICATES_MOST, &bundle, why);
    buffer_free(&content);
    held->certificates =
        pool_array(pool, bundle.count + 1, sizeof *held->certificates);
    if (rc < 0 || !held->certificates)
        return rc < 0 ? -1 : failure_memory(why);
    for (size_t i = 0; i < bundle.count; i++) {
        CERTCertificate *one = cert_decode(&bundle.certificates[i]);
        if (one)
            held->certificates[held->count++] = one;
    }
    return 0;
}

/* Does the work with all certificates held that may have signed. */
static int with_signers(struct job *job,
                        int (*work)(struct job *job, int argc, char **argv,
                                    struct failure *why),
                        int argc, char **argv, struct failure *why)
{
    struct crl_signers signers;
    struct held held = {NULL, 0};
    int rc = crl_signers_hold(job->fetcher.state, job->certs->pool, &signers,
                              why);
    if (rc == 0 && job->certificates)
        rc = hold(job, &held, why);
    if (rc == 0)
        rc = work(job, argc, argv, why);
    for (size_t i = 0; i < held.count; i++)
        CERT_DestroyCertificate(held.certificates[i]);
    crl_signers_free(&signers);
    return rc;
}

static int import_files(struct job *job, int argc, char **argv,
                        struct failure *why)
{
    struct crl_fetched fetched;
    job->fetcher.again = 1;
    for (int i = 0; i < argc; i++) {
        char *path = realpath(argv[i], NULL);
        /* What is not there is no source of CRLs that failed. */
        int rc = !path || access(path, R_OK) < 0
                     ? failure_errno(why, FAILURE_USAGE, errno, "%s", argv[i])
                     : crl_fetch_file(&job->fetcher, path, job->now, &fetched,
                                      why);
        free(path);
        if (rc < 0)
            return -1;
        say(job, &fetched);
    }
    return 0;
}

/* Of the time that is left an equal share for each that is: one server that
 * is slow must not use up all. 1; 0 = nothing is left. */
static int share(struct job *job, int urls)
{
    if (job->seconds == 0)
        return 1;
    long left = job->seconds - (long)(time(NULL) - job->now);
    if (left > urls)
        left /= urls;
    if (left > (long)job->certs->policy->settings.crl_timeout)
        left = (long)job->certs->policy->settings.crl_timeout;
    job->fetcher.seconds = left > 0 ? (unsigned)left : 0;
    job->fetcher.wait = left * 1000 < LOCK_WAIT ? left * 1000 : LOCK_WAIT;
    return left > 0;
}

static int is_url(const char *text)
{
    static const char *const schemes[] = {"http://", "https://", "ldap://",
                                          "ldaps://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strncmp(text, schemes[i], strlen(schemes[i])) == 0)
            return 1;
    return 0;
}

static int fetch_urls(struct job *job, int argc, char **argv,
                      struct failure *why)
{
    struct crl_fetched fetched;
    job->fetcher.wanted = 1;
    for (int i = 0; i < argc; i++)
        if (!is_url(argv[i]))
            return failure(why, FAILURE_USAGE, "crl fetch: \"%s\" is no URL "
                           "(http, https, ldap or ldaps)", argv[i]);
    for (int i = 0; i < argc; i++) {
        if (!share(job, argc - i))
            return failure(why, FAILURE_NETWORK, "%s: no time is left for it",
                           argv[i]);
        if (crl_fetch_url(&job->fetcher, argv[i], time(NULL), &fetched,
                          why) < 0)
            return -1;
        say(job, &fetched);
    }
    return 0;
}

/* Is it time to ask for it again? What failed is left to its misses. */
static int is_due(const struct job *job, const struct crl_source *source)
{
    int64_t ahead = job->certs->policy->settings.crl_ahead;
    int64_t half = (source->next - source->since) / 2;
    if (source->outcome != CRL_SOURCE_TAKEN)
        return 1;
    if (ahead > half)
        ahead = half;
    return (int64_t)job->now >= source->next - ahead;
}

static int refresh_url(struct job *job, const char *url, struct failure *why)
{
    struct state *state = job->fetcher.state;
    struct crl_fetched fetched = {.asked = 0};
    if (state_begin(state, STATE_READ, why) < 0)
        return -1;
    int rc = state_end(state,
                       crl_source_get(state, job->certs->pool, url,
                                      &fetched.source, why), why);
    if (rc < 0)
        return -1;
    if ((rc == 0 || is_due(job, &fetched.source)) &&
        crl_fetch_url(&job->fetcher, url, job->now, &fetched, why) < 0)
        return -1;
    say(job, &fetched);
    return 0;
}

static int refresh_urls(struct job *job, struct failure *why)
{
    const char *const *urls;
    size_t count;
    if (crl_wanted(job->fetcher.state, job->certs->pool, job->now, &urls,
                   &count, why) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (refresh_url(job, urls[i], why) < 0)
            return -1;
    return 0;
}

static int refresh_file(struct job *job, const char *folder, const char *name,
                        struct failure *why)
{
    struct crl_fetched fetched;
    const char *path =
        pool_format(job->certs->pool, "%s/%s", folder, name);
    if (!path)
        return failure_memory(why);
    if (crl_fetch_file(&job->fetcher, path, job->now, &fetched, why) < 0)
        return -1;
    say(job, &fetched);
    return 0;
}

static int refresh_folder(struct job *job, struct failure *why)
{
    const char *path = job->certs->policy->settings.crl_folder;
    DIR *folder = opendir(path);
    const struct dirent *entry;
    int rc = 0, count = 0;
    if (!folder)
        return errno == ENOENT
                   ? 0 : failure_errno(why, FAILURE_DISK, errno, "%s", path);
    while (rc == 0 && count < FILES_MOST && (entry = readdir(folder)))
        if (entry->d_name[0] != '.') {
            rc = refresh_file(job, path, entry->d_name, why);
            count++;
        }
    closedir(folder);
    return rc;
}

static int refresh(struct job *job, int argc, char **argv, struct failure *why)
{
    (void)argc, (void)argv;
    job->quiet = 1;
    long long sure;
    if (state_clock(job->fetcher.state, (long long)job->now, &sure, why) < 0 ||
        refresh_folder(job, why) < 0 || refresh_urls(job, why) < 0)
        return -1;
    if (!job->certs->json)
        printf("CRLs: %zu good, %zu refused, %zu failed\n", job->good,
               job->refused, job->failed);
    if (crl_wanted_expire(job->fetcher.state, job->certs->pool, (time_t)sure,
                          why) < 0)
        return -1;
    return miss_expire(job->fetcher.state, sure - MISSES_KEPT, why);
}

int certs_crl_refresh(struct certs *certs, struct state *state,
                      struct buffer *json)
{
    struct job job;
    struct failure why = {0};
    start(&job, certs, state, json);
    int rc = with_signers(&job, refresh, 0, NULL, &why);
    return end(&job, rc, &why);
}

/* The options of fetch; the index of the first argument, or -1. */
static int options(struct job *job, int argc, char **argv)
{
    int at = 0;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++)
        if (strcmp(argv[at], "--again") == 0)
            job->fetcher.again = 1;
        else if (strcmp(argv[at], "--seconds") == 0 && at + 1 < argc &&
                 (job->seconds = strtol(argv[at + 1], NULL, 10)) > 0)
            at++;
        else if (strcmp(argv[at], "--certificates") == 0 && at + 1 < argc)
            job->certificates = argv[++at];
        else
            return -1;
    return at;
}

static int run(struct certs *certs, struct state *state, const char *what,
               int argc, char **argv)
{
    struct job job;
    struct failure why = {0};
    start(&job, certs, state, NULL);
    int fetches = strcmp(what, "fetch") == 0;
    int at = fetches ? options(&job, argc, argv) : 0;
    if (at < 0 || at >= argc) {
        buffer_free(&job.own);
        return certs_usage("crl");
    }
    int rc = with_signers(&job, fetches ? fetch_urls : import_files,
                          argc - at, argv + at, &why);
    return end(&job, rc, &why);
}

int certs_crl(struct certs *certs, int argc, char **argv)
{
    const struct settings *settings = &certs->policy->settings;
    const char *what = argc > 0 ? argv[0] : "";
    struct keystore *keystore;
    struct state *state;
    struct failure why = {0};
    int refreshes = strcmp(what, "refresh") == 0 && argc == 1;
    int forgets = strcmp(what, "forget") == 0 && argc == 2;
    if (strcmp(what, "list") == 0)
        return certs_crl_list(certs, argc - 1, argv + 1);
    if (strcmp(what, "show") == 0)
        return certs_crl_show(certs, argc - 1, argv + 1);
    if (!refreshes && !forgets && strcmp(what, "fetch") != 0 &&
        strcmp(what, "import") != 0)
        return certs_usage("crl");
    if (keystore_open(settings->nssdb, settings->nssdb_password, &keystore,
                      &why) < 0)
        return certs_complain(&why);
    int result = state_open(settings->state, STATE_WRITE, &state, &why) < 0
                     ? certs_complain(&why)
                 : refreshes ? certs_crl_refresh(certs, state, NULL)
                 : forgets   ? certs_crl_forget(certs, state, argv[1])
                             : run(certs, state, what, argc - 1, argv + 1);
    state_close(&state);
    keystore_close(&keystore);
    return result;
}
