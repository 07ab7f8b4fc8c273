/* event: recorded by many processes at once, and counted once. */
#include "unit.h"

#include "event.h"
#include "event_journal.h"
#include "failure.h"
#include "policy.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WRITERS 8
#define EACH 500

static struct failure why;

static struct journal_line line_of(const char *about)
{
    return (struct journal_line){.when = 1000, .kind = EVENT_HELD,
                                 .id = "1abc", .sender = "", .about = about,
                                 .reason = "no certificate"};
}

static int count(void *context, const struct journal_line *line,
                 struct failure *unused)
{
    (void)unused;
    size_t *seen = context;
    if (line->kind == EVENT_HELD && strcmp(line->reason, "no certificate") == 0)
        ++*seen;
    return 0;
}

static void many_writers(void)
{
    char *folder = scratch_new(), name[JOURNAL_NAME];
    size_t seen = 0;
    int status, lock, running = WRITERS;
    for (int w = 0; w < WRITERS; w++)
        if (fork() == 0) {
            struct journal_line line = line_of("c.test");
            for (int i = 0; i < EACH; i++)
                if (journal_append(folder, &line, NULL) < 0)
                    _exit(1);
            _exit(0);
        }
    CU_ASSERT_EQUAL(journal_lock(folder, 0, &lock, &why), 1);
    while (running > 0 || journal_waits(folder)) {
        while (running > 0 && waitpid(-1, &status, WNOHANG) > 0) {
            CU_ASSERT_EQUAL(status, 0);
            running--;
        }
        if (journal_take(folder, name, &why) > 0) {
            CU_ASSERT_EQUAL(journal_each(folder, count, &seen, &why), 0);
            CU_ASSERT_EQUAL(journal_done(folder, &why), 0);
        }
    }
    CU_ASSERT_EQUAL(seen, WRITERS * EACH);
    close(lock);
    scratch_free(&folder);
}

static void taken_again(void)
{
    char *folder = scratch_new(), first[JOURNAL_NAME], again[JOURNAL_NAME];
    struct journal_line line = line_of("c.test");
    size_t seen = 0;
    int one, two;
    CU_ASSERT_EQUAL(journal_take(folder, first, &why), 0);
    CU_ASSERT_FALSE(journal_waits(folder));
    CU_ASSERT_EQUAL(journal_append(folder, &line, &why), 0);
    CU_ASSERT_EQUAL(journal_lock(folder, 0, &one, &why), 1);
    CU_ASSERT_EQUAL(journal_lock(folder, 0, &two, &why), 0);
    close(one);
    CU_ASSERT_EQUAL(journal_lock(folder, 0, &one, &why), 1);
    CU_ASSERT_EQUAL(journal_take(folder, first, &why), 1);
    journal_append(folder, &line, &why);
    CU_ASSERT_EQUAL(journal_take(folder, again, &why), 1);
    CU_ASSERT_STRING_EQUAL(first, again); /* as if we had been killed */
    CU_ASSERT_EQUAL(journal_each(folder, count, &seen, &why), 0);
    CU_ASSERT_EQUAL(seen, 1);
    CU_ASSERT_EQUAL(journal_done(folder, &why), 0);
    CU_ASSERT_EQUAL(journal_take(folder, again, &why), 1);
    CU_ASSERT_STRING_NOT_EQUAL(first, again);
    close(one);
    scratch_free(&folder);
}

static void hostile_values(void)
{
    char *folder = scratch_new(), name[JOURNAL_NAME], long_text[3000];
    struct journal_line line = line_of("x\ty\n1\theld\t0\t\t\t\t\t.\n\x1b[2J");
    size_t seen = 0;
    memset(long_text, 'a', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    CU_ASSERT_EQUAL(journal_append(folder, &line, &why), 0);
    line.about = line.id = line.sender = long_text;
    CU_ASSERT_EQUAL(journal_append(folder, &line, &why), 0);
    CU_ASSERT_EQUAL(journal_take(folder, name, &why), 1);
    CU_ASSERT_EQUAL(journal_each(folder, count, &seen, &why), 0);
    CU_ASSERT_EQUAL(seen, 2);
    scratch_write(folder, "events.taken",
                  "\n1000\theld\t0\t1a\t\tc\tno certificate\t.\n"
                  "\n1000\theld\t0\t1a\t\tc\tno cert" /* a full disk */
                  "\n1000\theld\t0\t1a\t\tc\tno certificate\t.\n"
                  "\n1000\tnonsense\t0\t1a\t\tc\tno certificate\t.\n"
                  "\n\n\t\t\t\t\t\t\t\t\t\t\n.\nx");
    seen = 0;
    CU_ASSERT_EQUAL(journal_each(folder, count, &seen, &why), 0);
    CU_ASSERT_EQUAL(seen, 2);
    scratch_free(&folder);
}

static void when_it_is_due(void)
{
    char *folder = scratch_new();
    long long due = 1;
    unsigned muted = 1;
    journal_due(folder, &due, &muted);
    CU_ASSERT_EQUAL(due, 0);
    CU_ASSERT_EQUAL(muted, 0);
    CU_ASSERT_EQUAL(journal_set_due(folder, 1234567890123, 1 << EVENT_FAILED,
                                    &why), 0);
    journal_due(folder, &due, &muted);
    CU_ASSERT_EQUAL(due, 1234567890123);
    CU_ASSERT_EQUAL(muted, 1 << EVENT_FAILED);
    scratch_free(&folder);
}

/* Without a folder, the log has the event, and why it is not kept. */
static void not_kept(void)
{
    struct policy *policy = calloc(1, sizeof *policy);
    struct event event = {.kind = EVENT_HELD, .about = "c.test",
                          .reason = "no certificate"};
    char *folder = scratch_new(), log[300], text[1000] = "";
    snprintf(log, sizeof log, "%s/log", folder);
    policy->settings.state = "/nonexistent/state";
    policy->settings.log = log;
    policy->folder = folder;
    policy->events[EVENT_HELD].how = NOTIFY_OFF;
    event_record(policy, &event);
    FILE *file = fopen(log, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "event=held about=c.test "
                                        "failure=state reason=\"no cert"));
    free(policy);
    scratch_free(&folder);
}

static const struct unit_test tests[] = {
    {"2.12-principles: events of many processes are kept once", many_writers},
    {"1.3-notify: what was taken over is not lost by a crash", taken_again},
    {"1.3-notify: hostile values do not make events", hostile_values},
    {"2.12-frequency: when it is time to count", when_it_is_due},
    {"1.2-suspend: an event that cannot be kept is logged", not_kept},
};
UNIT_SUITE(event, tests)
