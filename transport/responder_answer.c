/*
 * responder_answer: what comes to seemail-ping@ and
 * domain-certificate-request@ of our domains [2.14-ping, 2.8-mail-request].
 * Answered is what was verified and comes from a partner, so that the answer
 * is sealed; not so often that two hubs could keep each other busy, and never
 * what is an answer itself. All else is only recorded.
 */
#include "responder.h"

#include "answer.h"
#include "attached.h"
#include "blob.h"
#include "decide.h"
#include "event.h"
#include "failure.h"
#include "head.h"
#include "interface.h"
#include "mail.h"
#include "mailbox.h"
#include "open.h"
#include "ping.h"
#include "policy.h"
#include "pool.h"
#include "rate.h"
#include "receive.h"
#include "state.h"
#include "warning.h"
#include "words.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define HOUR 3600
#define RATE "answer"
#define MESSAGE_MOST (4L << 20) /* bytes; what is larger is no ping */

struct answering {
    struct responder *r;
    const char *id, *recipient;
    struct decided decided;
    struct blob message;
    struct opened opened;
    const char *from; /* the address that is answered */
    struct failure *why;
};

static int read_message(struct answering *a)
{
    char data[16384];
    ssize_t got;
    while ((got = read(0, data, sizeof data)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failure_errno(a->why, FAILURE_DISK, errno,
                                 "standard input");
        if (a->message.length + got > MESSAGE_MOST)
            return 1;
        if (blob_write(&a->message, data, (size_t)got, a->why) < 0)
            return -1;
    }
    return 0;
}

static size_t header_most(const struct answering *a)
{
    return (size_t)a->r->gateway.policy->settings.header_limit;
}

/* The value of the first such field, "" = there is none; NULL = memory. */
static const char *field(struct answering *a, const char *name)
{
    size_t at = 0;
    const struct header_field *found = header_next(&a->opened.header, name,
                                                   &at);
    return found ? header_unfold(a->r->pool, found) : "";
}

/* 1: it is not answered, which is an event. */
static int refuse(struct answering *a, const char *reason)
{
    struct event event = {.kind = EVENT_REQUEST_REFUSED, .id = a->id,
                          .about = a->opened.from.domain, .reason = reason,
                          .quiet = a->decided.quiet};
    event_record(a->r->gateway.policy, &event);
    logline_field(&a->r->log, LOG_REASON, reason);
    return 1;
}

/* Would the answer be sealed? 1, 0, -1. */
static int would_seal(struct answering *a)
{
    struct blob empty;
    struct received received;
    const char *const recipients[] = {a->from};
    struct reception reception = {
        .direction = DIRECTION_OWN, .sender = "", .recipients = recipients,
        .recipient_count = 1, .message = &empty};
    blob_init(&empty);
    int rc = blob_write(&empty, "\n\n", 2, a->why);
    if (rc == 0)
        rc = receive(a->r->pool, a->r->gateway.policy, &reception, &received,
                     a->why);
    blob_free(&empty);
    if (rc < 0)
        return -1;
    enum recipient_class class = received.decision.outcomes[0].class;
    return class == CLASS_SEAL || class == CLASS_PERSON;
}

static int within_rate(struct answering *a)
{
    struct gateway *gateway = &a->r->gateway;
    const struct settings *settings = &gateway->policy->settings;
    struct state *state;
    if (state_open(settings->state, STATE_WRITE, &state, a->why) < 0)
        return -1;
    int rc = rate_take(state, RATE, a->opened.from.domain, settings->answers,
                       HOUR, (long long)gateway->now, a->why);
    state_close(&state);
    return rc;
}

/* It could not be answered, and is tried again: that does not count twice. */
static void give_back(struct answering *a)
{
    struct state *state;
    if (a->r->gateway.state)
        state_close(&a->r->gateway.state);
    if (state_open(a->r->gateway.policy->settings.state, STATE_WRITE, &state,
                   NULL) < 0)
        return;
    rate_return(state, RATE, a->opened.from.domain, NULL);
    state_close(&state);
}

/* 0 = it may be answered; 1 = not, which was recorded; -1. */
static int check(struct answering *a)
{
    const char *before = field(a, "In-Reply-To");
    int rc;
    if (!before)
        return failure_memory(a->why);
    if (a->decided.quiet || *before)
        return refuse(a, "it was made by a program, or is an answer");
    if (strcmp(a->decided.verdict, verdict_word(VERDICT_GOOD)) != 0 ||
        a->opened.verdict != VERDICT_GOOD || !a->opened.from.domain ||
        !*a->opened.signer)
        return refuse(a, "it was not verified");
    a->from = pool_format(a->r->pool, "%s@%s", a->opened.from.local,
                          a->opened.from.domain);
    if (!a->from)
        return failure_memory(a->why);
    if (a->r->gateway.state) /* open once in a process: others need it now */
        state_close(&a->r->gateway.state);
    if ((rc = would_seal(a)) <= 0)
        return rc < 0 ? -1 : refuse(a, "its sender is no partner");
    if ((rc = within_rate(a)) <= 0)
        return rc < 0 ? -1 : refuse(a, "too many in this hour");
    return 0;
}

/* The domain of ours that was written to. */
static const char *our_domain(const struct answering *a)
{
    const char *at = strrchr(a->recipient, '@');
    return at ? at + 1 : "";
}

static int is_for(const struct answering *a, const char *local)
{
    size_t length = strcspn(a->recipient, "@");
    return strlen(local) == length &&
           strncasecmp(a->recipient, local, length) == 0;
}

static int reply(struct answering *a)
{
    struct pool *pool = a->r->pool;
    size_t at = 0;
    const struct header_field *asked = header_next(&a->opened.header,
                                                   "Subject", &at);
    const char *subject = asked ? words_shown(pool, asked) : "";
    const char *id = field(a, "Message-ID");
    struct answer answer = {
        .from = pool_format(pool, "postmaster@%s", our_domain(a)),
        .to = a->from, .answers = id, .wanted = subject,
        .signer = a->opened.signer, .algorithms = a->r->gateway.algorithms};
    if (!subject || !id || !answer.from)
        return failure_memory(a->why);
    if (is_for(a, LOCAL_PING))
        return answer_ping(&a->r->gateway, pool, &answer, a->why);
    int rc = answer_request(&a->r->gateway, pool, &answer, a->why);
    return rc > 0 ? refuse(a, "it asks for no certificate of ours") : rc;
}

/* The answer to a ping that somebody here waits for: 1, 0 = it is none. */
static int take_answer(struct answering *a)
{
    char name[PING_NAME];
    struct buffer text = {0};
    const char *before = field(a, "In-Reply-To");
    const struct policy *policy = a->r->gateway.policy;
    if (!before)
        return failure_memory(a->why);
    ping_name(before, name);
    if (!is_for(a, LOCAL_PING) || !ping_expected(policy, name))
        return 0;
    int rc = answer_keep(&a->opened, a->r->pool, a->r->gateway.algorithms,
                         &text, a->why);
    if (rc == 0)
        rc = ping_arrived(policy, name, &text, a->why);
    buffer_free(&text);
    logline_field(&a->r->log, "answers", name);
    return rc < 0 ? -1 : 1;
}

/* What a verified message teaches, also by certificates that it has as
 * files: the answer to our request, or who asks, and is to be answered. */
static int take_certificates(struct answering *a)
{
    struct lessons lessons = a->opened.lessons;
    struct blob inner;
    const struct warning none = {.hardness = WARNING_NONE};
    size_t learned = 0;
    if (strcmp(a->decided.verdict, verdict_word(VERDICT_GOOD)) != 0 ||
        a->opened.verdict != VERDICT_GOOD || !a->opened.from.domain)
        return 0;
    blob_init(&inner);
    int rc = opened_write(&a->opened, a->r->pool, &none, header_most(a),
                          &inner.sink, a->why);
    if (rc == 0)
        rc = attached_certificates(a->r->pool, a->r->gateway.policy, &inner,
                                   &lessons, a->why);
    if (rc == 0)
        rc = learn(&a->r->gateway, &lessons, a->opened.from.domain, a->id,
                   &learned, a->why);
    if (learned)
        logline_number(&a->r->log, LOG_LEARNED, (long long)learned);
    blob_free(&inner);
    return rc;
}

/* Who it says it is from, and what it answers. */
static int read_header(struct answering *a)
{
    struct blob_source in;
    struct head head;
    blob_source_init(&in, &a->message, 0, a->message.length);
    int rc = head_read(a->r->pool, &in.source, header_most(a), &head,
                       a->why);
    if (rc == 0) {
        a->opened.header = head.header;
        rc = mailbox_from(a->r->pool, &head.header, &a->opened.from);
        if (rc == 0)
            a->opened.from = (struct address){NULL, NULL};
        rc = rc < 0 ? failure_memory(a->why) : 0;
    }
    head_free(&head);
    return rc;
}

/* Nobody has verified it: no key is needed to refuse it, so that it does not
 * wait for one, and no sender who is made up hears that it does. */
static int is_refused_unseen(struct answering *a)
{
    char name[PING_NAME];
    const char *before = field(a, "In-Reply-To");
    if (!before || strcmp(a->decided.verdict, verdict_word(VERDICT_GOOD)) == 0)
        return 0;
    ping_name(before, name);
    return !ping_expected(a->r->gateway.policy, name);
}

static int answer(struct answering *a)
{
    struct gateway *gateway = &a->r->gateway;
    if (read_header(a) < 0)
        return -1;
    if (is_refused_unseen(a))
        return check(a);
    if (gateway_keystore(gateway, a->why) < 0)
        return -1;
    int rc = open_message(gateway, a->r->pool, &a->message, &a->opened,
                          a->why);
    if (rc < 0)
        return -1;
    logline_field(&a->r->log, LOG_VERDICT, verdict_word(a->opened.verdict));
    logline_field(&a->r->log, LOG_SIGNER, a->opened.signer);
    rc = take_answer(a);
    if (rc == 0)
        rc = take_certificates(a);
    if (rc == 0)
        rc = check(a);
    if (rc == 0 && (rc = reply(a)) < 0)
        give_back(a);
    opened_free(&a->opened);
    return rc < 0 ? -1 : 1;
}

int responder_answer(struct responder *r, int argc, char **argv,
                     struct failure *why)
{
    struct answering a = {.r = r, .why = why};
    if (argc != 3)
        return failure(why, FAILURE_USAGE, "answer: three arguments");
    a.id = argv[0];
    a.recipient = argv[2];
    logline_field(&r->log, LOG_TO, a.recipient);
    logline_field(&r->log, LOG_ID, a.id);
    if (decision_decode(r->pool, argv[1], &a.decided, why) < 0)
        return -1;
    blob_init(&a.message);
    int rc = read_message(&a);
    if (rc > 0)
        rc = refuse(&a, "it is too large");
    else if (rc == 0)
        rc = answer(&a);
    blob_free(&a.message);
    return rc;
}
