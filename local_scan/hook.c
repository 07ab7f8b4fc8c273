/*
 * hook: Exim's local_scan(). Exim's facts go in, a decision comes out; all
 * thought is in transport/receive.c. Runs in Exim's process: it neither
 * exits nor starts NSS here, and never closes or seeks Exim's file.
 *
 * $local_scan_data has the decision for routers and filters (decide.h); a
 * failure is a temporary rejection, so that nothing passes undecided.
 */
#define LOCAL_SCAN
#include <local_scan.h>

#include "blob.h"
#include "failure.h"
#include "interface.h"
#include "logline.h"
#include "pool.h"
#include "receive.h"
#include "run.h"
#include "tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define VERIFY_OUTPUT_MOST 16384

/* Asked for by the patch that loads the hook from a file. */
int local_scan_version_major(void);
int local_scan_version_minor(void);

__attribute__((visibility("default"))) int local_scan_version_major(void)
{
    return LOCAL_SCAN_ABI_VERSION_MAJOR;
}

__attribute__((visibility("default"))) int local_scan_version_minor(void)
{
    return LOCAL_SCAN_ABI_VERSION_MINOR;
}

/*
 * The folder that holds policies/, and that of the programs. A hook that is
 * compiled in has them as options of Exim's section `local_scan'; both
 * otherwise come from the environment, which Exim sets (add_environment).
 */
static uschar *option_bin, *option_home;

#ifdef LOCAL_SCAN_HAS_OPTIONS
optionlist local_scan_options[] = {
    {"seemail_bin", opt_stringptr, {.value = &option_bin}},
    {"seemail_home", opt_stringptr, {.value = &option_home}},
};
int local_scan_options_count =
    sizeof local_scan_options / sizeof local_scan_options[0];
#endif

static const char *place(const uschar *option, const char *variable)
{
    return option ? (const char *)option : getenv(variable);
}

struct hook {
    struct pool *pool;
    struct policy *policy;
    struct blob message;
    struct reception reception;
    struct received received;
    struct logline log;
    struct buffer verified; /* what the filter answered */
    const char *signer;
    int fd;
    int told; /* the filter has recorded itself why it failed */
};

static const char *text_of(const uschar *text)
{
    return text ? (const char *)text : "";
}

static enum direction find_direction(const struct policy *policy)
{
    const char *host = text_of(sender_host_address);
    if (!*host)
        return *text_of(sender_address) ? DIRECTION_INSIDE : DIRECTION_OWN;
    if (sender_host_authenticated ||
        policy_inside(policy, host, interface_port))
        return DIRECTION_INSIDE;
    return DIRECTION_OUTSIDE;
}

/* Mail that this hub has opened comes again to be scanned (scan-port). */
static int comes_again(const struct hook *hook)
{
    return hook->policy->settings.scan_port &&
           interface_port == hook->policy->settings.scan_port &&
           hook->reception.direction == DIRECTION_INSIDE;
}

/* Whatever somebody else wrote in our name goes first of all. */
static void remove_forged(void)
{
    size_t prefix = strlen(HEADER_PREFIX);
    for (header_line *h = header_list; h; h = h->next)
        if (strncasecmp((const char *)h->text, HEADER_PREFIX, prefix) == 0)
            h->type = '*';
}

static int read_message(struct hook *hook, struct failure *why)
{
    for (header_line *h = header_list; h; h = h->next)
        if (h->type != '*' &&
            blob_write(&hook->message, h->text, (size_t)h->slen, why) < 0)
            return -1;
    if (blob_write(&hook->message, "\n", 1, why) < 0)
        return -1;
    return blob_attach(&hook->message, hook->fd, SPOOL_DATA_START_OFFSET, why);
}

/* Exim keeps the short form too, so that all who come later see the same
 * address; it fits in the place of the long one. NULL = memory. */
static const char *read_recipient(struct pool *pool, uschar *address)
{
    const char *given = text_of(address);
    const char *text = receive_address(pool, given);
    if (text && text != given)
        snprintf((char *)address, strlen(given) + 1, "%s", text);
    return text;
}

static int read_envelope(struct hook *hook, struct failure *why)
{
    size_t count = (size_t)recipients_count;
    const char **recipients = pool_array(hook->pool, count + 1,
                                         sizeof *recipients);
    if (!recipients)
        return failure_memory(why);
    for (size_t i = 0; i < count; i++)
        if (!(recipients[i] = read_recipient(hook->pool,
                                             recipients_list[i].address)))
            return failure_memory(why);
    hook->reception.sender = text_of(sender_address);
    hook->reception.local = *text_of(sender_host_address) == '\0';
    hook->reception.host = text_of(sender_host_address);
    hook->reception.recipients = recipients;
    hook->reception.recipient_count = count;
    hook->reception.message = &hook->message;
    return 0;
}

/* The value of a line key=value of the answer, or "". */
static const char *answer(struct hook *hook, const char *key)
{
    size_t length = strlen(key);
    const char *at = buffer_string(&hook->verified);
    for (; at && *at; at = strchr(at, '\n'), at = at ? at + 1 : NULL)
        if (strncmp(at, key, length) == 0 && at[length] == '=') {
            at += length + 1;
            return pool_substring(hook->pool, at, strcspn(at, "\n"));
        }
    return "";
}

/* Keys are not for Exim's process: a child looks into the message. */
static int verify(struct hook *hook, struct failure *why)
{
    const char *program =
        pool_format(hook->pool, "%s/seemail-filter", getenv(ENV_BIN));
    const char *offset = pool_format(hook->pool, "%d",
                                     (int)SPOOL_DATA_START_OFFSET);
    const char *argv[] = {program, "verify", text_of(message_id), offset,
                          NULL};
    struct run run = {.argv = argv, .pass_fd = hook->fd,
                      .input = hook->message.data,
                      .input_length = hook->message.memory,
                      .seconds =
                          (unsigned)hook->policy->settings.verify_timeout,
                      .output_most = VERIFY_OUTPUT_MOST};
    int status;
    if (!program || !offset)
        return failure_memory(why);
    if (run_program(&run, &hook->verified, &status, why) < 0)
        return -1;
    hook->told = status != 0;
    if (status != 0)
        return failure(why, FAILURE_CHILD, "seemail-filter verify: status %d "
                                           "(see its log)", status);
    hook->reception.verdict = answer(hook, "verdict");
    hook->reception.closed = strcmp(answer(hook, "closed"), "1") == 0;
    hook->signer = answer(hook, "signer");
    hook->reception.personal = *hook->signer == '\0';
    if (verdict_find(hook->reception.verdict) < 0)
        return failure(why, FAILURE_CHILD, "seemail-filter verify: no verdict");
    return 0;
}

static int decide_mail(struct hook *hook, struct failure *why)
{
    const char *home = place(option_home, ENV_HOME);
    const char *bin = place(option_bin, ENV_BIN);
    char folder[4096];
    if (!home || !bin)
        return failure(why, FAILURE_POLICY, "%s is not set: see "
                       "add_environment", home ? ENV_BIN : ENV_HOME);
    /* For our programs, which have no options of Exim's. */
    setenv(ENV_HOME, home, 1);
    setenv(ENV_BIN, bin, 1);
    snprintf(folder, sizeof folder, "%s/policies", home);
    if (policy_load(folder, &hook->policy, NULL, why) < 0)
        return -1;
    hook->reception.direction = find_direction(hook->policy);
    if (!comes_again(hook))
        remove_forged();
    if (read_message(hook, why) < 0 || read_envelope(hook, why) < 0)
        return -1;
    int rc = receive_secured(hook->pool, hook->policy, &hook->reception, why);
    if (rc > 0)
        rc = verify(hook, why);
    if (rc == 0)
        rc = receive(hook->pool, hook->policy, &hook->reception,
                     &hook->received, why);
    return rc;
}

/* Exim's own md5, which routers compute too, of the local part without its
 * quotes. Exim expands the address, so it must hold nothing that Exim would
 * act on. */
static int make_key(const char *address, char *key_r, size_t size)
{
    char text[400];
    const char *end = strrchr(address, '@');
    int quoted = *address == '"' && end && end > address + 2;
    if (!end || strpbrk(address, "$\\{}") ||
        strlen(address) > sizeof text - 20)
        return -1;
    snprintf(text, sizeof text, "${md5:%.*s%s}",
             (int)(end - address) - 2 * quoted, address + quoted, end);
    const char *key = (const char *)expand_string((uschar *)text);
    if (!key)
        return -1;
    snprintf(key_r, size, "%s", key);
    return 0;
}

static void log_decision(struct hook *hook)
{
    const struct decision *decision = &hook->received.decision;
    size_t counts[CLASSES] = {0};
    logline_field(&hook->log, LOG_DIRECTION,
                  direction_word(decision->direction));
    logline_field(&hook->log, LOG_AGAIN, comes_again(hook) ? "yes" : NULL);
    logline_field(&hook->log, LOG_MARKING, decision->marking);
    logline_field(&hook->log, LOG_VERDICT, decision->verdict);
    logline_field(&hook->log, LOG_SIGNER, hook->signer);
    logline_field(&hook->log, LOG_UNSCANNABLE,
                  hook->received.scan.unscannable);
    for (size_t i = 0; i < decision->count; i++)
        counts[decision->outcomes[i].class]++;
    for (int class = 0; class < CLASSES; class++)
        if (counts[class])
            logline_number(&hook->log, class_word(class),
                           (long long)counts[class]);
    if (hook->reception.verdict && *answer(hook, "reason"))
        logline_field(&hook->log, LOG_VERDICT_REASON, answer(hook, "reason"));
    if (decision->refused) {
        logline_field(&hook->log, LOG_REFUSED, decision->refused->recipient);
        logline_field(&hook->log, LOG_REASON, decision->refused->reason);
        logline_field(&hook->log, LOG_RULE, decision->refused->rule);
    }
}

/* Is nobody left who may get it? */
static int all_refused(const struct decision *decision)
{
    for (size_t i = 0; i < decision->count; i++)
        if (decision->outcomes[i].class != CLASS_REFUSE)
            return 0;
    return decision->count > 0;
}

static int conclude(struct hook *hook, uschar **return_text,
                    struct failure *why)
{
    /* Exim reads it after this call; one message at a time. */
    static char text[DECISION_BYTES_MOST + 1000];
    const struct decision *decision = &hook->received.decision;
    struct buffer encoded = {0};
    if (all_refused(decision)) {
        snprintf(text, sizeof text, REPLY_REFUSED, decision->refused->recipient,
                 decision->refused->reason);
        *return_text = (uschar *)text;
        return LOCAL_SCAN_REJECT;
    }
    int rc = decision_encode(decision, make_key, &encoded, why);
    if (rc == 0)
        snprintf(text, sizeof text, "%s", buffer_string(&encoded));
    buffer_free(&encoded);
    if (rc < 0)
        return -1;
    if (rc > 0) { /* no later attempt would fare better */
        logline_field(&hook->log, LOG_REASON, REPLY_TOO_MANY);
        *return_text = (uschar *)(size_t)REPLY_TOO_MANY;
        return LOCAL_SCAN_REJECT;
    }
    if (decision->verdict && *decision->verdict &&
        strcmp(decision->verdict, verdict_word(VERDICT_NONE)) != 0)
        header_add(' ', "%s: %s%s%s\n", HEADER_VERIFIED, decision->verdict,
                   hook->signer && *hook->signer ? " " : "",
                   hook->signer ? hook->signer : "");
    *return_text = (uschar *)text;
    return LOCAL_SCAN_ACCEPT;
}

/* What somebody may want to know of a mail that was decided on. */
static void tell_decision(struct hook *hook)
{
    const struct decision *decision = &hook->received.decision;
    const char *reason = hook->reception.verdict ? answer(hook, "reason") : "";
    struct event event = {.id = text_of(message_id), .reason = reason,
                          .about = hook->received.from_domain,
                          .quiet = decision->quiet};
    int verdict = verdict_find(decision->verdict);
    if (!*reason)
        event.reason = decision->verdict;
    if (verdict >= 0)
        tell_verdict(hook->policy, (enum verdict)verdict, &event);
    for (size_t i = 0; i < decision->count; i++) {
        const struct outcome *outcome = &decision->outcomes[i];
        if (outcome->class != CLASS_HOLD)
            continue;
        event.kind = EVENT_HELD;
        event.about = decision->domains[outcome->domain].name;
        event.reason = outcome->reason;
        event.sender = decision->told;
        event_record(hook->policy, &event);
        return; /* one is enough to make somebody look */
    }
}

static void tell_trouble(struct hook *hook, const struct failure *why)
{
    struct event event = {.id = text_of(message_id)};
    if (hook->policy && !hook->told)
        tell_failure(hook->policy, why, &event);
}

/* In Exim's log, and where the policy wants it. */
static void write_log(struct hook *hook)
{
    const struct settings none = {0};
    const struct settings *settings =
        hook->policy ? &hook->policy->settings : &none;
    log_write(0, LOG_MAIN, "seemail %s", buffer_string(&hook->log.text));
    logline_field(&hook->log, LOG_ID, text_of(message_id));
    logline_field(&hook->log, LOG_SENDER, text_of(sender_address));
    logline_field(&hook->log, LOG_HOST, text_of(sender_host_address));
    logline_write(&hook->log, settings->log,
                  (enum log_format)settings->log_format);
}

static void let_go(struct hook *hook)
{
    blob_free(&hook->message);
    logline_free(&hook->log);
    buffer_free(&hook->verified);
    policy_free(&hook->policy);
    pool_free(&hook->pool);
}

/* No decision: nobody uses half of one. */
static int fail(struct hook *hook, const struct failure *why,
                uschar **return_text)
{
    static char reply[600];
    const struct failure_answer *answered = failure_answer(why->kind);
    logline_free(&hook->log);
    *return_text = (uschar *)reply;
    if (answered->smtp >= 500) {
        logline_field(&hook->log, LOG_DIRECTION,
                      direction_word(hook->reception.direction));
        logline_field(&hook->log, LOG_REASON, why->text);
        snprintf(reply, sizeof reply, REPLY_LIMIT, why->text);
        return LOCAL_SCAN_REJECT;
    }
    tell_trouble(hook, why);
    logline_failure(&hook->log, why);
    snprintf(reply, sizeof reply, REPLY_TRY_LATER, answered->word);
    return LOCAL_SCAN_TEMPREJECT;
}

int local_scan(int fd, uschar **return_text)
{
    struct hook hook = {.pool = pool_new(), .fd = fd};
    struct failure why = {0};
    int result = -1;
    blob_init_prefix(&hook.message);
    if (!hook.pool)
        failure_memory(&why);
    else if (decide_mail(&hook, &why) == 0) {
        log_decision(&hook);
        result = conclude(&hook, return_text, &why);
        if (result == LOCAL_SCAN_ACCEPT)
            tell_decision(&hook);
    }
    if (result < 0)
        result = fail(&hook, &why, return_text);
    write_log(&hook);
    let_go(&hook);
    return result;
}
