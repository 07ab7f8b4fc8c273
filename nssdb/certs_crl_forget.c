/* seemail-certs crl forget */
#include "certs_crl.h"

#include "crl_index.h"
#include "crl_source.h"
#include "failure.h"
#include "pool.h"
#include "revocation_text.h"
#include "state.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

int certs_crl_matches(struct pool *pool, const struct crl_record *record,
                      const char *text)
{
    const char *issuer = revocation_name(pool, &record->issuer);
    return (issuer && strcasestr(issuer, text) != NULL) ||
           der_equal(&record->where, text, strlen(text));
}

static int forget(struct certs *certs, struct state *state, const char *text,
                  size_t *count_r, struct failure *why)
{
    struct crl_record *records;
    size_t count;
    if (crl_index_find(state, certs->pool, NULL, &records, &count, why) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (!certs_crl_matches(certs->pool, &records[i], text))
            continue;
        if (crl_index_forget(state, &records[i], why) < 0)
            return -1;
        (*count_r)++;
    }
    int rc = crl_source_forget(state, text, why);
    *count_r += rc > 0;
    return rc < 0 ? -1 : 0;
}

int certs_crl_forget(struct certs *certs, struct state *state,
                     const char *text)
{
    struct failure why = {0};
    size_t count = 0;
    if (state_begin(state, STATE_WRITE, &why) < 0 ||
        state_end(state, forget(certs, state, text, &count, &why), &why) < 0)
        return certs_complain(&why);
    if (!certs->json)
        printf("%zu forgotten\n", count);
    else
        printf("{\"forgotten\":%zu}\n", count);
    return count ? EX_OK : EX_UNAVAILABLE;
}
