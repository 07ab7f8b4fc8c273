/* policy: the tables together, as shipped and broken. */
#include "unit.h"

#include "failure.h"
#include "policy.h"
#include "scratch.h"
#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {"triggers",   "identity", "partners",
                                    "directories", "algorithms", "hosts",
                                    "outcomes"};
#define NAMES (sizeof names / sizeof names[0])

/* A folder where each table is small and good. */
static char *small_policy(void)
{
    char *folder = scratch_new();
    scratch_write(folder, "triggers", "SEEMAIL [[{]SEEMAIL[]}]\n"
                                      "SEEMAIL \\bSEEMAIL:\n"
                                      "\"IN CONFIDENCE\" \\[IC\\]\n");
    scratch_write(folder, "identity", "a.test \"A DCA\" \"A DCA, A old\"\n"
                                      ".a.test \"Below\"\n"
                                      "x.a.test \"X\"\n");
    scratch_write(folder, "partners", "*@b.test\n"
                                      "p@c.test \"IN CONFIDENCE\"\n");
    scratch_write(folder, "directories",
                  "d seemail ldap://127.0.0.1 o=x - - cn=me pw\n");
    scratch_write(folder, "algorithms", "sign 2 rsa send\n"
                                        "sign 1 ecdsa receive\n"
                                        "encrypt 1 aes-256-cbc\n");
    scratch_write(folder, "hosts", "127.0.0.1 2525\n10.0.0.0/8\n");
    scratch_write(folder, "outcomes", "good - send - none\naltered 5A hold - hard - \"Bad.\"\n");
    return folder;
}

static void settings_have_defaults(void)
{
    char *folder = small_policy(), path[200];
    struct policy *policy;
    struct failure why;
    CU_ASSERT_EQUAL_FATAL(policy_load(folder, &policy, NULL, &why), 0);
    CU_ASSERT_EQUAL(policy->settings.unscannable, UNSCANNABLE_MARKED);
    CU_ASSERT_EQUAL(policy->settings.unlisted, UNLISTED_REFUSE_ALL);
    CU_ASSERT_EQUAL(policy->settings.vendors, 0);
    CU_ASSERT_EQUAL(policy->settings.mime_depth, 50);
    CU_ASSERT_EQUAL(policy->settings.scan_limit, 64 << 20);
    CU_ASSERT_STRING_EQUAL(policy->settings.log, "syslog");
    snprintf(path, sizeof path, "%.*s/nssdb",
             (int)(strrchr(folder, '/') - folder), folder);
    CU_ASSERT_STRING_EQUAL(policy->settings.nssdb, path);
    policy_free(&policy);
    CU_ASSERT_PTR_NULL(policy);
    scratch_free(&folder);
}

static void settings_are_read(void)
{
    char *folder = small_policy();
    struct policy *policy;
    struct failure why;
    scratch_write(folder, "settings",
                  "unscannable hold\nvendors \"IN CONFIDENCE\"\n"
                  "unlisted refuse-unlisted\nstate /var/x\nscan-limit 1m\n"
                  "log /var/log/seemail\nscan-names no\n");
    CU_ASSERT_EQUAL_FATAL(policy_load(folder, &policy, NULL, &why), 0);
    CU_ASSERT_EQUAL(policy->settings.unscannable, UNSCANNABLE_HOLD);
    CU_ASSERT_EQUAL(policy->settings.unlisted, UNLISTED_REFUSE_UNLISTED);
    CU_ASSERT_EQUAL(policy->settings.vendors, 2);
    CU_ASSERT_EQUAL(policy->settings.scan_limit, 1 << 20);
    CU_ASSERT_EQUAL(policy->settings.scan_names, 0);
    CU_ASSERT_STRING_EQUAL(policy->settings.state, "/var/x");
    policy_free(&policy);
    scratch_free(&folder);
}

static void tables_are_read(void)
{
    char *folder = small_policy();
    struct policy *policy;
    struct failure why;
    CU_ASSERT_EQUAL_FATAL(policy_load(folder, &policy, NULL, &why), 0);
    CU_ASSERT_EQUAL(policy->marking_count, 2);
    CU_ASSERT_EQUAL(policy->trigger_count, 3);
    CU_ASSERT_EQUAL(policy->trigger_markings[1], 0);
    CU_ASSERT_EQUAL(policy->identities[0].decrypting_count, 2);
    CU_ASSERT_STRING_EQUAL(policy->identities[1].decrypting[0], "Below");
    CU_ASSERT_EQUAL(policy->partners[1].markings, 2);
    CU_ASSERT_TRUE(policy->partners[1].person);
    CU_ASSERT_EQUAL(policy->partners[1].rule.line, 2);
    CU_ASSERT_STRING_EQUAL(policy->partners[1].rule.file, "partners");
    CU_ASSERT_STRING_EQUAL(policy->directories[0].filter, "(objectClass=*)");
    CU_ASSERT_STRING_EQUAL(policy->algorithms[0].name, "ecdsa");
    CU_ASSERT_STRING_EQUAL(policy_outcome(policy, "altered")->text, "Bad.");
    CU_ASSERT_PTR_NULL(policy_outcome(policy, "nothing"));
    policy_free(&policy);
    scratch_free(&folder);
}

static void questions_are_answered(void)
{
    char *folder = small_policy();
    struct policy *policy;
    struct failure why;
    CU_ASSERT_EQUAL_FATAL(policy_load(folder, &policy, NULL, &why), 0);
    CU_ASSERT_STRING_EQUAL(policy_identity(policy, "a.test")->signing,
                           "A DCA");
    CU_ASSERT_STRING_EQUAL(policy_identity(policy, "y.a.test")->signing,
                           "Below");
    CU_ASSERT_STRING_EQUAL(policy_identity(policy, "x.a.test")->signing, "X");
    CU_ASSERT_PTR_NULL(policy_identity(policy, "ba.test"));
    CU_ASSERT_PTR_NOT_NULL(policy_inside(policy, "127.0.0.1", 2525));
    CU_ASSERT_PTR_NULL(policy_inside(policy, "127.0.0.1", 25));
    CU_ASSERT_PTR_NOT_NULL(policy_inside(policy, "::ffff:10.1.2.3", 25));
    CU_ASSERT_PTR_NULL(policy_inside(policy, "10.0.0.0/8", 25));
    CU_ASSERT_PTR_NULL(policy_inside(policy, "", 25));
    CU_ASSERT_STRING_EQUAL(policy_algorithm(policy, ALGORITHM_SIGN, 1)->name,
                           "rsa");
    CU_ASSERT_PTR_NULL(policy_algorithm(policy, ALGORITHM_DIGEST, 1));
    CU_ASSERT_PTR_NOT_NULL(
        policy_permits(policy, ALGORITHM_SIGN, "ecdsa", 0));
    CU_ASSERT_PTR_NULL(policy_permits(policy, ALGORITHM_SIGN, "ecdsa", 1));
    policy_free(&policy);
    scratch_free(&folder);
}

static void missing_tables_are_errors(void)
{
    struct policy *policy;
    struct failure why;
    for (size_t i = 0; i < NAMES; i++) {
        char *folder = small_policy(), *path = NULL;
        if (asprintf(&path, "%s/%s", folder, names[i]) < 0 || unlink(path) < 0)
            abort();
        CU_ASSERT_EQUAL(policy_load(folder, &policy, NULL, &why), -1);
        CU_ASSERT_PTR_NULL(policy);
        CU_ASSERT_EQUAL(why.kind, FAILURE_POLICY);
        CU_ASSERT_EQUAL(strncmp(why.text, path, strlen(path)), 0);
        free(path);
        scratch_free(&folder);
    }
    CU_ASSERT_EQUAL(policy_load("/nonexistent", &policy, NULL, &why), -1);
}

/* The table with this text is one error, which ends like that. */
static void broken(const char *name, const char *text, const char *end)
{
    char *folder = small_policy();
    struct policy *policy;
    struct failure why = {0};
    struct table_errors errors = {0};
    scratch_write(folder, name, text);
    CU_ASSERT_EQUAL(policy_load(folder, &policy, &errors, &why), -1);
    CU_ASSERT_EQUAL(errors.count, 1);
    size_t length = strlen(why.text), tail = strlen(end);
    int good = length >= tail && strcmp(why.text + length - tail, end) == 0;
    CU_ASSERT_TRUE(good);
    if (!good)
        printf("got %s\n", why.text);
    table_errors_free(&errors);
    policy_free(&policy);
    scratch_free(&folder);
}

static void what_belongs_together_is_checked(void)
{
    broken("settings", "mime-dept 3\n",
           "settings:1: column 1 \"mime-dept\": expected a name that is in "
           "seemail-settings(5)");
    broken("settings", "mime-depth 3\nmime-depth 4\n",
           "settings:2: column 1 \"mime-depth\": expected each setting once");
    broken("settings", "mime-depth 0\n",
           "settings:1: column 2 \"0\": expected a number from 1 to 1000");
    broken("settings", "verify-timeout 241\n", /* Exim ends the hook at 300 */
           "settings:1: column 2 \"241\": expected a number from 1 to 240");
    broken("settings", "unlisted send\n",
           "column 2 \"send\": expected refuse-all or refuse-unlisted");
    broken("settings", "vendors SECRET\n",
           "column 2 \"SECRET\": expected all, none or markings that the "
           "table triggers has");
    broken("settings", "log here\n",
           "column 2 \"here\": expected syslog, or the path of a file from / "
           "on");
    broken("settings", "label-policy 1.40.3\n",
           "settings \"1.40.3\": expected an object identifier, 1.2.3, as "
           "label-policy");
    broken("settings", "labels SECRET=1\n",
           "settings \"SECRET=1\": expected MARKING=number, 0 to 256, and "
           "others behind a comma, as labels");
    broken("settings", "labels \"SEEMAIL=257\"\n",
           "settings \"SEEMAIL=257\": expected MARKING=number, 0 to 256, "
           "and others behind a comma, as labels");
    broken("identity", "# none\n", "identity: expected a row for each of our "
                                   "domains");
    broken("identity", "a.test A\na.test B\n",
           "identity:2: column 1 \"a.test\": expected each domain once");
    broken("partners", "*@b.test SECRET\n",
           "partners:1: column 2 \"SECRET\": expected all, none or markings "
           "that the table triggers has");
    broken("triggers", "SEEMAIL x\n\"IN CONFIDENCE\" y\nall z\n",
           "triggers:3: column 1 \"all\": expected a marking of capitals, "
           "digits, spaces and hyphens, up to 64 characters");
    broken("directories", "d seemail http://x o=x\n",
           "column 3 \"http://x\": expected ldap://, ldaps:// or ldapi://..., "
           "ldap+srv: or smimea:");
    broken("directories", "d certificates smimea:\n",
           "directories:1: column 2 \"certificates\": expected discover, with "
           "ldap+srv: or smimea:");
    broken("directories", "d discover ldap+srv: - - - cn=us\n",
           "directories:1: column 7 \"cn=us\": expected nothing, where the "
           "DNS names the server");
    broken("directories", "d discover ldap://x - (mail=%x)\n",
           "directories:1: column 5 \"(mail=%x)\": expected after % one of a, "
           "l, d and another %");
    broken("directories", "d discover ldap://x - - - - - \"*@x.test, Agency\"\n",
           "directories:1: column 9 \"*@x.test, Agency\": expected *@domain, "
           "*@.domain, or CN=, O= or OU= of an issuer");
    broken("directories", "d certificates ldap://x - - - - - *@x.test\n",
           "directories:1: column 9 \"*@x.test\": expected nothing, but where "
           "the purpose is discover");
    broken("directories", "d discover ldaps://x - - - - - - starttls\n",
           "directories:1: column 10 \"starttls\": expected starttls with "
           "ldap:// alone");
    broken("directories", "d discover ldap://x - - - - - - - - PLAIN\n",
           "directories:1: column 12 \"PLAIN\": expected simple, "
           "EXTERNAL, DIGEST-MD5, SCRAM-SHA-1 or SCRAM-SHA-256");
    broken("directories", "a seemail ldap://x o=x\nb seemail ldap://y o=x\n",
           "directories:2: column 2 \"seemail\": expected one directory for "
           "each list");
    broken("algorithms", "digest 1 md5\n",
           "algorithms:1: column 3 \"md5\": expected one of sha256 sha384 "
           "sha512 sha1");
    broken("outcomes", "altered 5A - - hard\n",
           "outcomes:1: column 7: expected a text for the warning");
    broken("outcomes", "good - send - none\ngood - send - none\n",
           "outcomes:2: column 1 \"good\": expected each status once");
}

static void all_tables_at_once(void)
{
    char *folder = small_policy();
    struct policy *policy;
    struct failure why;
    struct table_errors errors = {0};
    scratch_write(folder, "hosts", "1.2.3\n");
    scratch_write(folder, "partners", "b.test\n*@c.test\n@\n");
    scratch_write(folder, "triggers", "X (\n");
    CU_ASSERT_EQUAL(policy_load(folder, &policy, &errors, &why), -1);
    CU_ASSERT_EQUAL(errors.count, 4);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "(and 3 more)"));
    table_errors_free(&errors);
    scratch_free(&folder);
}

/* What an editor leaves on a full disk: nothing would be marked. */
static void empty_triggers_are_an_error(void)
{
    char *folder = small_policy();
    struct policy *policy;
    struct failure why = {0};
    scratch_write(folder, "triggers", "");
    CU_ASSERT_EQUAL(policy_load(folder, &policy, NULL, &why), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "a row for each marking"));
    scratch_free(&folder);
}

/* What ships lacks nothing but our own domains. */
static void shipped_tables_are_good(void)
{
    struct policy *policy;
    struct failure why;
    struct table_errors errors = {0};
    CU_ASSERT_EQUAL(policy_load("policies", &policy, &errors, &why), -1);
    CU_ASSERT_STRING_EQUAL(buffer_string(&errors.text),
                           "policies/identity: expected a row for each of "
                           "our domains\n");
    table_errors_free(&errors);
}

static struct policy *shipped(char **folder)
{
    struct policy *policy;
    struct failure why;
    char command[600];
    *folder = scratch_new();
    for (size_t i = 0; i < NAMES; i++) {
        char text[16384] = "";
        snprintf(command, sizeof command, "policies/%s", names[i]);
        FILE *file = fopen(command, "r");
        if (!file)
            abort();
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
        scratch_write(*folder, names[i], text);
    }
    scratch_write(*folder, "identity", "a.test A\n");
    CU_ASSERT_EQUAL_FATAL(policy_load(*folder, &policy, NULL, &why), 0);
    return policy;
}

static void every_verdict_has_an_outcome(void)
{
    char *folder;
    struct policy *policy = shipped(&folder);
    for (int verdict = 0; verdict < VERDICTS; verdict++)
        CU_ASSERT_PTR_NOT_NULL(
            policy_outcome(policy, verdict_word((enum verdict)verdict)));
    for (size_t i = 0; i < policy->outcome_count; i++)
        CU_ASSERT_TRUE(verdict_find(policy->outcomes[i].status) >= 0);
    policy_free(&policy);
    scratch_free(&folder);
}

static marking_set marked(const struct policy *policy, const char *text)
{
    struct trigger *trigger;
    struct failure why;
    CU_ASSERT_EQUAL_FATAL(trigger_new(policy->triggers, policy->trigger_count,
                                      &trigger, &why), 0);
    trigger_feed(trigger, text, strlen(text), &why);
    trigger_boundary(trigger, &why);
    marking_set set = policy_found(policy, trigger);
    trigger_free(&trigger);
    return set;
}

static void shipped_triggers_find(void)
{
    char *folder, text[80];
    struct policy *policy = shipped(&folder);
    CU_ASSERT_EQUAL(policy->marking_count, 4);
    static const char *const words[] = {"SEEMAIL", "In Confidence",
                                        "sensitive", "ResTricTed"};
    for (size_t word = 0; word < 4; word++)
        for (int pair = 0; pair < 4; pair++) {
            snprintf(text, sizeof text, "Re: %c%s%c", "[{"[pair / 2],
                     words[word], "]}"[pair % 2]);
            CU_ASSERT_EQUAL(marked(policy, text), (marking_set)1 << word);
        }
    CU_ASSERT_EQUAL(marked(policy, "[IN\r\n CONFIDENCE]"), 2);
    CU_ASSERT_EQUAL(marked(policy, "> { IN\n> CONFIDENCE\n> ]"), 2);
    CU_ASSERT_EQUAL(marked(policy, "[in\xc2\xa0" "confidence]"), 2);
    CU_ASSERT_EQUAL(marked(policy, "SEEMAIL (SEEMAIL) [SEE MAIL]"), 0);
    CU_ASSERT_EQUAL(marked(policy, "{sensitive] [SEEmail}"), 5);
    policy_free(&policy);
    scratch_free(&folder);
}

static void notices_are_from_us(void)
{
    struct policy *policy;
    struct failure why;
    char *folder = small_policy();
    CU_ASSERT_EQUAL_FATAL(policy_load(folder, &policy, NULL, &why), 0);
    CU_ASSERT_STRING_EQUAL(policy->settings.postmaster, "postmaster@a.test");
    CU_ASSERT_STRING_EQUAL(policy->settings.administrator,
                           "postmaster@a.test");
    CU_ASSERT_EQUAL(policy->events[EVENT_HELD].how, NOTIFY_DIGEST);
    policy_free(&policy);
    scratch_write(folder, "events", "held mail - \"administrator, sender\"\n"
                                    "list-changed digest 5 sender\n");
    scratch_write(folder, "settings", "administrator help@x.a.test\n");
    CU_ASSERT_EQUAL_FATAL(policy_load(folder, &policy, NULL, &why), 0);
    CU_ASSERT_STRING_EQUAL(policy->settings.administrator, "help@x.a.test");
    CU_ASSERT_EQUAL(policy->events[EVENT_HELD].how, NOTIFY_MAIL);
    CU_ASSERT_EQUAL(policy->events[EVENT_HELD].to,
                    NOTIFY_ADMINISTRATOR | NOTIFY_SENDER);
    CU_ASSERT_EQUAL(policy->events[EVENT_LIST_CHANGED].minutes, 5);
    CU_ASSERT_EQUAL(policy->events[EVENT_CRL_FAILED].minutes, 60);
    policy_free(&policy);
    scratch_free(&folder);
    broken("settings", "postmaster postmaster@b.test\n",
           "settings \"postmaster@b.test\": expected postmaster@ a domain of "
           "the table identity as postmaster");
    broken("settings", "postmaster ceo@a.test\n",
           "settings \"ceo@a.test\": expected postmaster@ a domain of the "
           "table identity as postmaster");
    broken("settings", "administrator *@a.test\n",
           "settings \"*@a.test\": expected an address in a domain of the "
           "table identity as administrator");
    broken("events", "held sometimes\n",
           "events:1: column 2 \"sometimes\": expected off, log, digest or "
           "mail");
    broken("events", "held log\nheld off\n",
           "events:2: column 1 \"held\": expected each event once");
}

static void directories_to_discover(void)
{
    static const char *const issuer[] = {"CN=Other CA", "O=Example CA"};
    char *folder = small_policy();
    struct policy *policy;
    struct failure why;
    scratch_write(folder, "directories",
                  "a discover ldap://x\n"
                  "b discover ldap://y o=y (cn=%d) - cn=me secret "
                  "\"*@.Y.test, o=example ca\" starttls ca.pem EXTERNAL\n");
    CU_ASSERT_EQUAL_FATAL(policy_load(folder, &policy, NULL, &why), 0);
    CU_ASSERT_EQUAL_FATAL(policy->directory_count, 2);
    const struct directory *a = &policy->directories[0], *b = a + 1;
    CU_ASSERT_STRING_EQUAL(a->base, "C=NZ");
    CU_ASSERT_STRING_EQUAL(a->filter, "(mail=%a)");
    CU_ASSERT_EQUAL(a->attribute_count, 3);
    CU_ASSERT_PTR_NULL(a->mechanism);
    CU_ASSERT_FALSE(a->starttls);
    CU_ASSERT_TRUE(policy_directory_serves(a, "any.test", NULL, 0));
    CU_ASSERT_STRING_EQUAL(b->mechanism, "EXTERNAL");
    CU_ASSERT_TRUE(b->starttls);
    CU_ASSERT_PTR_NOT_NULL(strstr(b->ca_file, "/ca.pem"));
    CU_ASSERT_TRUE(policy_directory_serves(b, "sub.y.test", NULL, 0));
    CU_ASSERT_FALSE(policy_directory_serves(b, "xy.test", issuer, 1));
    CU_ASSERT_TRUE(policy_directory_serves(b, "xy.test", issuer, 2));
    policy_free(&policy);
    scratch_free(&folder);
}

static const struct unit_test tests[] = {
    {"2.8-ldap-specs: directories by domain and by issuer",
     directories_to_discover},
    {"policy: settings have defaults", settings_have_defaults},
    {"policy: settings are read", settings_are_read},
    {"policy: every table is read", tables_are_read},
    {"policy: questions are answered", questions_are_answered},
    {"policy: a missing table is an error", missing_tables_are_errors},
    {"policy: what belongs together is checked",
     what_belongs_together_is_checked},
    {"1.2-suspend: an empty table of triggers is an error",
     empty_triggers_are_an_error},
    {"2.12-postmaster: notices are from and for our own domains",
     notices_are_from_us},
    {"policy: errors of all tables at once", all_tables_at_once},
    {"policy: the shipped tables are good", shipped_tables_are_good},
    {"policy: every verdict has an outcome", every_verdict_has_an_outcome},
    {"2.1-triggers: the shipped table finds all words in all brackets",
     shipped_triggers_find},
};
UNIT_SUITE(policy, tests)
