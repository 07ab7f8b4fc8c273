/* warning: see warning.h. */
#include "warning.h"

#include "buffer.h"
#include "decide.h"
#include "failure.h"
#include "interface.h"
#include "open.h"
#include "pool.h"
#include "template.h"
#include "words.h"

#include <strings.h>

static const char *value_of(struct pool *pool, const struct header *header,
                            const char *name)
{
    size_t at = 0;
    const struct header_field *field = header_next(header, name, &at);
    return field ? words_shown(pool, field) : "";
}

/* The address first: a long name must not hide it. */
static const char *from_of(struct pool *pool, const struct opened *opened)
{
    const struct address *from = &opened->from;
    const char *shown = value_of(pool, &opened->header, "From");
    if (!from->domain || !shown)
        return shown;
    const char *address = pool_format(pool, "%s@%s", from->local,
                                      from->domain);
    return !address || strcasecmp(address, shown) == 0
               ? address
               : pool_format(pool, "%s (%s)", address, shown);
}

static int fill(struct pool *pool, const struct policy *policy,
                const struct outcome_rule *rule, const struct opened *opened,
                struct buffer *out, struct failure *why)
{
    const struct template_value values[] = {
        {"code", rule->code, 0},
        {"text", rule->text, 0},
        {"status", rule->status, 0},
        {"signer", opened->signer, 0},
        {"from", from_of(pool, opened), 0},
        {"date", value_of(pool, &opened->header, "Date"), 0},
        {"subject", value_of(pool, &opened->header, "Subject"), 0},
    };
    const char *name = rule->receiving == WARNING_HARD ? "warning-hard"
                                                       : "warning-soft";
    const char *text;
    if (template_read(pool, policy->folder, name, &text, why) < 0)
        return -1;
    return template_fill(text, TEMPLATE_TEXT, values,
                         sizeof values / sizeof values[0], out, why);
}

int warning_make(struct pool *pool, const struct policy *policy,
                 const struct decided *decided, const struct opened *opened,
                 struct warning *warning_r, struct failure *why)
{
    const struct outcome_rule *rule = policy_outcome(policy, decided->verdict);
    struct buffer text = {0};
    *warning_r = (struct warning){.hardness = WARNING_NONE};
    if (!rule)
        return failure(why, FAILURE_POLICY, "outcomes: no row for \"%s\"",
                       decided->verdict);
    warning_r->hardness = rule->receiving;
    if (rule->receiving == WARNING_NONE)
        return 0;
    int hard = rule->receiving == WARNING_HARD;
    int rc = fill(pool, policy, rule, opened, &text, why);
    if (rc == 0) {
        warning_r->text = pool_string(pool, buffer_string(&text));
        warning_r->field = pool_format(pool, HEADER_WARNING ": %s %s\n",
                                       rule->code, hard ? "hard" : "soft");
        warning_r->tag = hard ? policy->settings.warning_subject : NULL;
        if (!warning_r->text || !warning_r->field)
            rc = failure_memory(why);
    }
    buffer_free(&text);
    return rc;
}
