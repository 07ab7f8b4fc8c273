/* learn: see learn.h. */
#include "learn.h"

#include "capabilities.h"
#include "certificate.h"
#include "failure.h"
#include "gateway.h"
#include "known.h"
#include "pool.h"
#include "state.h"

static int note(struct pool *pool, const SECItem *der, int recipient,
                struct lessons *lessons, struct failure *why)
{
    for (size_t i = 0; i < lessons->count; i++)
        if (der_equal(&lessons->list[i].certificate, der->data, der->len))
            return 0;
    if (lessons->count == LESSONS_MOST)
        return 0;
    const void *copy = pool_copy(pool, der->data, der->len);
    if (!copy)
        return failure_memory(why);
    lessons->list[lessons->count++] =
        (struct lesson){{copy, der->len}, recipient};
    return 0;
}

int learn_note(struct pool *pool, const struct cms_signed *cms,
               const struct cms_signature *signature, struct lessons *lessons,
               struct failure *why)
{
    const CERTCertificate *preferred = cms_preferred(cms, signature);
    if (note(pool, &signature->certificate->derCert, 0, lessons, why) < 0)
        return -1;
    return preferred ? note(pool, &preferred->derCert, 1, lessons, why) : 0;
}

int learn_announced(struct pool *pool, const struct cms_signature *signature,
                    const char *who, const struct announcement **announced_r,
                    struct failure *why)
{
    struct announcement *announced = pool_alloc(pool, sizeof *announced);
    *announced_r = NULL;
    if (!announced || !(announced->who = pool_string(pool, who)))
        return failure_memory(why);
    announced->capabilities = (struct der){signature->capabilities,
                                           signature->capabilities_length};
    announced->signed_at = (long long)signature->signed_at;
    if (signature->capabilities)
        *announced_r = announced;
    return 0;
}

/* As it is kept. */
static struct capabilities capabilities_of(const struct gateway *gateway,
                                           const struct announcement *a)
{
    long long now = (long long)gateway->now;
    return (struct capabilities){a->capabilities,
                                 a->signed_at < now ? a->signed_at : now, now};
}

static int announced_news(struct gateway *gateway,
                          const struct announcement *announced,
                          struct failure *why)
{
    struct capabilities capabilities = capabilities_of(gateway, announced);
    if (gateway_state(gateway, why) < 0)
        return -1;
    return gateway->state ? capabilities_news(gateway->state, announced->who,
                                              &capabilities, why)
                          : 1;
}

static struct known known_of(const struct gateway *gateway,
                             const struct lesson *lesson, const char *where)
{
    return (struct known){.certificate = lesson->certificate,
                          .source = KNOWN_LEARNED,
                          .where = where,
                          .first = (long long)gateway->now,
                          .seen = (long long)gateway->now};
}

static int is_news(struct gateway *gateway, const struct lesson *lesson,
                   struct failure *why)
{
    struct known known = known_of(gateway, lesson, NULL);
    if (gateway_state(gateway, why) < 0)
        return -1;
    return gateway->state ? known_news(gateway->state, &known, why) : 1;
}

/* May it be kept? 1, 0, -1. */
static int is_good(struct gateway *gateway, const struct lesson *lesson,
                   const char *domain, struct failure *why)
{
    struct judge_request request = {
        .use = lesson->recipient ? JUDGE_ENCRYPT : JUDGE_VERIFY,
        .domain = domain};
    struct judgement judgement = {.status = JUDGE_BAD};
    CERTCertificate *certificate = cert_decode(&lesson->certificate);
    int rc = certificate ? gateway_judge(gateway, certificate, &request,
                                         &judgement, why) : 0;
    if (certificate)
        CERT_DestroyCertificate(certificate);
    return rc < 0 ? -1 : judgement.status == JUDGE_GOOD;
}

static int put(struct gateway *gateway, struct state *state,
               const struct lessons *lessons, const char *where,
               size_t *learned_r, struct failure *why)
{
    size_t most = (size_t)gateway->policy->settings.known_limit;
    if (known_room(state, lessons->count, most, why) < 0)
        return -1;
    for (size_t i = 0; i < lessons->count; i++) {
        struct known known = known_of(gateway, &lessons->list[i], where);
        int rc = known_put(state, &known, why);
        if (rc < 0)
            return -1;
        *learned_r += rc > 0;
    }
    if (!lessons->announced)
        return 0;
    struct capabilities capabilities =
        capabilities_of(gateway, lessons->announced);
    return capabilities_put(state, lessons->announced->who, &capabilities,
                            why) < 0
               ? -1
               : 0;
}

/* The state may be open once in a process: the reader's is closed before. */
static int write_state(struct gateway *gateway, const struct lessons *lessons,
                       const char *where, size_t *learned_r,
                       struct failure *why)
{
    struct state *state;
    if (gateway->state)
        state_close(&gateway->state);
    if (state_open(gateway->policy->settings.state, STATE_WRITE, &state,
                   why) < 0)
        return -1;
    int rc = state_begin(state, STATE_WRITE, why);
    if (rc == 0)
        rc = state_end(state, put(gateway, state, lessons, where, learned_r,
                                  why), why);
    state_close(&state);
    return rc;
}

int learn(struct gateway *gateway, const struct lessons *lessons,
          const char *domain, const char *where, size_t *learned_r,
          struct failure *why)
{
    struct lessons good = {.count = 0};
    *learned_r = 0;
    for (size_t i = 0; i < lessons->count; i++) {
        int rc = is_news(gateway, &lessons->list[i], why);
        if (rc > 0)
            rc = is_good(gateway, &lessons->list[i], domain, why);
        if (rc < 0)
            return -1;
        if (rc > 0)
            good.list[good.count++] = lessons->list[i];
    }
    if (lessons->announced) {
        int rc = announced_news(gateway, lessons->announced, why);
        if (rc < 0)
            return -1;
        good.announced = rc > 0 ? lessons->announced : NULL;
    }
    return good.count || good.announced
               ? write_state(gateway, &good, where, learned_r, why)
               : 0;
}
