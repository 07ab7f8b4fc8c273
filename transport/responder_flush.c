/* responder_flush: counts events, and sends the notices that are due. */
#include "responder.h"

#include "buffer.h"
#include "digest.h"
#include "event_journal.h"
#include "failure.h"
#include "interface.h"
#include "mail.h"
#include "policy.h"
#include "pool.h"
#include "state.h"

#include <string.h>
#include <unistd.h>

#define ROUNDS_MOST 20
#define AGAIN_SECONDS 60   /* when a mail could not be handed over */
#define STALE_SECONDS (7 * 86400) /* after that it is not tried again */
#define ALARM_SECONDS 3600 /* one mail about a broken state an hour */
#define ALARMED (~0U)      /* muted, since we have told of the state */

struct flushing {
    struct responder *r;
    const char *folder; /* of the state */
    long long now, due;
    int all; /* is due */
    unsigned muted;
    long long sent; /* mails */
    const char *name, *to, *text; /* of the mail that is sent now */
    struct failure *why;
};

/* The state is not open while another program runs, so that it is nowhere
 * open twice. */
static int with_state(struct flushing *f,
                      int (*act)(struct flushing *f, struct state *state))
{
    struct state *state;
    if (state_open(f->folder, STATE_WRITE, &state, f->why) < 0)
        return -1;
    int rc = act(f, state);
    state_close(&state);
    return rc;
}

static int count_and_make(struct flushing *f, struct state *state)
{
    const struct policy *policy = f->r->gateway.policy;
    if (event_count_journal(state, policy, f->now, f->why) < 0)
        return -1;
    return digest_make(state, policy, f->now, f->all, &f->due, &f->muted, f->why);
}

static int next_mail(struct flushing *f, struct state *state)
{
    if (state_begin(state, STATE_READ, f->why) < 0)
        return -1;
    return state_end(state,
                     event_mail_next(state, f->r->pool, f->name, &f->name,
                                     &f->to, &f->text, f->why), f->why);
}

static int drop_mail(struct flushing *f, struct state *state)
{
    if (state_begin(state, STATE_WRITE, f->why) < 0)
        return -1;
    return state_end(state, event_mail_drop(state, f->name, f->why),
                     f->why);
}

static int hand_over(struct flushing *f, const char *to, const char *text)
{
    struct buffer mail = {0};
    if (buffer_text(&mail, text) < 0)
        return failure_memory(f->why);
    int rc = mail_send(f->r->gateway.policy, NULL, to, &mail, f->why);
    buffer_free(&mail);
    if (rc == 0)
        f->sent++;
    return rc;
}

static int is_stale(const struct flushing *f)
{
    return event_mail_made(f->name) < f->now - STALE_SECONDS;
}

/* The mail is thrown away: its id is all that is left of it. */
static void log_dropped(struct flushing *f)
{
    struct logline line = {0};
    const struct settings *settings = &f->r->gateway.policy->settings;
    logline_field(&line, "responder", "drop");
    logline_field(&line, LOG_TO, f->to);
    logline_field(&line, LOG_ID, f->name);
    logline_failure(&line, f->why);
    logline_write(&line, settings->log,
                  (enum log_format)settings->log_format);
    logline_free(&line);
}

/* Killed between the two, we send it again, with the same Message-ID. One
 * that is not taken does not keep the others back. */
static int send_mails(struct flushing *f)
{
    int rc, failed = 0;
    f->name = "";
    while ((rc = with_state(f, next_mail)) > 0) {
        if (hand_over(f, f->to, f->text) < 0) {
            failed = 1;
            if (!is_stale(f))
                continue;
            log_dropped(f);
        }
        if (with_state(f, drop_mail) < 0)
            return -1;
    }
    return rc < 0 || failed ? -1 : 0;
}

/* Without a state there are no counters: then this is all one gets to know,
 * and once an hour. That is written down first: where it cannot be, no mail
 * is sent, since the next one would be too. */
static int alarm_administrator(struct flushing *f)
{
    const struct policy *policy = f->r->gateway.policy;
    struct failure state_why = *f->why;
    struct event_pending event = {
        .to = "", .kind = EVENT_STATE_FAILED, .about = f->folder, .count = 1,
        .first = f->now, .last = f->now, .id = "", .reason = state_why.text};
    const struct event_pending *events[] = {&event};
    struct buffer mail = {0};
    char id[MAIL_ID];
    long long due;
    unsigned muted;
    journal_due(f->folder, &due, &muted);
    if ((muted == ALARMED && f->now < due && due - f->now <= ALARM_SECONDS) ||
        policy->events[EVENT_STATE_FAILED].how < NOTIFY_DIGEST)
        return -1;
    int rc = mail_id(policy->settings.postmaster, id, f->why);
    if (rc == 0)
        rc = digest_write(policy, policy->settings.administrator, id, events,
                          1, &mail, f->why);
    if (rc == 0)
        rc = journal_set_due(f->folder, f->now + ALARM_SECONDS, ALARMED,
                             f->why);
    if (rc == 0 &&
        hand_over(f, policy->settings.administrator, buffer_string(&mail)) < 0)
        journal_set_due(f->folder, f->now, 0, NULL);
    buffer_free(&mail);
    *f->why = state_why;
    return -1;
}

static int one_round(struct flushing *f)
{
    if (with_state(f, count_and_make) < 0)
        return f->why->kind == FAILURE_STATE ? alarm_administrator(f) : -1;
    int rc = send_mails(f);
    if (rc < 0 && (!f->due || f->due > f->now + AGAIN_SECONDS))
        f->due = f->now + AGAIN_SECONDS;
    if (journal_set_due(f->folder, f->due, f->muted, rc < 0 ? NULL : f->why) < 0)
        return -1;
    return rc;
}

/* Somebody who records while we have the lock leaves his event to us, so we
 * look once more when we have let it go. One that runs does not know that all
 * is to be told: then we wait for its end. */
int responder_flush(struct responder *r, int argc, char **argv,
                    struct failure *why)
{
    struct flushing f = {.r = r, .why = why,
                         .folder = r->gateway.policy->settings.state};
    int rc = 0, lock;
    f.all = argc == 1 && strcmp(argv[0], "--all") == 0;
    if (argc != f.all)
        return failure(why, FAILURE_USAGE, "usage: flush [--all]");
    responder_own(r);
    for (int i = 0; rc >= 0 && i < ROUNDS_MOST; i++) {
        if ((rc = journal_lock(f.folder, f.all, &lock, why)) <= 0)
            break;
        f.now = time(NULL);
        f.muted = 0;
        rc = one_round(&f);
        close(lock);
        if (rc >= 0 && !journal_waits(f.folder))
            break;
    }
    if (f.sent)
        logline_number(&r->log, "mails", f.sent);
    return rc < 0 ? -1 : f.sent > 0;
}
