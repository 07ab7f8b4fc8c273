/*
 * seemail-filter: seals and opens messages in Exim's transport filters, and
 * verifies for the hook. See its man page. Nothing goes to standard error,
 * which Exim would put into the mail, and nothing to standard output before
 * all is done (design rule 2).
 */
#include "account.h"
#include "approval.h"
#include "blob.h"
#include "failure.h"
#include "filter.h"
#include "interface.h"
#include "learn.h"
#include "logline.h"
#include "pool.h"
#include "tell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define LEARN_SECONDS 5 /* that a mail already handed over may take */
#define DATA_FD 3 /* the hook gives the message's file as this */

struct command {
    struct pool *pool;
    struct gateway gateway;
    struct logline log;
    const char *id;
    struct filter_report report; /* of what was opened */
    struct event event; /* what is told if it fails */
};

/* Standard input and output as streams. */
static ssize_t read_fd(struct source *self, void *data, size_t size,
                       struct failure *why)
{
    (void)self;
    for (;;) {
        ssize_t got = read(0, data, size);
        if (got >= 0)
            return got;
        if (errno != EINTR)
            return failure_errno(why, FAILURE_DISK, errno, "standard input");
    }
}

static int write_fd(struct sink *self, const void *data, size_t size,
                    struct failure *why)
{
    const char *at = data;
    (void)self;
    while (size > 0) {
        ssize_t put = write(1, at, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return failure_errno(why, FAILURE_DISK, errno, "standard output");
        at += put;
        size -= (size_t)put;
    }
    return 0;
}

static struct source standard_input = {read_fd};
static struct sink standard_output = {write_fd};

/* All is done, and how fast the host takes it is not our fault: Exim has a
 * limit of its own for that. */
static int pour(const struct blob *result, struct failure *why)
{
    struct blob_source source;
    alarm(0);
    blob_source_init(&source, result, 0, result->length);
    return stream_copy(&source.source, &standard_output, why);
}

static int decode(struct command *c, const char *text,
                  struct decided *decided_r, struct failure *why)
{
    return decision_decode(c->pool, text, decided_r, why);
}

/* To whom a mail that waits goes, and who may be told of it. */
static void about(struct command *c, const char *recipient, int quiet,
                  const char *told)
{
    const char *domain = strrchr(recipient, '@');
    c->event = (struct event){.about = domain ? domain + 1 : "",
                              .quiet = quiet, .sender = told};
}

static void log_report(struct command *c, const struct filter_report *report)
{
    logline_field(&c->log, LOG_VERDICT, verdict_word(report->verdict));
    logline_field(&c->log, LOG_SIGNER, report->signer);
    logline_field(&c->log, "label", report->label);
    logline_number(&c->log, "layers", report->layers);
    logline_field(&c->log, LOG_REASON, report->reason);
}

/* "seal" or "person" */
static int read_class(const char *word, enum recipient_class *class_r,
                      struct failure *why)
{
    if (strcmp(word, class_word(CLASS_SEAL)) == 0)
        *class_r = CLASS_SEAL;
    else if (strcmp(word, class_word(CLASS_PERSON)) == 0)
        *class_r = CLASS_PERSON;
    else
        return failure(why, FAILURE_USAGE, "%s: no class to seal for", word);
    return 0;
}

/* The routers see by a file state/sealed/DOMAIN that the last mail to the
 * domain was sealed. It saves them a question, no more: nothing is lost if
 * it cannot be written. */
static void mark_sealed(struct command *c, const char *recipient, int sealed)
{
    const char *domain = strrchr(recipient, '@');
    const char *folder = pool_format(c->pool, "%s/sealed",
                                     c->gateway.policy->settings.state);
    const char *path =
        folder && domain && !strchr(domain, '/')
            ? pool_format(c->pool, "%s/%s", folder, domain + 1)
            : NULL;
    if (!path)
        return;
    if (!sealed) {
        unlink(path);
        return;
    }
    if (access(path, F_OK) == 0)
        return;
    mkdir(folder, 0700);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0)
        close(fd);
}

/* seal CLASS ID DECISION ADDRESS... */
static int do_seal(struct command *c, int argc, char **argv,
                   struct failure *why)
{
    enum recipient_class class;
    struct decided decided;
    struct filter_report report;
    struct blob result;
    if (argc < 4)
        return failure(why, FAILURE_USAGE, "seal: too few arguments");
    if (read_class(argv[0], &class, why) < 0 ||
        decode(c, argv[2], &decided, why) < 0)
        return -1;
    logline_field(&c->log, LOG_TO, argv[3]);
    logline_number(&c->log, LOG_RECIPIENTS, argc - 3);
    about(c, argv[3], decided.quiet, decided.told);
    blob_init(&result);
    int rc = filter_seal(&c->gateway, c->pool, &decided, class,
                         (const char *const *)(void *)(argv + 3),
                         (size_t)argc - 3, &standard_input, &result.sink,
                         &report, why);
    if (rc == 0) {
        logline_field(&c->log, "cipher", report.cipher);
        logline_field(&c->log, "transport", report.transport);
        rc = pour(&result, why);
    }
    if (rc == 0) {
        c->event.id = c->id;
        tell_sealed(c->gateway.policy, report.recipient, &c->event);
    }
    blob_free(&result);
    if (class == CLASS_SEAL)
        mark_sealed(c, argv[3], rc == 0);
    return rc;
}

/* open ID DECISION */
static int do_open(struct command *c, int argc, char **argv,
                   struct failure *why)
{
    struct decided decided;
    struct blob result;
    if (argc != 2)
        return failure(why, FAILURE_USAGE, "open: two arguments");
    if (decode(c, argv[1], &decided, why) < 0)
        return -1;
    about(c, "", decided.quiet, "");
    blob_init(&result);
    int rc = filter_open(&c->gateway, c->pool, &decided, &standard_input,
                         &result.sink, &c->report, why);
    if (rc == 0) {
        log_report(c, &c->report);
        rc = pour(&result, why);
    }
    if (rc < 0) /* what is not delivered teaches nothing */
        c->report.domain = NULL;
    blob_free(&result);
    return rc;
}

/* The header block comes on standard input, the body in a file. */
static int read_message(struct blob *message, const char *offset,
                        struct failure *why)
{
    char *end;
    long at = strtol(offset, &end, 10);
    if (!*offset || *end || at < 0)
        return failure(why, FAILURE_USAGE, "verify: %s: no offset", offset);
    if (stream_copy(&standard_input, &message->sink, why) < 0)
        return -1;
    return blob_attach(message, DATA_FD, at, why);
}

/* verify ID OFFSET (where the body begins in the file: Exims differ) */
static int do_verify(struct command *c, int argc, char **argv,
                     struct failure *why)
{
    struct filter_report report;
    struct blob message;
    struct buffer out = {0};
    if (argc != 2)
        return failure(why, FAILURE_USAGE, "verify: two arguments");
    blob_init_prefix(&message);
    int rc = read_message(&message, argv[1], why);
    if (rc == 0)
        rc = filter_verify(&c->gateway, c->pool, &message, &report, why);
    if (rc == 0) {
        buffer_format(&out, "verdict=%s\nsigner=%s\nlayers=%d\nclosed=%d\n"
                      "reason=%s\n",
                      verdict_word(report.verdict), report.signer,
                      report.layers, report.closed, report.reason);
        rc = out.failed ? failure_memory(why)
                        : write_fd(NULL, out.data, out.length, why);
        log_report(c, &report);
    }
    buffer_free(&out);
    blob_free(&message);
    return rc;
}

/* For the queue's reasons: a failure of the hub's own is told by its word, a
 * certificate that is lacking by what is said of it. */
static int write_reason(struct pool *pool, const struct failure *reason,
                        struct failure *why)
{
    const char *text =
        reason->kind == FAILURE_CERT
            ? reason->text
            : pool_format(pool, "failure=%s %s",
                          failure_answer(reason->kind)->word, reason->text);
    return text ? write_fd(NULL, text, strlen(text), why)
                : failure_memory(why);
}

/* ready CLASS ID FROM QUIET TOLD ADDRESS (from: our domain that signs; quiet
 * and told as in the decision): prints why not, or nothing */
static int do_ready(struct command *c, int argc, char **argv,
                    struct failure *why)
{
    enum recipient_class class;
    struct failure reason = {0};
    if (argc != 6)
        return failure(why, FAILURE_USAGE, "ready: six arguments");
    if (read_class(argv[0], &class, why) < 0)
        return -1;
    if (filter_ready(&c->gateway, c->pool, argv[2], class, argv[5],
                     &reason) > 0)
        return 0;
    logline_field(&c->log, LOG_TO, argv[5]);
    logline_failure(&c->log, &reason);
    about(c, argv[5], strcmp(argv[3], "1") == 0, argv[4]);
    c->event.id = c->id;
    tell_failure(c->gateway.policy, &reason, &c->event);
    return write_reason(c->pool, &reason, why);
}

/* May the message go to this recipient as it came? Exim hands over what was
 * decided: whether it ever may, and the class. */
static int may_release(struct command *c, char **argv, const char **by_r,
                       struct failure *why)
{
    static const enum recipient_class from[] = {CLASS_SEAL, CLASS_PERSON,
                                                CLASS_HOLD};
    const struct settings *settings = &c->gateway.policy->settings;
    int held = 0;
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++)
        held |= strcmp(argv[2], class_word(from[i])) == 0;
    if (!held || strcmp(argv[1], DECISION_MAY_CLEAR) != 0 ||
        !settings->release_in_clear)
        return 0;
    return approval_find(c->pool, settings->state, argv[0], argv[3], by_r,
                         why);
}

/* released ID CLEAR CLASS ADDRESS: prints "plain" if it may go in clear */
static int do_released(struct command *c, int argc, char **argv,
                       struct failure *why)
{
    const char *by = NULL, *plain = class_word(CLASS_PLAIN);
    if (argc != 4)
        return failure(why, FAILURE_USAGE, "released: four arguments");
    logline_field(&c->log, LOG_TO, argv[3]);
    int rc = may_release(c, argv, &by, why);
    logline_field(&c->log, LOG_CLEAR, rc > 0 ? "yes" : "no");
    logline_field(&c->log, LOG_BY, by);
    return rc <= 0 ? rc : write_fd(NULL, plain, strlen(plain), why);
}

static const struct {
    const char *name;
    int (*run)(struct command *c, int argc, char **argv, struct failure *why);
    int id; /* which of its arguments is the message's */
} commands[] = {{"seal", do_seal, 1},
                {"open", do_open, 0},
                {"verify", do_verify, 0},
                {"ready", do_ready, 1},
                {"released", do_released, 0}};

static struct logline_ready out_of_time_line;

static void out_of_time(int signal_number)
{
    (void)signal_number;
    logline_send(&out_of_time_line);
    _exit(EX_TEMPFAIL);
}

/* Exim's own time limit would blame the host that the mail goes to. */
static void limit_time(const struct command *c, const char *name)
{
    const struct settings *settings = &c->gateway.policy->settings;
    struct logline line = {0};
    struct failure late;
    failure(&late, FAILURE_LIMIT, "it took longer than filter-timeout");
    logline_field(&line, "filter", name);
    logline_failure(&line, &late);
    logline_field(&line, LOG_ID, c->id);
    logline_prepare(&line, settings->log,
                    (enum log_format)settings->log_format,
                    time(NULL) + settings->filter_timeout, &out_of_time_line);
    logline_free(&line);
    signal(SIGALRM, out_of_time);
    alarm((unsigned)settings->filter_timeout);
}

/* Exim's routers run us as root. */
static int become_hub(const struct settings *settings, struct failure *why)
{
    return account_become_owner(settings->state, why) < 0
               ? -1 : account_become_owner(settings->nssdb, why);
}

static int run(struct command *c, int argc, char **argv, struct failure *why)
{
    const char *home = getenv(ENV_HOME);
    if (!home)
        return failure(why, FAILURE_POLICY, ENV_HOME " is not set");
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0];
         i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        logline_field(&c->log, "filter", argv[1]);
        if (argc > 2 + commands[i].id)
            c->id = argv[2 + commands[i].id];
        if (gateway_open(home, &c->gateway, why) < 0 ||
            become_hub(&c->gateway.policy->settings, why) < 0)
            return -1;
        limit_time(c, argv[1]);
        return commands[i].run(c, argc - 2, argv + 2, why);
    }
    return failure(why, FAILURE_USAGE, "usage: seemail-filter seal|open|"
                                       "verify|ready|released ...");
}

static void write_log(struct command *c)
{
    const struct settings none = {0};
    const struct settings *settings =
        c->gateway.policy ? &c->gateway.policy->settings : &none;
    logline_field(&c->log, LOG_ID, c->id);
    logline_write(&c->log, settings->log,
                  (enum log_format)settings->log_format);
}

/* The mail is delivered: nothing that happens now may say otherwise. */
static void learned_too_long(int signal_number)
{
    (void)signal_number;
    _exit(EX_OK);
}

/* After a message that was verified was handed over; a line of its own. */
static void learn_from(struct command *c)
{
    struct failure why = {0};
    size_t learned = 0;
    if (!c->report.domain)
        return;
    signal(SIGALRM, learned_too_long);
    alarm(LEARN_SECONDS);
    int rc = learn(&c->gateway, &c->report.lessons, c->report.domain, c->id,
                   &learned, &why);
    if (rc == 0 && learned == 0)
        return;
    logline_free(&c->log);
    logline_field(&c->log, "filter", "learn");
    logline_field(&c->log, LOG_SIGNER, c->report.signer);
    logline_number(&c->log, LOG_LEARNED, (long long)learned);
    if (rc < 0)
        logline_failure(&c->log, &why);
    write_log(c);
}

int main(int argc, char **argv)
{
    struct command c = {.pool = pool_new()};
    struct failure why = {0};
    int status = EX_OK;
    signal(SIGPIPE, SIG_IGN);
    if (!c.pool)
        return EX_TEMPFAIL;
    if (run(&c, argc, argv, &why) < 0) {
        logline_failure(&c.log, &why);
        status = failure_answer(why.kind)->exit;
        c.event.id = c.id;
        if (c.gateway.policy)
            tell_failure(c.gateway.policy, &why, &c.event);
    }
    write_log(&c);
    learn_from(&c);
    gateway_close(&c.gateway);
    logline_free(&c.log);
    pool_free(&c.pool);
    return status;
}
