/* tally: see tally.h. */
#include "tally.h"

#include "buffer.h"
#include "decide.h"
#include "failure.h"
#include "file.h"
#include "interface.h"
#include "maillog.h"
#include "pool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define VERSION "seemail metrics 1"
#define BYTES_MOST (1 << 20)
#define RECIPIENTS_MOST 100000 /* of a line: more is no number of ours */
#define CHECKED 256 /* bytes before the place that the check sum is of */

struct place {
    long long offset;
    unsigned long check;
};

/* Where they are counted: a new counter, while there are not too many. */
static void count_many(struct tally *tally, const char *name, const char *key,
                       const char *value, long long many)
{
    char labels[200] = "";
    if (key)
        snprintf(labels, sizeof labels, "{%s=\"%s\"}", key, value);
    for (size_t i = 0; i < tally->count; i++) {
        struct tally_counter *counter = &tally->counters[i];
        if (strcmp(counter->name, name) == 0 &&
            strcmp(counter->labels, labels) == 0) {
            counter->value += many;
            return;
        }
    }
    const char *kept = tally->count < TALLY_COUNTERS_MOST
                           ? pool_string(tally->pool, labels) : NULL;
    if (kept)
        tally->counters[tally->count++] =
            (struct tally_counter){name, kept, many};
}

static void count(struct tally *tally, const char *name, const char *key,
                  const char *value)
{
    count_many(tally, name, key, value, 1);
}

/* Words of our own alone: what others write makes no counters. */
static int is_word(const char *text)
{
    return *text &&
           !text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")];
}

static void count_decision(struct tally *tally,
                           const struct maillog_line *line)
{
    char value[100];
    if (maillog_field(line, LOG_AGAIN, value, sizeof value))
        return; /* it was counted */
    if (maillog_field(line, LOG_FAILURE, value, sizeof value)) {
        count(tally, "seemail_failures_total", LOG_FAILURE,
              is_word(value) ? value : "other");
        return;
    }
    if (maillog_field(line, LOG_DIRECTION, value, sizeof value))
        count(tally, "seemail_messages_total", LOG_DIRECTION,
              is_word(value) ? value : "other");
    if (maillog_field(line, LOG_VERDICT, value, sizeof value))
        count(tally, "seemail_verdicts_total", LOG_VERDICT,
              is_word(value) ? value : "other");
    if (maillog_field(line, LOG_MARKING, value, sizeof value))
        count(tally, "seemail_marked_total", NULL, NULL);
    for (int class = 0; class < CLASSES; class++) {
        const char *word = class_word((enum recipient_class)class);
        if (!maillog_field(line, word, value, sizeof value))
            continue;
        long many = strtol(value, NULL, 10);
        if (many > 0 && many <= RECIPIENTS_MOST)
            count_many(tally, "seemail_recipients_total", "class", word, many);
    }
}

/* By the transport: how it went. */
static void count_delivery(struct tally *tally,
                           const struct maillog_line *line)
{
    static const struct { const char *transport, *how; } hows[] = {
        {"seemail_seal", "sealed"}, {"seemail_seal_person", "sealed-person"},
        {"seemail_open", "opened"}, {"seemail_inside", "inside"}};
    char transport[100];
    const char *how = "other";
    maillog_field(line, "T", transport, sizeof transport);
    for (size_t i = 0; i < sizeof hows / sizeof hows[0]; i++)
        if (strcmp(transport, hows[i].transport) == 0)
            how = hows[i].how;
    count(tally, "seemail_deliveries_total", "how", how);
}

static int count_line(void *context, const struct maillog_line *line)
{
    struct tally *tally = context;
    if (line->kind == MAILLOG_DECIDED)
        count_decision(tally, line);
    else if (line->kind == MAILLOG_DELIVERED)
        count_delivery(tally, line);
    else if (line->kind == MAILLOG_DEFERRED)
        count(tally, "seemail_deferrals_total", NULL, NULL);
    else if (line->kind == MAILLOG_FAILED)
        count(tally, "seemail_bounces_total", NULL, NULL);
    return 0;
}

static int take_counter(struct tally *tally, char *line)
{
    char *space = strrchr(line, ' '), *brace, *end;
    if (!space || tally->count == TALLY_COUNTERS_MOST)
        return -1;
    *space = '\0';
    long long value = strtoll(space + 1, &end, 10);
    brace = strchr(line, '{');
    struct tally_counter *counter = &tally->counters[tally->count];
    counter->name = pool_substring(tally->pool, line, strcspn(line, "{"));
    counter->labels = pool_string(tally->pool, brace ? brace : "");
    counter->value = value;
    if (!counter->name || !counter->labels || *end || value < 0)
        return -1;
    tally->count++;
    return 0;
}

/* What is damaged is begun anew: a counter that goes back to 0 is something
 * that those who read it can deal with. */
static void load(struct tally *tally, const char *path, struct place *place)
{
    struct buffer text = {0};
    char *save = NULL;
    *place = (struct place){0, 0};
    int good = access(path, F_OK) == 0 &&
               file_read(path, FILE_GUARDED, BYTES_MOST, FAILURE_STATE, &text,
                         NULL) == 0 && text.length;
    char *line = good ? strtok_r(text.data, "\n", &save) : NULL;
    good = line && strcmp(line, VERSION) == 0 &&
           (line = strtok_r(NULL, "\n", &save)) &&
           sscanf(line, "%lld %lx", &place->offset, &place->check) == 2 &&
           place->offset >= 0;
    while (good && (line = strtok_r(NULL, "\n", &save)))
        good = take_counter(tally, line) == 0;
    if (!good) {
        tally->count = 0;
        *place = (struct place){0, 0};
    }
    buffer_free(&text);
}

/* Of the last bytes before an offset; 1, 0 = the file is shorter. */
static int check_sum(const char *path, long long offset, unsigned long *sum_r)
{
    unsigned char data[CHECKED];
    long long from = offset > CHECKED ? offset - CHECKED : 0;
    size_t length = (size_t)(offset - from);
    gzFile file = gzopen(path, "rbe"); /* an old log may be packed */
    int got = file && gzseek(file, (off_t)from, SEEK_SET) >= 0
                  ? gzread(file, data, (unsigned)length) : -1;
    if (file)
        gzclose(file);
    *sum_r = crc32(0, data, got > 0 ? (unsigned)got : 0);
    return got == (int)length;
}

static int is_there(const char *path, const struct place *place)
{
    unsigned long sum;
    return check_sum(path, place->offset, &sum) && sum == place->check;
}

/* The rest of the log that was rotated meanwhile, and then the log; as long
 * as there is no new one, the place is in the old one. */
static int read_on(struct tally *tally, const char *log, struct place *place,
                   struct failure *why)
{
    off_t end = 0;
    char old[4096];
    if (place->offset && !is_there(log, place)) {
        if (maillog_old(log, 1, old, sizeof old) && is_there(old, place)) {
            if (maillog_follow(old, (off_t)place->offset, &end, count_line,
                               tally, why) < 0)
                return -1;
            if (access(log, F_OK) < 0) {
                place->offset = (long long)end;
                check_sum(old, place->offset, &place->check);
                return 0;
            }
        } else {
            count(tally, "seemail_log_gaps_total", NULL, NULL);
        }
        place->offset = 0;
    }
    if (maillog_follow(log, (off_t)place->offset, &end, count_line, tally,
                       why) < 0)
        return -1;
    place->offset = (long long)end;
    check_sum(log, place->offset, &place->check);
    return 0;
}

static int keep(const struct tally *tally, const char *path,
                const struct place *place, struct failure *why)
{
    struct buffer text = {0};
    buffer_format(&text, VERSION "\n%lld %lx\n", place->offset, place->check);
    for (size_t i = 0; i < tally->count; i++)
        buffer_format(&text, "%s%s %lld\n", tally->counters[i].name,
                      tally->counters[i].labels, tally->counters[i].value);
    int rc = text.failed ? failure_memory(why)
                         : file_replace(path, text.data, text.length, 0600,
                                        FAILURE_STATE, why);
    buffer_free(&text);
    return rc;
}

/* Whoever was the first, root too: the hub is the next. */
static int lock(const char *path, struct failure *why)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX) == 0 && file_hand_over(fd, path) == 0)
        return fd;
    failure_errno(why, FAILURE_STATE, errno, "%s", path);
    if (fd >= 0)
        close(fd);
    return -1;
}

int tally_update(struct tally *tally, const char *state, const char *log,
                 struct failure *why)
{
    struct place place;
    const char *path = pool_format(tally->pool, "%s/metrics", state);
    const char *lock_path = pool_format(tally->pool, "%s/metrics.lock", state);
    if (!path || !lock_path)
        return failure_memory(why);
    int fd = lock(lock_path, why);
    if (fd < 0)
        return -1;
    load(tally, path, &place);
    int rc = read_on(tally, log, &place, why);
    if (rc == 0)
        rc = keep(tally, path, &place, why);
    close(fd);
    return rc;
}
