/* dns_read: an answer that has come; see dns.h. */
#include "dns.h"

#include "failure.h"
#include "pool.h"

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>
#include <strings.h>

#define SRV_HEAD 6  /* priority, weight, port */
#define ALIASES_MOST 8

struct reading {
    struct pool *pool;
    enum dns_type type;
    char name[DNS_NAME_MOST]; /* whose records are taken: an alias leads on */
    unsigned aliases;
    struct dns_answer *answer;
    struct failure *why;
};

static int odd(struct reading *reading, const char *what)
{
    return failure(reading->why, FAILURE_NETWORK, "DNS, %.200s: %s",
                   reading->name, what);
}

static int check_question(struct reading *reading, ns_msg *message)
{
    ns_rr question;
    if (ns_msg_count(*message, ns_s_qd) != 1 ||
        ns_parserr(message, ns_s_qd, 0, &question) != 0 ||
        (int)ns_rr_type(question) != (int)reading->type ||
        ns_rr_class(question) != ns_c_in ||
        strcasecmp(ns_rr_name(question), reading->name) != 0)
        return odd(reading, "the answer is to another question");
    return 0;
}

/* 1 = there are records; 0 = there is no such name; -1. */
static int check_head(struct reading *reading, ns_msg *message, unsigned id)
{
    int code = ns_msg_getflag(*message, ns_f_rcode);
    if (ns_msg_id(*message) != id || !ns_msg_getflag(*message, ns_f_qr) ||
        ns_msg_getflag(*message, ns_f_opcode) != ns_o_query)
        return odd(reading, "that is no answer to us");
    if (ns_msg_getflag(*message, ns_f_tc))
        return odd(reading, "the answer is cut short");
    if (code != ns_r_noerror && code != ns_r_nxdomain)
        return failure(reading->why, FAILURE_NETWORK,
                       "DNS, %.200s: the resolver answers with error %d",
                       reading->name, code);
    if (check_question(reading, message) < 0)
        return -1;
    reading->answer->authenticated = ns_msg_getflag(*message, ns_f_ad);
    return code == ns_r_noerror;
}

static int follow_alias(struct reading *reading, const ns_msg *message,
                        const ns_rr *rr)
{
    if (++reading->aliases > ALIASES_MOST)
        return odd(reading, "too many aliases");
    if (dn_expand(ns_msg_base(*message), ns_msg_end(*message), ns_rr_rdata(*rr),
                  reading->name, sizeof reading->name) < 0)
        return odd(reading, "the answer cannot be read");
    return 0;
}

static int read_target(struct reading *reading, const ns_msg *message,
                       const ns_rr *rr, struct dns_record *record)
{
    char target[DNS_NAME_MOST];
    if (ns_rr_rdlen(*rr) <= SRV_HEAD ||
        dn_expand(ns_msg_base(*message), ns_msg_end(*message),
                  ns_rr_rdata(*rr) + SRV_HEAD, target, sizeof target) !=
            ns_rr_rdlen(*rr) - SRV_HEAD)
        return odd(reading, "the answer cannot be read");
    record->target = pool_string(reading->pool, target);
    return record->target ? 0 : failure_memory(reading->why);
}

static int take(struct reading *reading, const ns_msg *message,
                const ns_rr *rr)
{
    struct dns_answer *answer = reading->answer;
    if (answer->count == DNS_RECORDS_MOST)
        return failure(reading->why, FAILURE_LIMIT,
                       "DNS, %.200s: more than %d records", reading->name,
                       DNS_RECORDS_MOST);
    struct dns_record *record = &answer->records[answer->count];
    record->length = ns_rr_rdlen(*rr);
    record->data = pool_copy(reading->pool, ns_rr_rdata(*rr), record->length);
    if (!record->data)
        return failure_memory(reading->why);
    if (reading->type == DNS_SRV &&
        read_target(reading, message, rr, record) < 0)
        return -1;
    answer->count++;
    return 0;
}

static int read_records(struct reading *reading, ns_msg *message)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < ns_msg_count(*message, ns_s_an); i++) {
        ns_rr rr;
        if (ns_parserr(message, ns_s_an, i, &rr) != 0)
            return odd(reading, "the answer cannot be read");
        if (ns_rr_class(rr) != ns_c_in ||
            strcasecmp(ns_rr_name(rr), reading->name) != 0)
            continue;
        if (ns_rr_type(rr) == ns_t_cname)
            rc = follow_alias(reading, message, &rr);
        else if ((int)ns_rr_type(rr) == (int)reading->type)
            rc = take(reading, message, &rr);
    }
    return rc;
}

int dns_read(struct pool *pool, const unsigned char *data, size_t length,
             unsigned id, const char *name, enum dns_type type,
             struct dns_answer *answer_r, struct failure *why)
{
    struct reading reading = {
        .pool = pool, .type = type, .answer = answer_r, .why = why};
    ns_msg message;
    memset(answer_r, 0, sizeof *answer_r);
    if (strlen(name) >= sizeof reading.name)
        return failure(why, FAILURE_USAGE, "%.100s...: no name for DNS", name);
    memcpy(reading.name, name, strlen(name) + 1);
    if (length > DNS_MESSAGE_MOST ||
        ns_initparse(data, (int)length, &message) != 0)
        return odd(&reading, "the answer cannot be read");
    int rc = check_head(&reading, &message, id);
    if (rc > 0)
        rc = read_records(&reading, &message);
    if (rc < 0)
        memset(answer_r, 0, sizeof *answer_r);
    return rc;
}
