/* seemail-queue retry, release and bounce. */
#include "approval.h"
#include "decide.h"
#include "failure.h"
#include "interface.h"
#include "logline.h"
#include "policy.h"
#include "pool.h"
#include "queue.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define IDS_AT_ONCE 100 /* on one command line of Exim's */

struct action {
    const char *what; /* Exim's option */
    const char *word; /* for the log */
    int in_clear;
    struct policy *policy; /* NULL = not known, and not needed */
    const char *by;
    struct spool_id ids[IDS_AT_ONCE];
    size_t count, done;
};

/* Who is at the keyboard, behind sudo or the like. */
static const char *who(void)
{
    const char *sudo = getenv("SUDO_USER");
    const struct passwd *user = getpwuid(getuid());
    return sudo && *sudo ? sudo : user ? user->pw_name : "?";
}

static int flush(struct queue *queue, struct action *action)
{
    const char *ids[IDS_AT_ONCE];
    struct failure why = {0};
    size_t count = action->count;
    action->count = 0;
    for (size_t i = 0; i < count; i++)
        ids[i] = action->ids[i].text;
    if (count && exim_act(&queue->exim, queue->pool, action->what, ids, count,
                          &why) < 0)
        return queue_complain(&why);
    action->done += count;
    return EX_OK;
}

static void log_action(const struct queue_item *item,
                       const struct action *action)
{
    struct logline line = {0};
    const struct settings none = {0};
    const struct settings *settings =
        action->policy ? &action->policy->settings : &none;
    logline_field(&line, LOG_QUEUE, action->word);
    logline_field(&line, LOG_CLEAR, action->in_clear ? "yes" : NULL);
    logline_field(&line, LOG_BY, action->by);
    logline_field(&line, LOG_SENDER, item->message.sender);
    if (item->message.count)
        logline_field(&line, LOG_TO, item->message.recipients[0]);
    logline_number(&line, LOG_RECIPIENTS, (long long)item->message.count);
    logline_field(&line, LOG_ID, item->id->text);
    logline_write(&line, settings->log,
                  (enum log_format)settings->log_format);
    logline_free(&line);
}

static int add(struct queue *queue, const struct queue_item *item,
               void *context)
{
    struct action *action = context;
    action->ids[action->count++] = *item->id;
    log_action(item, action);
    return action->count == IDS_AT_ONCE ? flush(queue, action) : EX_OK;
}

static int act(struct queue *queue, struct action *action,
               int (*visit)(struct queue *, const struct queue_item *, void *))
{
    /* Without a policy that can be read, syslog has the line. */
    if (!action->policy && queue->policies)
        policy_load(queue->policies, &action->policy, NULL, NULL);
    action->by = who();
    int status = queue_each(queue, visit, action);
    int flushed = flush(queue, action);
    printf("%s: %zu message%s\n", action->word, action->done,
           action->done == 1 ? "" : "s");
    policy_free(&action->policy);
    return flushed > status ? flushed : status;
}

int queue_retry(struct queue *queue)
{
    struct action action = {.what = "-M", .word = "retry"};
    return act(queue, &action, add);
}

int queue_bounce(struct queue *queue)
{
    struct action action = {.what = "-Mg", .word = "bounce"};
    return act(queue, &action, add);
}

/* What was repaired can be tried again, and frozen mail goes on. What waits
 * for an administrator's word does not go by itself. */
static int release(struct queue *queue, const struct queue_item *item,
                   void *context)
{
    for (size_t i = 0; i < item->message.count; i++)
        if (strcmp(held_class(item->pool, &item->message,
                              item->message.recipients[i]),
                   class_word(CLASS_HOLD)) == 0) {
            fprintf(stderr, "seemail-queue: %s: is on no list of secure mail: "
                            "%s: release --in-clear, or bounce\n",
                    item->id->text,
                    held_plain(item->pool, item->message.recipients[i]));
            return QUEUE_SOME;
        }
    return add(queue, item, context);
}

/* The word is written down first; the hub looks at it when it delivers, with
 * what the hook decided and the policy of that time. */
static int release_in_clear(struct queue *queue, const struct queue_item *item,
                            void *context)
{
    struct action *action = context;
    struct failure why = {0};
    const char *clear = held_decided(item->pool, &item->message, "clear");
    if (strcmp(clear, DECISION_MAY_CLEAR) != 0) {
        fprintf(stderr, "seemail-queue: %s: is marked, or counts as marked: "
                        "never goes in clear\n", item->id->text);
        return QUEUE_SOME;
    }
    if (approval_write(item->pool, action->policy->settings.state,
                       item->id->text, action->by, item->message.recipients,
                       item->message.count, &why) < 0)
        return queue_complain(&why);
    return add(queue, item, context);
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
    struct action action = {.what = "-M", .word = "release",
                            .in_clear = queue->in_clear};
    struct failure why = {0};
    if (!queue->in_clear)
        return act(queue, &action, release);
    if (!queue->policies) {
        fprintf(stderr, "seemail-queue: which policies? Set " ENV_HOME
                        ", or give --policies DIR\n");
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
