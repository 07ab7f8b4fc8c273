/* seemail-policy: checks, shows and explains a policy. See its man page. */
#include "explain.h"
#include "failure.h"
#include "interface.h"
#include "policy.h"
#include "policy_tables.h"
#include "pool.h"
#include "template.h"
#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define BROKEN 1 /* exit status of a policy with errors */

static int usage(void)
{
    fputs("usage: seemail-policy check [folder]\n"
          "       seemail-policy show [folder]\n"
          "       seemail-policy explain folder message.eml --from address "
          "--to address ...\n"
          "                              [--inside|--outside] [--host address]\n", stderr);
    return EX_USAGE;
}

static int complain(const struct failure *why)
{
    fprintf(stderr, "seemail-policy: %s\n", why->text);
    return why->kind == FAILURE_POLICY ? BROKEN
                                       : failure_answer(why->kind)->exit;
}

/* The folder that is named, or that of the hub. NULL = neither, reported. */
static const char *folder_of(struct pool *pool, const char *named)
{
    const char *home = getenv(ENV_HOME);
    if (named)
        return named;
    if (home)
        return pool_format(pool, "%s/policies", home);
    fprintf(stderr, "seemail-policy: name a folder, or set %s\n", ENV_HOME);
    return NULL;
}

/* Verdicts and the table of outcomes know of each other. */
static void check_verdicts(const struct policy *policy,
                           struct table_errors *errors)
{
    for (size_t i = 0; i < policy->outcome_count; i++) {
        const struct outcome_rule *rule = &policy->outcomes[i];
        if (verdict_find(rule->status) < 0)
            table_error(errors, rule->rule.file, rule->rule.line, 1,
                        rule->status, "the word of a status");
    }
    for (int verdict = 0; verdict < VERDICTS; verdict++) {
        const char *word = verdict_word((enum verdict)verdict);
        if (!policy_outcome(policy, word))
            table_error(errors, policy_schemas[POLICY_OUTCOMES].name, 0, 0,
                        word, "a row for this status");
    }
}

static int check(const char *folder)
{
    struct policy *policy = NULL;
    struct table_errors errors = {0};
    struct failure why = {0};
    int status = EX_OK;
    int rc = policy_load(folder, &policy, &errors, &why);
    if (rc == 0)
        check_verdicts(policy, &errors);
    if (rc == 0)
        rc = template_check(folder, &errors, &why);
    fputs(buffer_string(&errors.text), stderr);
    if (errors.count) {
        fprintf(stderr, "%s: %zu error%s\n", folder, errors.count,
                errors.count == 1 ? "" : "s");
        status = BROKEN;
    } else if (rc < 0) {
        status = complain(&why);
    } else {
        printf("%s: good: %zu domains of ours, %zu triggers, %zu partners, "
               "%zu directories, %zu hosts\n", folder, policy->identity_count,
               policy->trigger_count, policy->partner_count,
               policy->directory_count, policy->host_count);
    }
    table_errors_free(&errors);
    policy_free(&policy);
    return status;
}

static void show_rule(const struct rule *rule, const char *first)
{
    char place[64];
    snprintf(place, sizeof place, "%s:%u", rule->file, rule->line);
    printf("%-16s %-24s", place, first);
}

static void show_markings(const struct policy *policy, marking_set set)
{
    const char *between = " ";
    if (set == ~(marking_set)0)
        fputs(" all", stdout);
    else if (!set)
        fputs(" none", stdout);
    else
        for (size_t i = 0; i < policy->marking_count; i++)
            if (set >> i & 1) {
                printf("%s%s", between, policy->markings[i]);
                between = ", ";
            }
    putchar('\n');
}

static void show_setting(const struct policy *policy,
                         const struct policy_setting *setting)
{
    const char *place = (const char *)&policy->settings + setting->offset;
    long number;
    const char *text;
    marking_set set;
    printf("%-16s %-24s", "settings", setting->column.name);
    if (setting->kind == SETTING_MARKINGS) {
        memcpy(&set, place, sizeof set);
        show_markings(policy, set);
    } else if (setting->kind == SETTING_NUMBER) {
        memcpy(&number, place, sizeof number);
        if (setting->column.words)
            printf(" %s\n", setting->column.words[number]);
        else
            printf(" %ld\n", number);
    } else {
        memcpy(&text, place, sizeof text);
        printf(" %s\n", text);
    }
}

static void show_addresses(const struct policy *policy)
{
    for (size_t i = 0; i < policy->trigger_count; i++) {
        show_rule(&policy->trigger_rules[i], policy->triggers[i].marking);
        printf(" %s\n", policy->triggers[i].pattern);
    }
    for (size_t i = 0; i < policy->identity_count; i++) {
        const struct identity *identity = &policy->identities[i];
        show_rule(&identity->rule, identity->domain);
        printf(" signs with \"%s\", opens with", identity->signing);
        for (size_t k = 0; k < identity->decrypting_count; k++)
            printf("%s \"%s\"", k ? "," : "", identity->decrypting[k]);
        putchar('\n');
    }
    for (size_t i = 0; i < policy->partner_count; i++) {
        show_rule(&policy->partners[i].rule, policy->partners[i].entry);
        show_markings(policy, policy->partners[i].markings);
    }
}

static void show_services(const struct policy *policy)
{
    const struct table_column *uses =
        &policy_schemas[POLICY_ALGORITHMS].columns[0];
    const struct table_column *purposes =
        &policy_schemas[POLICY_DIRECTORIES].columns[1];
    for (size_t i = 0; i < policy->directory_count; i++) {
        const struct directory *directory = &policy->directories[i];
        show_rule(&directory->rule, directory->name);
        printf(" %s from %s, base \"%s\", filter %s, as %s\n",
               purposes->words[directory->purpose], directory->uri,
               directory->base, directory->filter,
               directory->bind_dn ? directory->bind_dn : "anybody");
    }
    for (size_t i = 0; i < policy->algorithm_count; i++) {
        const struct algorithm *algorithm = &policy->algorithms[i];
        static const char *const permits[] = {
            "", ", to send only", ", to receive only",
            ", to send to who announced it"};
        show_rule(&algorithm->rule, algorithm->name);
        printf(" %s, rank %ld%s\n", uses->words[algorithm->use],
               algorithm->rank, permits[algorithm->permit]);
    }
}

static void show_network(const struct host *host)
{
    char text[NETWORK_TEXT], port[32] = "any port";
    network_text(&host->network, text);
    if (host->port)
        snprintf(port, sizeof port, "port %ld", host->port);
    show_rule(&host->rule, text);
    printf(" inside, on %s\n", port);
}

static void show_server(const struct trusted_server *server)
{
    char text[NETWORK_TEXT] = "any host";
    if (server->has_network)
        network_text(&server->network, text);
    show_rule(&server->rule, text);
    printf(" %s that is trusted:",
           policy_schemas[POLICY_SERVERS].columns[0].words[server->kind]);
    for (size_t i = 0; i < server->name_count; i++)
        printf(" %s", server->names[i]);
    puts(server->name_count ? "" : " any sender");
}

static void show_outcome(const struct outcome_rule *rule)
{
    const struct table_column *columns =
        policy_schemas[POLICY_OUTCOMES].columns;
    show_rule(&rule->rule, rule->status);
    printf(" %-2s sending: %s%s%s, receiving: %s%s%s %s\n",
           rule->code ? rule->code : "", columns[2].words[rule->sending],
           rule->sending_event < 0 ? "" : ", tells ",
           rule->sending_event < 0 ? "" : event_words[rule->sending_event],
           columns[4].words[rule->receiving],
           rule->receiving_event < 0 ? "" : ", tells ",
           rule->receiving_event < 0 ? "" : event_words[rule->receiving_event],
           rule->text ? rule->text : "");
}

static int show(const char *folder)
{
    struct policy *policy;
    struct failure why = {0};
    if (policy_load(folder, &policy, NULL, &why) < 0)
        return complain(&why);
    for (size_t i = 0; i < policy_setting_count; i++)
        show_setting(policy, &policy_settings[i]);
    show_addresses(policy);
    show_services(policy);
    for (size_t i = 0; i < policy->host_count; i++)
        show_network(&policy->hosts[i]);
    for (size_t i = 0; i < policy->server_count; i++)
        show_server(&policy->servers[i]);
    for (size_t i = 0; i < policy->outcome_count; i++)
        show_outcome(&policy->outcomes[i]);
    policy_free(&policy);
    return EX_OK;
}

/* explain folder message --from address --to address ... */
static int do_explain(struct pool *pool, int argc, char **argv)
{
    struct failure why = {0};
    const char **to = pool_array(pool, (size_t)argc + 1, sizeof *to);
    struct explanation explanation = {.direction = DIRECTION_INSIDE,
                                      .recipients = to};
    if (argc < 2 || !to)
        return usage();
    explanation.folder = argv[0];
    explanation.message = argv[1];
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--inside") == 0)
            explanation.direction = DIRECTION_INSIDE;
        else if (strcmp(argv[i], "--outside") == 0)
            explanation.direction = DIRECTION_OUTSIDE;
        else if (strcmp(argv[i], "--host") == 0 && i + 1 < argc)
            explanation.host = argv[++i];
        else if (strcmp(argv[i], "--from") == 0 && i + 1 < argc)
            explanation.sender = argv[++i];
        else if (strcmp(argv[i], "--to") == 0 && i + 1 < argc)
            to[explanation.recipient_count++] = argv[++i];
        else
            return usage();
    }
    if (!explanation.sender || !explanation.recipient_count)
        return usage();
    if (explain(pool, &explanation, stdout, &why) < 0)
        return complain(&why);
    return EX_OK;
}

static int run(struct pool *pool, int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "explain") == 0)
        return do_explain(pool, argc - 2, argv + 2);
    if (argc < 2 || argc > 3)
        return usage();
    int checks = strcmp(argv[1], "check") == 0;
    if (!checks && strcmp(argv[1], "show") != 0)
        return usage();
    const char *folder = folder_of(pool, argc == 3 ? argv[2] : NULL);
    if (!folder)
        return EX_USAGE;
    return checks ? check(folder) : show(folder);
}

int main(int argc, char **argv)
{
    struct pool *pool = pool_new();
    int status = pool ? run(pool, argc, argv) : EX_TEMPFAIL;
    pool_free(&pool);
    if (fflush(stdout) != 0 || ferror(stdout))
        return EX_IOERR;
    return status;
}
