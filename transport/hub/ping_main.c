/* seemail-ping: asks a partner's hub for an answer. See its man page. */
#include "address.h"
#include "blob.h"
#include "console.h"
#include "failure.h"
#include "filter.h"
#include "held.h"
#include "interface.h"
#include "json.h"
#include "mail.h"
#include "ping.h"
#include "policy.h"
#include "pool.h"
#include "receive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <time.h>

#define SECONDS "60"
#define SECONDS_MOST 86400

struct pinging {
    struct console *console;
    const char *domain, *from, *to;
    long seconds, took; /* the answer's, in milliseconds */
    struct buffer answer;
    struct failure *why;
};

/* Would it be sealed: is it a partner, has it a certificate? 0 or -1. */
static int check(struct pinging *p, struct gateway *gateway)
{
    struct pool *pool = p->console->pool;
    struct blob empty;
    struct received received;
    struct reception reception = {
        .direction = DIRECTION_INSIDE, .sender = p->from,
        .recipients = &p->to, .recipient_count = 1, .message = &empty};
    blob_init(&empty);
    int rc = blob_write(&empty, "\n\n", 2, p->why);
    if (rc == 0)
        rc = receive(pool, gateway->policy, &reception, &received, p->why);
    blob_free(&empty);
    if (rc < 0)
        return -1;
    if (received.decision.outcomes[0].class != CLASS_SEAL)
        return failure(p->why, FAILURE_CERT, "%s is no partner: it is on no "
                       "list, and not in the table partners", p->domain);
    return filter_ready(gateway, pool, strrchr(p->from, '@') + 1, CLASS_SEAL,
                        p->to, p->why) > 0 ? 0 : -1;
}

static int name_addresses(struct pinging *p, const struct policy *policy,
                          const char *domain)
{
    struct pool *pool = p->console->pool;
    char *canonical = NULL;
    const char *own = policy->identities[0].domain;
    int rc = domain_canonical(pool, domain, strlen(domain), &canonical);
    if (rc == 0)
        return failure(p->why, FAILURE_USAGE, "%s: not a domain", domain);
    p->domain = canonical;
    p->from = pool_format(pool, LOCAL_PING "@%s", own + (*own == '.'));
    p->to = pool_format(pool, LOCAL_PING "@%s", rc > 0 ? canonical : "");
    return rc < 0 || !p->from || !p->to ? failure_memory(p->why) : 0;
}

static long milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

static int exchange(struct pinging *p, const struct policy *policy,
                    const char *id, const char *name)
{
    struct buffer message = {0};
    struct mail mail = {.from = p->from, .to = p->to, .sender = p->from,
                        .subject = "SEEMail ping",
                        .text = PING_VERSION SEEMAIL_VERSION "\n"};
    long start = milliseconds();
    int rc = mail_write(&mail, id, &message, p->why);
    if (rc == 0)
        rc = mail_send(policy, p->from, p->to, &message, p->why);
    if (rc == 0)
        rc = ping_wait(policy, name, (unsigned)p->seconds, &p->answer, p->why);
    p->took = milliseconds() - start;
    buffer_free(&message);
    return rc;
}

/* 1 = answered; 0 = not in time; -1. */
static int ping(struct pinging *p, const char *domain)
{
    struct gateway gateway = {.now = time(NULL)};
    char id[MAIL_ID], name[PING_NAME];
    int rc = policy_load(p->console->policies, &gateway.policy, NULL, p->why);
    if (rc == 0)
        rc = name_addresses(p, gateway.policy, domain);
    if (rc == 0)
        rc = check(p, &gateway);
    if (rc == 0)
        rc = mail_id(p->from, id, p->why);
    if (rc == 0) {
        ping_name(id, name);
        rc = ping_expect(gateway.policy, name, p->why);
    }
    if (rc == 0) {
        rc = exchange(p, gateway.policy, id, name);
        ping_forget(gateway.policy, name);
    }
    gateway_close(&gateway);
    return rc;
}

/* The value of the first line of that name, from the text on; "" = none. */
static const char *value(struct pinging *p, const char *text, const char *name)
{
    size_t length = strlen(name);
    for (; text && *text; text = strchr(text, '\n'), text = text ? text + 1 : 0)
        if (strncmp(text, name, length) == 0) {
            const char *found =
                pool_substring(p->console->pool, text + length,
                               strcspn(text + length, "\r\n"));
            return found ? found : "";
        }
    return "";
}

/* What the hub wrote down comes first, then, after an empty line, what the
 * partner says. */
static int show(struct pinging *p)
{
    const char *text = buffer_string(&p->answer);
    const char *theirs = strstr(text, "\n\n");
    const char *verdict = value(p, text, PING_VERDICT);
    const char *from = value(p, text, PING_FROM);
    const struct {
        const char *key, *title, *value;
    } lines[] = {
        {"domain", "Answer from", from},
        {"verdict", "Verified", verdict},
        {"signer", "Signed by", value(p, text, PING_SIGNER)},
        {"algorithms", "Algorithms", value(p, text, PING_ALGORITHMS)},
        {"version", "SEEMail", value(p, theirs, PING_VERSION)},
        {"software", "Software", value(p, theirs, PING_SOFTWARE)},
        {"seen_verdict", "Our mail there", value(p, theirs, PING_VERDICT)},
        {"seen_algorithms", "Sealed by", value(p, theirs, PING_ALGORITHMS)},
        {"agencies", "Agencies known", value(p, theirs, PING_AGENCIES)},
    };
    struct buffer out = {0};
    json_open(&out, NULL, '{');
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        json_text(&out, lines[i].key, lines[i].value);
        if (!p->console->json)
            printf("%-15s %s\n", lines[i].title,
                   held_plain(p->console->pool, lines[i].value));
    }
    json_number(&out, "milliseconds", p->took);
    json_close(&out, '}');
    if (p->console->json)
        puts(buffer_string(&out));
    else
        printf("%-15s %ld.%03ld seconds\n", "Round trip", p->took / 1000,
               p->took % 1000);
    buffer_free(&out);
    if (strcasecmp(from, p->domain) != 0)
        fprintf(stderr, "%s: the answer is not from %s\n", p->console->name,
                p->domain);
    else if (strcmp(verdict, "good") == 0)
        return EX_OK;
    return EX_UNAVAILABLE;
}

static int run(struct pinging *p)
{
    struct console *console = p->console;
    const char *seconds = SECONDS;
    char *end;
    console_value(console, "--wait", &seconds);
    p->seconds = strtol(seconds, &end, 10);
    if (console->argc != 1 || *console->argv[0] == '-' || *end ||
        !console->policies ||
        p->seconds < 1 || p->seconds > SECONDS_MOST)
        return console_usage(console);
    int rc = ping(p, console->argv[0]);
    if (rc < 0 && p->why->kind == FAILURE_CERT) {
        console_complain(console, p->why);
        return EX_UNAVAILABLE; /* until somebody does something */
    }
    if (rc < 0)
        return console_complain(console, p->why);
    if (rc > 0)
        return show(p);
    fprintf(stderr, "%s: no answer from %s in %ld seconds: see seemail-queue "
                    "list whether the ping waits here\n", console->name,
            p->domain, p->seconds);
    return EX_TEMPFAIL;
}

int main(int argc, char **argv)
{
    struct console console = {.name = "seemail-ping", .pool = pool_new(),
                              .usage = "[--json] [--wait SECONDS] DOMAIN"};
    struct failure why = {0};
    struct pinging pinging = {.console = &console, .why = &why};
    int status = EX_TEMPFAIL;
    if (console.pool) {
        console_options(&console, argc, argv);
        status = run(&pinging);
    }
    buffer_free(&pinging.answer);
    pool_free(&console.pool);
    return fflush(stdout) != 0 || ferror(stdout) ? EX_IOERR : status;
}
