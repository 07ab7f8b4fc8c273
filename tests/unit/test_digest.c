/* digest: events become counters, and few mails. */
#include "unit.h"

#include "buffer.h"
#include "digest.h"
#include "event_journal.h"
#include "failure.h"
#include "policy.h"
#include "pool.h"
#include "scratch.h"
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct failure why;

/* A hub: its policy with this table of events, and its state. */
struct hub {
    char *folder;
    struct policy *policy;
    struct state *state;
    struct pool *pool;
    long long due;
    unsigned muted;
};

static struct hub start(const char *events)
{
    struct hub hub = {.folder = scratch_new(), .pool = pool_new()};
    char path[300], command[700];
    static const char *const empty[] = {"partners", "directories",
                                        "algorithms", "hosts", "outcomes"};
    snprintf(path, sizeof path, "%s/policies", hub.folder);
    snprintf(command, sizeof command, "%s/notices", path);
    if (mkdir(path, 0700) < 0 || mkdir(command, 0700) < 0)
        abort();
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++)
        scratch_write(path, empty[i], "");
    scratch_write(path, "triggers", "SEEMAIL seemail\n");
    scratch_write(path, "identity", "a.test A\n");
    scratch_write(path, "events", events);
    scratch_write(command, "digest", "Subject: ${hub}: ${title}, ${count}\n\n"
                                     "${from} ${until}\n${events}");
    CU_ASSERT_EQUAL_FATAL(policy_load(path, &hub.policy, NULL, &why), 0);
    CU_ASSERT_EQUAL_FATAL(state_open(hub.policy->settings.state, STATE_WRITE,
                                     &hub.state, &why), 0);
    return hub;
}

static void stop(struct hub *hub)
{
    state_close(&hub->state);
    policy_free(&hub->policy);
    pool_free(&hub->pool);
    scratch_free(&hub->folder);
}

static void record(struct hub *hub, struct journal_line line)
{
    line.about = line.about ? line.about : "c.test";
    line.id = line.id ? line.id : "";
    line.sender = line.sender ? line.sender : "";
    line.reason = line.reason ? line.reason : "no certificate";
    CU_ASSERT_TRUE(journal_append(hub->policy->settings.state, &line, &why) >=
                   0);
}

/* Counts, and makes what is due then; how many mails wait now. */
static int flush(struct hub *hub, long long now)
{
    const char *name = "", *to, *mail;
    int count = 0;
    CU_ASSERT_EQUAL(event_count_journal(hub->state, hub->policy, now, &why),
                    0);
    CU_ASSERT_EQUAL(digest_make(hub->state, hub->policy, now, 0, &hub->due,
                                &hub->muted, &why), 0);
    CU_ASSERT_EQUAL(state_begin(hub->state, STATE_READ, &why), 0);
    while (event_mail_next(hub->state, hub->pool, name, &name, &to, &mail,
                           &why) > 0)
        count++;
    CU_ASSERT_EQUAL(state_end(hub->state, 0, &why), 0);
    return count;
}

/* Takes the first mail out. */
static const char *take(struct hub *hub, const char *expected_to)
{
    const char *name, *to = "", *mail = "";
    CU_ASSERT_EQUAL(state_begin(hub->state, STATE_WRITE, &why), 0);
    CU_ASSERT_EQUAL(event_mail_next(hub->state, hub->pool, "", &name, &to,
                                    &mail, &why), 1);
    CU_ASSERT_EQUAL(event_mail_drop(hub->state, name, &why), 0);
    CU_ASSERT_EQUAL(state_end(hub->state, 0, &why), 0);
    CU_ASSERT_STRING_EQUAL(to, expected_to);
    return mail;
}

static unsigned long long total(struct hub *hub, enum event_kind kind)
{
    unsigned long long count = 0;
    long long last;
    CU_ASSERT_EQUAL(state_begin(hub->state, STATE_READ, &why), 0);
    CU_ASSERT_EQUAL(event_total(hub->state, kind, &count, &last, &why), 0);
    CU_ASSERT_EQUAL(state_end(hub->state, 0, &why), 0);
    return count;
}

static void has(const char *mail, const char *text)
{
    CU_ASSERT_PTR_NOT_NULL(strstr(mail, text));
    if (!strstr(mail, text))
        printf("no \"%s\" in:\n%s\n", text, mail);
}

static void a_storm_is_one_digest(void)
{
    struct hub hub = start("held digest 10\n");
    char about[64], id[64];
    int status;
    for (int w = 0; w < 4; w++)
        if (fork() == 0) {
            state_close(&hub.state); /* is the parent's */
            for (int i = 0; i < 2500; i++) {
                snprintf(about, sizeof about, "d%d.test", i % 100);
                snprintf(id, sizeof id, "m%d-%d", w, i);
                record(&hub, (struct journal_line){.when = 1000 + i % 60,
                       .kind = EVENT_HELD, .about = about, .id = id});
            }
            _exit(0);
        }
    for (int w = 0; w < 4; w++)
        wait(&status);
    CU_ASSERT_EQUAL(flush(&hub, 1100), 0);
    CU_ASSERT_EQUAL(hub.due, 1600);
    CU_ASSERT_EQUAL(flush(&hub, 1599), 0);
    CU_ASSERT_EQUAL(flush(&hub, 1600), 1);
    CU_ASSERT_EQUAL(flush(&hub, 5000), 1);
    CU_ASSERT_EQUAL(hub.due, 0);
    const char *mail = take(&hub, "postmaster@a.test");
    has(mail, "Subject: a.test: Mail waits because it cannot be sealed, 10000 "
              "times\n");
    has(mail, "\n  - d7.test: 100 times, ");
    has(mail, "\n  - others: 8000 times, ");
    CU_ASSERT_TRUE(strlen(mail) < 10000);
    CU_ASSERT_EQUAL(total(&hub, EVENT_HELD), 10000);
    stop(&hub);
}

static void a_message_counts_once(void)
{
    struct hub hub = start("held digest 10\n");
    for (int i = 0; i < 50; i++)
        record(&hub, (struct journal_line){.when = 1000 + i,
               .kind = EVENT_HELD, .id = "1abc"});
    record(&hub, (struct journal_line){.when = 1000, .kind = EVENT_HELD,
           .id = "1abc", .about = "d.test"});
    record(&hub, (struct journal_line){.when = 1000, .kind = EVENT_HELD,
           .id = "2abc"});
    flush(&hub, 1100);
    CU_ASSERT_EQUAL(total(&hub, EVENT_HELD), 3);
    for (int day = 1; day < 20; day++) { /* it is still tried */
        record(&hub, (struct journal_line){.when = 1000 + day * 86400LL,
               .kind = EVENT_HELD, .id = "1abc"});
        flush(&hub, 1100 + day * 86400LL);
    }
    CU_ASSERT_EQUAL(total(&hub, EVENT_HELD), 3);
    record(&hub, (struct journal_line){.when = 1000 + 30 * 86400LL,
           .kind = EVENT_HELD, .id = "2abc"}); /* long forgotten */
    flush(&hub, 1100 + 30 * 86400LL);
    CU_ASSERT_EQUAL(total(&hub, EVENT_HELD), 4);
    stop(&hub);
}

static void at_once_but_not_often(void)
{
    struct hub hub = start("certificate-pending mail\n");
    int mails = 0;
    for (int i = 0; i < 100; i++) {
        record(&hub, (struct journal_line){.when = 100000 + i,
               .kind = EVENT_CERTIFICATE_PENDING});
        mails += flush(&hub, 100000 + i);
        while (flush(&hub, 100000 + i) > 0)
            take(&hub, "postmaster@a.test");
    }
    CU_ASSERT_EQUAL(mails, 5);
    CU_ASSERT_EQUAL(hub.muted, 1U << EVENT_CERTIFICATE_PENDING);
    CU_ASSERT_EQUAL(hub.due, 103600);
    CU_ASSERT_EQUAL(flush(&hub, 103600), 1);
    has(take(&hub, "postmaster@a.test"), "95 times");
    record(&hub, (struct journal_line){.when = 103700,
           .kind = EVENT_CERTIFICATE_PENDING});
    CU_ASSERT_EQUAL(flush(&hub, 103700), 1);
    CU_ASSERT_EQUAL(total(&hub, EVENT_CERTIFICATE_PENDING), 101);
    stop(&hub);
}

static void a_clock_that_jumps(void)
{
    struct hub hub = start("held digest 10\ncrl-failed mail\n");
    record(&hub, (struct journal_line){.when = 99502, .kind = EVENT_HELD});
    CU_ASSERT_EQUAL(flush(&hub, 99500), 0); /* came while we count */
    record(&hub, (struct journal_line){.when = 1LL << 40, .kind = EVENT_HELD,
           .about = "d.test"});
    CU_ASSERT_EQUAL(flush(&hub, 100000), 1);
    take(&hub, "postmaster@a.test");
    for (int i = 0; i < 5; i++) {
        record(&hub, (struct journal_line){.when = 200000 + i,
               .kind = EVENT_CRL_FAILED});
        CU_ASSERT_EQUAL(flush(&hub, 200000 + i), 1);
        take(&hub, "postmaster@a.test");
    }
    record(&hub, (struct journal_line){.when = 100, .kind = EVENT_CRL_FAILED});
    CU_ASSERT_EQUAL(flush(&hub, 100), 1); /* not only after two days */
    stop(&hub);
}

static void who_is_told(void)
{
    struct hub hub = start("held digest 10 \"administrator, sender\"\n"
                           "list-changed log\nown-certificate off\n");
    static const char *const senders[] = {
        "alice@a.test", "alice@a.test", "bob@b.test", "postmaster@a.test",
        "PostMaster@a.test", "", "alice@a.test.evil"};
    for (size_t i = 0; i < sizeof senders / sizeof senders[0]; i++)
        record(&hub, (struct journal_line){.when = 1000, .kind = EVENT_HELD,
               .sender = senders[i]});
    record(&hub, (struct journal_line){.when = 1000, .kind = EVENT_HELD,
           .sender = "carol@a.test", .quiet = 1});
    record(&hub, (struct journal_line){.when = 1000,
           .kind = EVENT_LIST_CHANGED});
    record(&hub, (struct journal_line){.when = 1000,
           .kind = EVENT_OWN_CERTIFICATE});
    CU_ASSERT_EQUAL(flush(&hub, 2000), 2); /* the administrator and Alice */
    CU_ASSERT_EQUAL(total(&hub, EVENT_HELD), 8);
    CU_ASSERT_EQUAL(total(&hub, EVENT_LIST_CHANGED), 1);
    CU_ASSERT_EQUAL(total(&hub, EVENT_OWN_CERTIFICATE), 1);
    CU_ASSERT_EQUAL(hub.due, 0);
    stop(&hub);
}

static void hostile_values(void)
{
    struct hub hub = start("held digest 10\n");
    record(&hub, (struct journal_line){.when = 1000, .kind = EVENT_HELD,
           .about = "x\nBcc: all@b.test\r\n\r\n\x1b[2J", .id = "\n.\n",
           .reason = "${hub} caf\xc3\xa9 \x07\nSubject: y"});
    CU_ASSERT_EQUAL(flush(&hub, 2000), 1);
    const char *mail = take(&hub, "postmaster@a.test");
    CU_ASSERT_PTR_NULL(strstr(mail, "\nBcc:"));
    CU_ASSERT_PTR_NULL(strstr(mail, "\nSubject: y"));
    CU_ASSERT_PTR_NULL(strchr(mail, '\x1b'));
    CU_ASSERT_PTR_NULL(strstr(mail, "\n.\n"));
    has(mail, "Auto-Submitted: auto-generated\n");
    has(mail, "From: postmaster@a.test\nTo: postmaster@a.test\n");
    has(mail, "${hub} caf");
    stop(&hub);
}

static void the_policy_changes(void)
{
    struct hub hub = start("held digest 10\n");
    record(&hub, (struct journal_line){.when = 1000, .kind = EVENT_HELD});
    CU_ASSERT_EQUAL(flush(&hub, 1001), 0);
    hub.policy->events[EVENT_HELD].how = NOTIFY_OFF;
    CU_ASSERT_EQUAL(flush(&hub, 5000), 0);
    CU_ASSERT_EQUAL(hub.due, 0);
    stop(&hub);
}

static int count_key(void *context, const struct der *key,
                     const struct der *value, struct failure *unused)
{
    (void)key, (void)value, (void)unused;
    ++*(size_t *)context;
    return 0;
}

/* How many messages are remembered. */
static size_t remembered(struct hub *hub)
{
    size_t count = 0;
    CU_ASSERT_EQUAL(state_begin(hub->state, STATE_READ, &why), 0);
    CU_ASSERT_EQUAL(state_end(hub->state,
                              state_each(hub->state, STATE_EVENTS, "m", 2,
                                         count_key, &count, &why), &why), 0);
    return count;
}

static void many_messages(void)
{
    struct hub hub = start("held digest 10\n");
    char key[] = "m\0held\0c.test\0" "0000000";
    size_t start_of_id = sizeof key - 8;
    CU_ASSERT_EQUAL_FATAL(state_begin(hub.state, STATE_WRITE, &why), 0);
    for (unsigned i = 0; i < EVENT_MESSAGES_MOST; i++) {
        snprintf(key + start_of_id, 8, "%07u", i);
        CU_ASSERT_EQUAL_FATAL(state_append(hub.state, STATE_EVENTS, key,
                                           sizeof key, "1000", 4, &why), 0);
    }
    CU_ASSERT_EQUAL_FATAL(state_end(hub.state, 0, &why), 0);
    record(&hub, (struct journal_line){.when = 1000, .kind = EVENT_HELD,
                                       .id = "0000001"});
    flush(&hub, 1000);
    CU_ASSERT_EQUAL(remembered(&hub), EVENT_MESSAGES_MOST);
    record(&hub, (struct journal_line){.when = 1000, .kind = EVENT_HELD,
                                       .id = "1000000"});
    flush(&hub, 1000);
    CU_ASSERT_EQUAL(remembered(&hub), 0);
    CU_ASSERT_EQUAL(total(&hub, EVENT_HELD), 1);
    stop(&hub);
}

static const struct unit_test tests[] = {
    {"2.12-principles: 10,000 events of many processes are one digest",
     a_storm_is_one_digest},
    {"2.12-principles: a message counts once, however often it is tried",
     a_message_counts_once},
    {"2.12-principles: messages that are remembered do not fill the state",
     many_messages},
    {"2.12-frequency: at once, but not often", at_once_but_not_often},
    {"2.12-frequency: a clock that jumps", a_clock_that_jumps},
    {"2.12-not-theirs: who is told", who_is_told},
    {"2.12-principles: hostile values in a digest", hostile_values},
    {"2.12-frequency: what the policy no longer wants is not told",
     the_policy_changes},
};
UNIT_SUITE(digest, tests)
