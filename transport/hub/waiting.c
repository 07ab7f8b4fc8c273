/* waiting: see waiting.h. */
#include "waiting.h"

#include "failure.h"
#include "pool.h"

static int add(struct waiting *waiting, const struct spool *spool,
               const struct spool_id *id, struct failure *why)
{
    struct pool *pool = pool_new();
    struct spool_message message;
    struct failure broken = {0};
    if (!pool)
        return failure_memory(why);
    int rc = spool_read(spool, id, pool, &message, &broken);
    if (rc > 0) {
        waiting->count++;
        for (size_t i = 0; i < held_reason_count && i < WAITING_REASONS_MOST;
             i++)
            waiting->by_reason[i] +=
                (size_t)held_by(&message, &held_reasons[i]);
        if (!waiting->oldest || message.received < waiting->oldest)
            waiting->oldest = message.received;
    }
    waiting->damaged += rc < 0;
    pool_free(&pool);
    return 0;
}

int waiting_count(const struct exim *exim, struct pool *pool,
                  struct waiting *waiting_r, struct failure *why)
{
    struct spool spool;
    *waiting_r = (struct waiting){.spool = ""};
    if (exim_option(exim, pool, "spool_directory", &waiting_r->spool, why) < 0 ||
        spool_open(waiting_r->spool, &spool, why) < 0)
        return -1;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < spool.count; i++)
        rc = add(waiting_r, &spool, &spool.ids[i], why);
    spool_close(&spool);
    return rc;
}
