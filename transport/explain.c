/* explain: see explain.h. */
#include "explain.h"

#include "blob.h"
#include "buffer.h"
#include "failure.h"
#include "filter.h"
#include "head.h"
#include "interface.h"
#include "pool.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* The message, without the headers that the hook would take out. */
static int clean(struct pool *pool, const struct policy *policy,
                 const struct blob *raw, struct blob *message,
                 struct failure *why)
{
    struct blob_source in;
    struct head head;
    size_t prefix = strlen(HEADER_PREFIX);
    blob_source_init(&in, raw, 0, raw->length);
    int rc = head_read(pool, &in.source,
                       (size_t)policy->settings.header_limit, &head, why);
    for (size_t i = 0; rc == 0 && i < head.header.count; i++) {
        const struct header_field *field = &head.header.fields[i];
        if (strncasecmp(field->text, HEADER_PREFIX, prefix) != 0)
            rc = blob_write(message, field->text, field->length, why);
    }
    if (rc == 0)
        rc = blob_write(message, "\n", 1, why);
    if (rc == 0)
        rc = stream_copy(&head.source, &message->sink, why);
    head_free(&head);
    return rc;
}

static int read_file(const char *path, struct blob *raw, struct failure *why)
{
    char data[32768];
    size_t got;
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    int rc = 0;
    if (!file)
        return failure_errno(why, FAILURE_USAGE, errno, "%s", path);
    while (rc == 0 && (got = fread(data, 1, sizeof data, file)) > 0)
        rc = blob_write(raw, data, got, why);
    if (rc == 0 && ferror(file))
        rc = failure_errno(why, FAILURE_DISK, errno, "%s", path);
    if (file != stdin)
        fclose(file);
    return rc;
}

static int verify(struct gateway *gateway, struct pool *pool,
                  struct reception *reception, FILE *out, struct failure *why)
{
    struct filter_report report;
    int rc = receive_secured(pool, gateway->policy, reception, why);
    if (rc <= 0)
        return rc;
    if (filter_verify(gateway, pool, reception->message, &report, why) < 0)
        return -1;
    reception->verdict = verdict_word(report.verdict);
    reception->closed = report.closed;
    reception->personal = *report.signer == '\0';
    if (*report.signer)
        fprintf(out, "signer:      %s\n", report.signer);
    if (*report.reason)
        fprintf(out, "reason:      %s\n", report.reason);
    return 0;
}

/* What the recipient is told. */
static void print_outcome(const struct policy *policy, const char *verdict,
                          FILE *out)
{
    static const char *const words[] = {
        [WARNING_HARD] = "hard warning", [WARNING_SOFT] = "soft warning",
        [WARNING_NONE] = "no warning"};
    const struct outcome_rule *rule = policy_outcome(policy, verdict);
    if (rule)
        fprintf(out, "outcome:     %s%s%s%s%s (%s:%u)\n",
                words[rule->receiving], rule->code ? " " : "",
                rule->code ? rule->code : "", rule->text ? ": " : "",
                rule->text ? rule->text : "", rule->rule.file,
                rule->rule.line);
}

static void print(const struct policy *policy,
                  const struct received *received, FILE *out)
{
    const struct decision *decision = &received->decision;
    fprintf(out, "direction:   %s\n", direction_word(decision->direction));
    fprintf(out, "marking:     %s\n",
            *decision->marking ? decision->marking : "none");
    if (received->scan.unscannable)
        fprintf(out, "unscannable: %s\n", received->scan.unscannable);
    if (*decision->verdict)
        fprintf(out, "verdict:     %s\n", decision->verdict);
    if (*decision->verdict)
        print_outcome(policy, decision->verdict, out);
    if (*decision->from)
        fprintf(out, "signs:       %s\n", decision->from);
    for (size_t i = 0; i < decision->count; i++) {
        const struct outcome *outcome = &decision->outcomes[i];
        fprintf(out, "%s: %s: %s (%s)\n", outcome->recipient,
                class_word(outcome->class), outcome->reason, outcome->rule);
    }
}

static int run(struct gateway *gateway, struct pool *pool,
               const struct explanation *explanation, struct blob *raw,
               struct blob *message, FILE *out, struct failure *why)
{
    struct received received;
    struct reception reception = {
        .direction = explanation->direction, .sender = explanation->sender,
        .host = explanation->host,
        .recipients = explanation->recipients,
        .recipient_count = explanation->recipient_count, .message = message};
    if (policy_load(explanation->folder, &gateway->policy, NULL, why) < 0 ||
        read_file(explanation->message, raw, why) < 0 ||
        clean(pool, gateway->policy, raw, message, why) < 0 ||
        verify(gateway, pool, &reception, out, why) < 0 ||
        receive(pool, gateway->policy, &reception, &received, why) < 0)
        return -1;
    print(gateway->policy, &received, out);
    return 0;
}

int explain(struct pool *pool, const struct explanation *explanation,
            FILE *out, struct failure *why)
{
    struct gateway gateway = {.now = time(NULL)};
    struct blob raw, message;
    blob_init(&raw);
    blob_init(&message);
    int rc = run(&gateway, pool, explanation, &raw, &message, out, why);
    blob_free(&raw);
    blob_free(&message);
    gateway_close(&gateway);
    return rc;
}
