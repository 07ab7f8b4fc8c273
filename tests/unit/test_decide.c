/* decide: who gets a mail, how, and by which rule. */
#include "unit.h"

#include "buffer.h"
#include "decide.h"
#include "failure.h"
#include "pool.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEMAIL = 1, IN_CONFIDENCE = 2, SENSITIVE = 4, RESTRICTED = 8 };

struct desk {
    char *folder;
    struct policy *policy;
    struct pool *pool;
    struct decision decision;
    struct failure why;
    int listed_calls;
    int state_broken;
};

/* m.test is on the list SEEMAIL, v.test on the list VENDOR. */
static int listed(void *context, const char *list, const char *domain,
                  char *entry_r, size_t size, struct failure *why)
{
    struct desk *desk = context;
    desk->listed_calls++;
    if (desk->state_broken)
        return failure(why, FAILURE_STATE, "no lists");
    snprintf(entry_r, size, "mail=*@%s,ou=%s", domain, list);
    return (strcmp(list, LIST_SEEMAIL) == 0 && !strcmp(domain, "m.test")) ||
           (strcmp(list, LIST_VENDOR) == 0 && !strcmp(domain, "v.test"));
}

static void open_desk(struct desk *desk, const char *settings)
{
    *desk = (struct desk){.folder = scratch_new(), .pool = pool_new()};
    scratch_write(desk->folder, "settings", settings);
    scratch_write(desk->folder, "triggers",
                  "SEEMAIL a\n\"IN CONFIDENCE\" b\nSENSITIVE c\n"
                  "RESTRICTED d\n");
    scratch_write(desk->folder, "identity", "a.test A\n.o.test O\n");
    scratch_write(desk->folder, "partners",
                  "*@b.test\n"
                  "*@.w.test SENSITIVE\n"
                  "p@free.test \"SEEMAIL, SENSITIVE\"\n"
                  "*@two.test SENSITIVE\n"
                  "*@two.test RESTRICTED\n"
                  "q@b.test\n");
    scratch_write(desk->folder, "directories", "");
    scratch_write(desk->folder, "algorithms", "");
    scratch_write(desk->folder, "hosts", "");
    scratch_write(desk->folder, "outcomes", "");
    CU_ASSERT_EQUAL_FATAL(
        policy_load(desk->folder, &desk->policy, NULL, &desk->why), 0);
}

static void close_desk(struct desk *desk)
{
    policy_free(&desk->policy);
    pool_free(&desk->pool);
    scratch_free(&desk->folder);
}

static int run(struct desk *desk, struct mail_facts *facts,
               const char *recipients)
{
    const char *list[5000];
    char *text = pool_string(desk->pool, recipients), *at;
    const struct decide_lists lists = {listed, desk};
    facts->recipients = list;
    for (facts->recipient_count = 0; (at = strsep(&text, " "));)
        list[facts->recipient_count++] = at;
    return decide(desk->pool, desk->policy, facts, &lists, &desk->decision,
                  &desk->why);
}

static void expect(struct desk *desk, struct mail_facts facts,
                   const char *recipients, const char *classes)
{
    char got[200] = "";
    size_t used = 0;
    CU_ASSERT_EQUAL_FATAL(run(desk, &facts, recipients), 0);
    for (size_t i = 0; i < desk->decision.count; i++) {
        const struct outcome *outcome = &desk->decision.outcomes[i];
        used += (size_t)snprintf(got + used, sizeof got - used, "%s%s",
                                 i ? " " : "", class_word(outcome->class));
        CU_ASSERT_TRUE(outcome->reason && *outcome->reason);
        CU_ASSERT_TRUE(outcome->rule && *outcome->rule);
    }
    CU_ASSERT_STRING_EQUAL(got, classes);
    if (strcmp(got, classes) != 0)
        printf("%s: got %s, wanted %s\n", recipients, got, classes);
}

#define INSIDE(set) (struct mail_facts){.markings = (set), .sender = "u@a.test"}
#define OWN(set)                                                              \
    (struct mail_facts){.direction = DIRECTION_OWN, .markings = (set),        \
                        .sender = ""}
#define OUTSIDE                                                               \
    (struct mail_facts){.direction = DIRECTION_OUTSIDE, .sender = "u@b.test"}

static void classes_of_unmarked_mail(void)
{
    struct desk desk;
    open_desk(&desk, "");
    expect(&desk, INSIDE(0), "x@a.test y@x.o.test z@o.test",
           "inside inside inside");
    expect(&desk, OUTSIDE, "Seemail-Ping@a.test x@a.test "
                           "domain-certificate-request@x.o.test",
           "answer inside answer");
    expect(&desk, INSIDE(0), "seemail-ping@b.test seemail-ping@stranger.test",
           "seal plain");
    expect(&desk, INSIDE(0), "x@b.test X@B.Test x@m.test x@stranger.test",
           "seal seal seal plain");
    expect(&desk, INSIDE(0), "q@b.test P@Free.test r@free.test",
           "person person plain");
    expect(&desk, INSIDE(0), "x@sub.b.test x@w.test x@deep.w.test x@aw.test",
           "plain seal seal plain");
    expect(&desk, INSIDE(0), "x@v.test", "plain");
    expect(&desk, INSIDE(0), "x@under_score.test odd..local@stranger.test",
           "plain plain");
    CU_ASSERT_PTR_NULL(desk.decision.refused);
    close_desk(&desk);
}

static void rules_are_named(void)
{
    struct desk desk;
    open_desk(&desk, "");
    expect(&desk, INSIDE(0),
           "x@a.test x@b.test q@b.test x@m.test x@stranger.test",
           "inside seal person seal plain");
    const struct outcome *outcomes = desk.decision.outcomes;
    CU_ASSERT_STRING_EQUAL(outcomes[0].rule, "identity:1");
    CU_ASSERT_STRING_EQUAL(outcomes[1].rule, "partners:1");
    CU_ASSERT_STRING_EQUAL(outcomes[2].rule, "partners:6");
    CU_ASSERT_STRING_EQUAL(outcomes[3].rule,
                           "SEEMAIL mail=*@m.test,ou=SEEMAIL");
    CU_ASSERT_STRING_EQUAL(outcomes[4].rule, "default");
    expect(&desk, INSIDE(RESTRICTED), "x@stranger.test x@w.test",
           "refuse refuse");
    outcomes = desk.decision.outcomes;
    CU_ASSERT_STRING_EQUAL(outcomes[0].rule, "triggers:4");
    CU_ASSERT_STRING_EQUAL(outcomes[0].reason,
                           "the mail is marked RESTRICTED, and stranger.test "
                           "is not on a list of secure mail");
    CU_ASSERT_STRING_EQUAL(outcomes[1].rule, "partners:2");
    CU_ASSERT_STRING_EQUAL(outcomes[1].reason,
                           "the mail is marked RESTRICTED, which *@.w.test "
                           "may not get");
    close_desk(&desk);
}

static void refuses_all_for_one(void)
{
    struct desk desk;
    open_desk(&desk, "");
    expect(&desk, INSIDE(SENSITIVE), "x@a.test x@b.test x@stranger.test",
           "refuse refuse refuse");
    CU_ASSERT_STRING_EQUAL(desk.decision.refused->recipient,
                           "x@stranger.test");
    CU_ASSERT_PTR_NOT_NULL(strstr(desk.decision.outcomes[0].reason,
                                  "because of x@stranger.test"));
    expect(&desk, INSIDE(SENSITIVE), "x@a.test x@b.test x@m.test",
           "inside seal seal");
    close_desk(&desk);
}

static void refuses_the_unlisted_by_setting(void)
{
    struct desk desk;
    open_desk(&desk, "unlisted refuse-unlisted\n");
    expect(&desk, INSIDE(SENSITIVE),
           "x@a.test x@b.test x@stranger.test p@free.test r@free.test",
           "inside seal refuse person refuse");
    close_desk(&desk);
}

static void lists_by_marking(void)
{
    struct desk desk;
    open_desk(&desk, "unlisted refuse-unlisted\n");
    expect(&desk, INSIDE(SENSITIVE), "x@w.test p@free.test x@two.test",
           "seal person seal");
    expect(&desk, INSIDE(RESTRICTED), "x@w.test p@free.test x@two.test",
           "refuse refuse seal");
    expect(&desk, INSIDE(SENSITIVE | RESTRICTED), "x@w.test x@two.test",
           "refuse seal");
    CU_ASSERT_STRING_EQUAL(desk.decision.marking, "SENSITIVE, RESTRICTED");
    close_desk(&desk);
}

static void vendors_as_policy_allows(void)
{
    struct desk desk;
    open_desk(&desk, "vendors SENSITIVE\n");
    expect(&desk, INSIDE(0), "x@v.test", "seal");
    expect(&desk, INSIDE(SENSITIVE), "x@v.test", "seal");
    expect(&desk, INSIDE(RESTRICTED), "x@v.test", "refuse");
    close_desk(&desk);
    open_desk(&desk, "");
    expect(&desk, INSIDE(SENSITIVE), "x@v.test", "refuse");
    close_desk(&desk);
}

static void outside_gets_no_key(void)
{
    struct desk desk;
    open_desk(&desk, "");
    expect(&desk, OUTSIDE, "x@a.test y@o.test", "inside inside");
    CU_ASSERT_STRING_EQUAL(desk.decision.from, "");
    expect(&desk, OUTSIDE, "x@b.test", "refuse");
    expect(&desk, OUTSIDE, "x@stranger.test", "refuse");
    expect(&desk, OUTSIDE, "x@a.test x@b.test", "refuse refuse");
    CU_ASSERT_EQUAL(desk.listed_calls, 0);
    close_desk(&desk);
}

static void own_mail_is_never_refused(void)
{
    struct desk desk;
    open_desk(&desk, "");
    expect(&desk, OWN(0), "x@a.test x@b.test x@stranger.test",
           "inside seal plain");
    expect(&desk, OWN(SENSITIVE), "x@a.test x@b.test x@stranger.test",
           "inside seal hold");
    expect(&desk, OWN(RESTRICTED), "x@w.test x@\xc3\xa4.test x", "hold hold hold");
    CU_ASSERT_STRING_EQUAL(desk.decision.from, "a.test");
    close_desk(&desk);
}

static void unscannable_by_setting(void)
{
    struct desk desk;
    struct mail_facts facts = INSIDE(0), marked = INSIDE(SENSITIVE);
    facts.unscannable = marked.unscannable = "too deep";
    open_desk(&desk, "");
    expect(&desk, facts, "x@b.test x@m.test", "seal seal");
    expect(&desk, facts, "x@b.test x@stranger.test", "refuse refuse");
    CU_ASSERT_PTR_NOT_NULL(strstr(desk.decision.refused->reason, "too deep"));
    expect(&desk, facts, "x@w.test", "refuse");
    close_desk(&desk);
    open_desk(&desk, "unscannable plain\n");
    expect(&desk, facts, "x@b.test x@stranger.test", "seal plain");
    expect(&desk, marked, "x@stranger.test", "refuse");
    close_desk(&desk);
    open_desk(&desk, "unscannable hold\n");
    expect(&desk, facts, "x@a.test x@b.test x@stranger.test",
           "inside seal hold");
    expect(&desk, marked, "x@stranger.test", "refuse");
    close_desk(&desk);
}

static void domains_we_cannot_compare(void)
{
    struct desk desk;
    open_desk(&desk, "unlisted refuse-unlisted\n");
    expect(&desk, INSIDE(0),
           "x@b.test. x@b\xc3\xa4.test x@[127.0.0.1] x x@ x@stranger.test",
           "refuse refuse refuse refuse refuse plain");
    close_desk(&desk);
}

static void failures_are_failures(void)
{
    struct desk desk;
    struct mail_facts facts = INSIDE(0);
    open_desk(&desk, "max-recipients 2\n");
    CU_ASSERT_EQUAL(run(&desk, &facts, "a@x b@x c@x"), -1);
    CU_ASSERT_EQUAL(desk.why.kind, FAILURE_LIMIT);
    struct buffer out = {0};
    CU_ASSERT_EQUAL(decision_encode(&desk.decision, NULL, &out,
                                    &desk.why), -1);
    desk.state_broken = 1;
    CU_ASSERT_EQUAL(run(&desk, &facts, "x@stranger.test"), -1);
    CU_ASSERT_EQUAL(desk.why.kind, FAILURE_STATE);
    CU_ASSERT_EQUAL(run(&desk, &facts, "x@b.test"), 0);
    close_desk(&desk);
}

static void signs_for_whom(void)
{
    struct desk desk;
    struct mail_facts facts = INSIDE(0);
    open_desk(&desk, "");
    facts.from = "Head@Y.O.test";
    expect(&desk, facts, "x@b.test", "seal");
    CU_ASSERT_STRING_EQUAL(desk.decision.from, "y.o.test");
    facts.from = "stranger@else.test";
    facts.sender = "x@o.test";
    expect(&desk, facts, "x@b.test", "seal");
    CU_ASSERT_STRING_EQUAL(desk.decision.from, "o.test");
    facts.sender = "";
    expect(&desk, facts, "x@b.test", "seal");
    CU_ASSERT_STRING_EQUAL(desk.decision.from, "a.test");
    close_desk(&desk);
}

static int simple_key(const char *address, char *key_r, size_t size)
{
    snprintf(key_r, size, "%.*s", (int)strcspn(address, "@"), address);
    return 0;
}

static void encodes(struct desk *desk, struct mail_facts facts,
                    const char *recipients, const char *text)
{
    struct buffer out = {0};
    CU_ASSERT_EQUAL_FATAL(run(desk, &facts, recipients), 0);
    CU_ASSERT_EQUAL(decision_encode(&desk->decision, simple_key, &out,
                                    &desk->why), 0);
    CU_ASSERT_STRING_EQUAL(buffer_string(&out), text);
    buffer_free(&out);
}

static void is_written(void)
{
    struct desk desk;
    open_desk(&desk, "unlisted refuse-unlisted\n");
    encodes(&desk, INSIDE(0), "x@a.test y@a.test",
            "v=\"1\" dir=\"inside\" marking=\"\" from=\"a.test\" verdict=\"\" "
            "clear=\"may\" all=\"inside\"");
    encodes(&desk, INSIDE(IN_CONFIDENCE), "q@b.test r@b.test x@a.test n@n.test",
            "v=\"1\" dir=\"inside\" marking=\"IN CONFIDENCE\" "
            "from=\"a.test\" verdict=\"\" clear=\"never\" a-q=\"person\" "
            "d-b.test=\"seal\" "
            "d-a.test=\"inside\" d-n.test=\"refuse\"");
    struct mail_facts facts = OUTSIDE;
    facts.verdict = "wrong-address";
    encodes(&desk, facts, "x@a.test",
            "v=\"1\" dir=\"outside\" marking=\"\" from=\"\" "
            "verdict=\"wrong-address\" clear=\"may\" all=\"inside\"");
    close_desk(&desk);
}

static void is_read_again(void)
{
    struct desk desk;
    struct buffer out = {0};
    struct decided decided;
    enum recipient_class class = CLASS_REFUSE;
    struct mail_facts facts = INSIDE(IN_CONFIDENCE | SEEMAIL);
    open_desk(&desk, "unlisted refuse-unlisted\n");
    run(&desk, &facts, "q@b.test r@b.test x@a.test");
    decision_encode(&desk.decision, simple_key, &out, &desk.why);
    CU_ASSERT_EQUAL_FATAL(decision_decode(desk.pool, out.data, &decided,
                                          &desk.why), 0);
    CU_ASSERT_EQUAL(decided.direction, DIRECTION_INSIDE);
    CU_ASSERT_STRING_EQUAL(decided.marking, "SEEMAIL, IN CONFIDENCE");
    CU_ASSERT_STRING_EQUAL(decided.from, "a.test");
    CU_ASSERT_EQUAL(decided_class(&decided, "b.test", "q", &class), 1);
    CU_ASSERT_EQUAL(class, CLASS_PERSON);
    CU_ASSERT_EQUAL(decided_class(&decided, "b.test", "z", &class), 1);
    CU_ASSERT_EQUAL(class, CLASS_SEAL);
    CU_ASSERT_EQUAL(decided_class(&decided, "c.test", NULL, &class), 0);
    CU_ASSERT_EQUAL(decided_class(&decided, "test", NULL, &class), 0);
    buffer_free(&out);
    close_desk(&desk);
}

static void broken_text_is_no_decision(void)
{
    static const char *const wrong[] = {
        "", "v", "v=1", "v=\"1\"", "noop",
        "v=\"1\" dir=\"inside\" marking=\"\" from=\"\"",
        "v=\"2\" dir=\"inside\" marking=\"\" from=\"\" verdict=\"\"",
        "v=\"1\" dir=\"up\" marking=\"\" from=\"\" verdict=\"\"",
        "v=\"1\" dir=\"inside\" marking=\"\\\"\" from=\"\" verdict=\"\"",
        "v=\"1\" dir=\"inside\" marking=\"\" from=\"\" verdict=\"\" ",
        "v=\"1\" dir=\"inside\" marking=\"\" from=\"\" verdict=\"\" all=\"se",
        "v=\"1\" dir=\"inside\" marking=\"\" from=\"\" verdict=\"\"all=\"x\"",
    };
    struct pool *pool = pool_new();
    struct decided decided;
    struct failure why;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CU_ASSERT_EQUAL(decision_decode(pool, wrong[i], &decided, &why), -1);
        CU_ASSERT_EQUAL(why.kind, FAILURE_MALFORMED);
    }
    pool_free(&pool);
}

/* Strangers, partners' domains (on a list) and persons: the answer of
 * decision_encode(); each is asked for again. */
static int encode_many(struct desk *desk, int strangers, int partners,
                       int persons)
{
    struct buffer many = {0}, out = {0};
    struct mail_facts facts = INSIDE(0);
    struct decided decided;
    enum recipient_class class = CLASS_REFUSE;
    for (int i = 0; i < strangers; i++)
        buffer_format(&many, "x@company-%d.co.test ", i);
    for (int i = 0; i < partners; i++)
        buffer_format(&many, "x@agency-%d.w.test ", i);
    if (persons)
        buffer_text(&many, "q@b.test ");
    many.data[--many.length] = '\0';
    CU_ASSERT_EQUAL(run(desk, &facts, many.data), 0);
    int rc = decision_encode(&desk->decision, simple_key, &out, &desk->why);
    if (rc > 0)
        CU_ASSERT_EQUAL(out.length, 0);
    if (rc == 0) {
        CU_ASSERT_TRUE(out.length <= DECISION_BYTES_MOST);
        CU_ASSERT_EQUAL_FATAL(decision_decode(desk->pool, out.data, &decided,
                                              &desk->why), 0);
        for (size_t i = 0; i < desk->decision.domain_count; i++) {
            const struct decided_domain *domain = &desk->decision.domains[i];
            int found = decided_class(&decided, domain->name, NULL, &class);
            CU_ASSERT_EQUAL(found, domain->has_class);
            CU_ASSERT_TRUE(!found || class == domain->class);
        }
    }
    buffer_free(&many);
    buffer_free(&out);
    return rc;
}

static void many_domains(void)
{
    struct desk desk;
    open_desk(&desk, "max-recipients 5000\n");
    CU_ASSERT_EQUAL(encode_many(&desk, 999, 0, 0), 0); /* all the same */
    CU_ASSERT_EQUAL(encode_many(&desk, 999, 1, 0), 0);
    CU_ASSERT_EQUAL(encode_many(&desk, 1, 999, 0), 0);
    CU_ASSERT_EQUAL(encode_many(&desk, 500, 500, 0), 0);
    CU_ASSERT_EQUAL(encode_many(&desk, 500, 499, 1), 0); /* none in b.test */
    CU_ASSERT_EQUAL(encode_many(&desk, 2000, 2000, 0), 1);
    close_desk(&desk);
}

static const struct unit_test tests[] = {
    {"decide: classes of unmarked mail", classes_of_unmarked_mail},
    {"1.3-consistent: every outcome names its rule", rules_are_named},
    {"2.1-only-listed: one unlisted recipient, nobody gets it",
     refuses_all_for_one},
    {"2.1-only-listed: by setting only the unlisted are refused",
     refuses_the_unlisted_by_setting},
    {"2.1-trusted-many: partners by marking", lists_by_marking},
    {"2.15-lists: vendors as the policy allows", vendors_as_policy_allows},
    {"decide: a stranger never gets our key", outside_gets_no_key},
    {"2.9-noexception: own mail is sealed or held, never refused",
     own_mail_is_never_refused},
    {"decide: what cannot be searched, by setting", unscannable_by_setting},
    {"decide: a domain in disguise is refused", domains_we_cannot_compare},
    {"decide: a list that cannot be read is a failure",
     failures_are_failures},
    {"2.6-one-or-many: the domain of From signs", signs_for_whom},
    {"decision: is written", is_written},
    {"decision: is read again", is_read_again},
    {"decision: a broken text is none", broken_text_is_no_decision},
    {"decision: a thousand domains of two classes fit, and more are told",
     many_domains},
};
UNIT_SUITE(decide, tests)
