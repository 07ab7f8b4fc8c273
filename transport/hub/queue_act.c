/* seemail-queue retry, release and bounce. */
#include "approval.h"
#include "decide.h"
#include "event.h"
#include "failure.h"
#include "interface.h"
#include "logline.h"
#include "policy.h"
#include "pool.h"
#include "queue.h"

#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define BUSY_WAIT 100  /* milliseconds */
#define BUSY_TRIES 50 /* until we do not wait for another delivery any more */

struct action {
    const char *what; /* Exim's option */
    const char *word; /* for the log */
    int ends;         /* the message is gone then */
    struct policy *policy; /* NULL = not known, and not needed */
    const char *by;
    size_t done;
};

/* Who is at the keyboard, behind sudo or the like. */
static const char *who(void)
{
    const char *sudo = getenv("SUDO_USER");
    const struct passwd *user = getpwuid(getuid());
    return sudo && *sudo ? sudo : user ? user->pw_name : "?";
}

/* In clear = for this recipient alone. */
static void log_action(const struct queue_item *item,
                       const struct action *action, const char *in_clear)
{
    struct logline line = {0};
    const struct settings none = {0};
    const struct spool_message *message = &item->message;
    const struct settings *settings =
        action->policy ? &action->policy->settings : &none;
    logline_field(&line, LOG_QUEUE, action->word);
    logline_field(&line, LOG_CLEAR, in_clear ? "yes" : NULL);
    logline_field(&line, LOG_BY, action->by);
    logline_field(&line, LOG_SENDER, message->sender);
    if (in_clear)
        logline_field(&line, LOG_TO, in_clear);
    else if (message->count)
        logline_field(&line, LOG_TO, message->recipients[0].address);
    logline_number(&line, LOG_RECIPIENTS,
                   in_clear ? 1 : (long long)message->count);
    logline_field(&line, LOG_ID, item->id->text);
    logline_write(&line, settings->log,
                  (enum log_format)settings->log_format);
    logline_free(&line);
}

static int not_done(const struct queue_item *item, const char *text)
{
    fprintf(stderr, "seemail-queue: %s: %s\n", item->id->text, text);
    return QUEUE_SOME;
}

/* Exim does not say that it could not: another process may have the message,
 * or have delivered it since we looked. */
static int tell_exim(const struct queue *queue, const struct queue_item *item,
                     struct action *action)
{
    struct failure why = {0};
    int idle = 0, told = 0;
    for (int i = 0; i < BUSY_TRIES && idle >= 0; i++) {
        if (i)
            poll(NULL, 0, BUSY_WAIT);
        idle = spool_idle(item->spool, item->id);
        if (idle <= 0)
            continue;
        if (exim_act(&queue->exim, action->what, item->id->text, &why) < 0)
            return queue_complain(&why);
        told = 1;
        if (!action->ends)
            break;
        idle = spool_idle(item->spool, item->id);
    }
    if (!told && idle < 0)
        return not_done(item, "is gone: it was delivered meanwhile");
    if (idle == 0)
        return not_done(item, "not tried: another process delivers it just "
                              "now; try again");
    if (idle > 0 && action->ends)
        return not_done(item, "Exim does not give it up: its log tells why");
    action->done++;
    return EX_OK;
}

static int tell_and_log(struct queue *queue, const struct queue_item *item,
                        void *context)
{
    int status = tell_exim(queue, item, context);
    if (status == EX_OK)
        log_action(item, context, NULL);
    return status;
}

static int act(struct queue *queue, struct action *action,
               int (*visit)(struct queue *, const struct queue_item *, void *))
{
    /* Without a policy that can be read, syslog has the line. */
    if (!action->policy && queue->policies)
        policy_load(queue->policies, &action->policy, NULL, NULL);
    action->by = who();
    int status = queue_each(queue, visit, action);
    printf("%s: %zu message%s\n", action->word, action->done,
           action->done == 1 ? "" : "s");
    policy_free(&action->policy);
    return status;
}

int queue_retry(struct queue *queue)
{
    struct action action = {.what = "-M", .word = "retry"};
    return act(queue, &action, tell_and_log);
}

/* Exim gives up all recipients or none: nobody else's copy is ended with it. */
static int bounce(struct queue *queue, const struct queue_item *item,
                  void *context)
{
    const struct spool_message *message = &item->message;
    for (size_t i = 0; i < message->count; i++)
        if (!queue_wants(queue, message, &message->recipients[i])) {
            fprintf(stderr, "seemail-queue: %s: not given up: it waits for %s "
                            "too. To give it up for all: bounce %s\n",
                    item->id->text,
                    held_plain(item->pool, message->recipients[i].address),
                    item->id->text);
            return QUEUE_SOME;
        }
    return tell_and_log(queue, item, context);
}

int queue_bounce(struct queue *queue)
{
    struct action action = {.what = "-Mg", .word = "bounce", .ends = 1};
    return act(queue, &action, bounce);
}

/* What was repaired can be tried again, and frozen mail goes on. What waits
 * for an administrator's word does not go by itself. */
static int release(struct queue *queue, const struct queue_item *item,
                   void *context)
{
    const struct spool_message *message = &item->message;
    for (size_t i = 0; i < message->count; i++) {
        const char *address = message->recipients[i].address;
        if (!queue_wants(queue, message, &message->recipients[i]) ||
            strcmp(held_class(item->pool, message, address),
                   class_word(CLASS_HOLD)) != 0)
            continue;
        fprintf(stderr, "seemail-queue: %s: is on no list of secure mail: %s: "
                        "release --in-clear, or bounce\n", item->id->text,
                held_plain(item->pool, address));
        return QUEUE_SOME;
    }
    return tell_and_log(queue, item, context);
}

/* One event a message, with who and whom. */
static void tell_release(const struct queue_item *item,
                         const struct action *action,
                         const char *const *addresses, size_t count)
{
    const struct spool_message *message = &item->message;
    const char *at = strrchr(addresses[0], '@');
    const char *quiet = held_decided(item->pool, message, "quiet");
    const char *to = addresses[0];
    for (size_t i = 1; to && i < count; i++)
        to = pool_format(item->pool, "%s, %s", to, addresses[i]);
    struct event event = {
        .kind = EVENT_RELEASED, .about = at ? at + 1 : "",
        .reason = pool_format(item->pool, "%s let it go in clear to %s",
                              action->by, to ? to : "?"),
        .id = item->id->text,
        .sender = held_decided(item->pool, message, "told"),
        .quiet = strcmp(quiet, "1") == 0};
    event_record(action->policy, &event);
}

/* The word is given for those who were chosen, and for nobody else. */
static int approve(const struct queue *queue, const struct queue_item *item,
                   const struct action *action, struct failure *why)
{
    const struct spool_message *message = &item->message;
    size_t count = 0;
    const char **addresses = pool_array(item->pool, message->count + 1,
                                        sizeof *addresses);
    if (!addresses)
        return failure_memory(why);
    for (size_t i = 0; i < message->count; i++) {
        const struct spool_recipient *one = &message->recipients[i];
        if (queue_is_to(queue, one) && queue_wants(queue, message, one) &&
            held_may_release(item->pool, message, one->address))
            addresses[count++] = one->address;
    }
    if (count == 0)
        return 0;
    if (approval_write(item->pool, action->policy->settings.state,
                       item->id->text, action->by, addresses, count, why) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        log_action(item, action, addresses[i]);
    tell_release(item, action, addresses, count);
    return 1;
}

/* The word is written down first; the hub looks at it when it delivers, with
 * what the hook decided and the policy of that time. */
static int release_in_clear(struct queue *queue, const struct queue_item *item,
                            void *context)
{
    struct failure why = {0};
    const char *clear = held_decided(item->pool, &item->message, "clear");
    if (strcmp(clear, DECISION_MAY_CLEAR) != 0)
        return not_done(item, "is marked, or counts as marked: never goes in "
                              "clear");
    int rc = approve(queue, item, context, &why);
    if (rc < 0)
        return queue_complain(&why);
    return rc ? tell_exim(queue, item, context)
              : not_done(item, "has nobody among those who were chosen that "
                               "it is sealed or held for");
}

static int waits(void *context, const char *id)
{
    const struct spool *spool = context;
    for (size_t i = 0; i < spool->count; i++)
        if (strcmp(spool->ids[i].text, id) == 0)
            return 1;
    return 0;
}

/* Of messages that are gone nobody will ask. */
static void prune(struct queue *queue, const char *state)
{
    struct spool spool;
    if (spool_open(queue->spool_folder, &spool, NULL) < 0)
        return;
    approval_prune(queue->pool, state, waits, &spool);
    spool_close(&spool);
}

int queue_release(struct queue *queue)
{
    struct action action = {.what = "-M", .word = "release"};
    struct failure why = {0};
    if (!queue->in_clear)
        return act(queue, &action, release);
    if (!queue->policies) {
        fprintf(stderr, "seemail-queue: which policies? Run it as \"seemail "
                        "queue\", set " ENV_HOME ", or give --policies DIR\n");
        return EX_USAGE;
    }
    if (policy_load(queue->policies, &action.policy, NULL, &why) < 0)
        return queue_complain(&why);
    if (!action.policy->settings.release_in_clear) {
        fprintf(stderr, "seemail-queue: the policy forbids it (setting "
                        "release-in-clear)\n");
        policy_free(&action.policy);
        return EX_NOPERM;
    }
    prune(queue, action.policy->settings.state);
    return act(queue, &action, release_in_clear);
}
