/* traffic: see traffic.h. */
#include "traffic.h"

#include "decide.h"
#include "failure.h"
#include "interface.h"
#include "maillog.h"
#include "pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OLD_LOGS 100
#define RECENT 4096 /* decisions whose line of arrival has not come yet */
#define SLOTS 1024  /* of the hash of partners: a power of 2 */

struct recent {
    char id[SPOOL_ID_MOST];
    enum traffic_kind kind;
};

struct reading {
    struct traffic *traffic;
    struct recent *recent;
    size_t at;
    unsigned short slots[SLOTS]; /* index + 1 into partners */
};

static struct traffic_day *day_of(struct traffic *traffic, const char *stamp)
{
    for (size_t i = traffic->day_count; i-- > 0;)
        if (strncmp(traffic->days[i].date, stamp, 10) == 0)
            return &traffic->days[i];
    return NULL;
}

static struct traffic_partner *find(struct reading *r, const char *domain)
{
    struct traffic *traffic = r->traffic;
    unsigned hash = 5381;
    for (const char *at = domain; *at; at++)
        hash = hash * 33 ^ (unsigned char)*at;
    for (size_t i = 0; i < SLOTS; i++) {
        unsigned short *slot = &r->slots[(hash + i) & (SLOTS - 1)];
        if (*slot && strcmp(traffic->partners[*slot - 1].domain, domain) == 0)
            return &traffic->partners[*slot - 1];
        if (*slot)
            continue;
        if (traffic->partner_count == TRAFFIC_PARTNERS_MOST)
            break;
        struct traffic_partner *partner =
            &traffic->partners[traffic->partner_count++];
        snprintf(partner->domain, sizeof partner->domain, "%s", domain);
        *slot = (unsigned short)traffic->partner_count;
        return partner;
    }
    return &traffic->others;
}

static void count_partner(struct reading *r, const struct maillog_line *line,
                          enum traffic_kind kind)
{
    char address[1000], domain[256];
    maillog_address(line, address, sizeof address);
    const char *at = strrchr(address, '@');
    size_t i = 0;
    for (at = at ? at + 1 : ""; at[i] && i < sizeof domain - 1; i++)
        domain[i] = (char)(at[i] >= 'A' && at[i] <= 'Z' ? at[i] + 32 : at[i]);
    domain[i] = '\0';
    find(r, *domain ? domain : TRAFFIC_NOBODY)->counts[kind]++;
}

static void count(struct reading *r, struct traffic_day *day,
                  enum traffic_kind kind)
{
    day->counts[kind]++;
    r->traffic->sum[kind]++;
}

static void take_decision(struct reading *r, struct traffic_day *day,
                          const struct maillog_line *line)
{
    char direction[20], verdict[40], value[20];
    maillog_field(line, LOG_DIRECTION, direction, sizeof direction);
    if (maillog_field(line, LOG_FAILURE, value, sizeof value) ||
        maillog_field(line, LOG_REFUSED, value, sizeof value))
        count(r, day, TRAFFIC_REFUSED);
    struct recent *recent = &r->recent[r->at++ % RECENT];
    snprintf(recent->id, sizeof recent->id, "%s", line->id);
    recent->kind = TRAFFIC_KINDS;
    if (strcmp(direction, direction_word(DIRECTION_OUTSIDE)) != 0)
        return;
    maillog_field(line, LOG_VERDICT, verdict, sizeof verdict);
    int found = verdict_find(verdict);
    enum traffic_kind kind = found == VERDICT_GOOD   ? TRAFFIC_VERIFIED
                             : found <= VERDICT_NONE ? TRAFFIC_PLAIN_IN
                                                     : TRAFFIC_WARNED;
    if (found >= 0)
        r->traffic->verdicts[found]++;
    count(r, day, kind);
    recent->kind = kind;
}

/* Only now the sender is known. */
static void take_arrival(struct reading *r, const struct maillog_line *line)
{
    for (size_t i = 0; i < RECENT && i < r->at; i++) {
        struct recent *recent = &r->recent[(r->at - 1 - i) % RECENT];
        if (strcmp(recent->id, line->id) != 0)
            continue;
        if (recent->kind == TRAFFIC_VERIFIED || recent->kind == TRAFFIC_WARNED)
            count_partner(r, line, recent->kind);
        *recent->id = '\0';
        return;
    }
}

static void take_delivery(struct reading *r, struct traffic_day *day,
                          const struct maillog_line *line)
{
    char transport[64];
    maillog_field(line, "T", transport, sizeof transport);
    if (line->copy)
        return;
    if (strcmp(transport, "seemail_seal") == 0 ||
        strcmp(transport, "seemail_seal_person") == 0) {
        count(r, day, TRAFFIC_SEALED);
        count_partner(r, line, TRAFFIC_SEALED);
    } else if (*transport && strncmp(transport, "seemail_", 8) != 0) {
        count(r, day, TRAFFIC_PLAIN_OUT);
    }
}

static int take(void *context, const struct maillog_line *line)
{
    struct reading *r = context;
    struct traffic_day *day = day_of(r->traffic, line->stamp);
    if (!day)
        return 0;
    if (line->kind == MAILLOG_DECIDED)
        take_decision(r, day, line);
    else if (line->kind == MAILLOG_ARRIVED)
        take_arrival(r, line);
    else if (line->kind == MAILLOG_DELIVERED)
        take_delivery(r, day, line);
    return 0;
}

static size_t total(const struct traffic_partner *partner)
{
    size_t sum = 0;
    for (size_t i = 0; i < TRAFFIC_KINDS; i++)
        sum += partner->counts[i];
    return sum;
}

static int busiest(const void *a, const void *b)
{
    const struct traffic_partner *x = a, *y = b;
    if (total(x) != total(y))
        return total(x) > total(y) ? -1 : 1;
    return strcmp(x->domain, y->domain);
}

/* Noon is in the same day whatever summer time does. */
static void name_days(struct traffic *traffic, size_t days, time_t now)
{
    struct tm tm;
    traffic->day_count = days < TRAFFIC_DAYS_MOST ? days : TRAFFIC_DAYS_MOST;
    for (size_t i = 0; i < traffic->day_count; i++) {
        if (!localtime_r(&now, &tm))
            continue;
        tm.tm_mday -= (int)(traffic->day_count - 1 - i);
        tm.tm_hour = 12;
        tm.tm_isdst = -1;
        mktime(&tm);
        strftime(traffic->days[i].date, sizeof traffic->days[i].date,
                 "%Y-%m-%d", &tm);
    }
}

int traffic_read(struct pool *pool, const char *log, size_t days, time_t now,
                 struct traffic **traffic_r, struct failure *why)
{
    struct traffic *traffic = pool_alloc(pool, sizeof *traffic);
    struct reading *r = pool_alloc(pool, sizeof *r);
    if (!traffic || !r ||
        !(r->recent = pool_array(pool, RECENT, sizeof *r->recent)) ||
        !(traffic->partners = pool_array(pool, TRAFFIC_PARTNERS_MOST,
                                         sizeof *traffic->partners)))
        return failure_memory(why);
    r->traffic = traffic;
    name_days(traffic, days, now);
    if (maillog_each(log, OLD_LOGS, take, r, why) < 0)
        return -1;
    qsort(traffic->partners, traffic->partner_count,
          sizeof *traffic->partners, busiest);
    *traffic_r = traffic;
    return 0;
}
