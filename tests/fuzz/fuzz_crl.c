/* fuzz_crl: CRLs, distribution points and names from strangers. */
#include "buffer.h"
#include "cms_oids.h"
#include "crl.h"
#include "extension.h"
#include "failure.h"
#include "pool.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_crl(const struct der *in)
{
    struct crl crl;
    struct crl_walk walk;
    struct crl_entry entry;
    struct failure why;
    if (crl_read(in, &crl, &why) < 0)
        return;
    crl_walk(&crl, &walk);
    while (crl_walk_next(&walk, &entry, &why) > 0)
        ;
}

/* Each point against a scope that is made of the same bytes. */
static void read_points(struct pool *pool, const struct der *in)
{
    struct crl_point *points;
    struct crl_scope scope = {.name = *in};
    struct der name;
    const char *const *urls = NULL;
    size_t count, url_count = 0;
    if (crl_points_read(pool, in, &points, &count) <= 0)
        return;
    for (size_t i = 0; i < count; i++) {
        crl_point_urls(pool, &points[i], &urls, &url_count);
        scope.name = points[0].name;
        crl_points_match(&points[i], in, &scope, in);
        if (crl_point_issuer(&points[i], &name))
            crl_point_names(&points[i], &name);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool *pool = pool_new();
    struct buffer form = {0};
    struct crl_scope scope;
    struct extension found;
    struct der in = {data + 1, size ? size - 1 : 0};
    switch (size ? data[0] % 5 : 0) {
    case 0:
        read_crl(&in);
        break;
    case 1:
        read_points(pool, &in);
        break;
    case 2:
        crl_scope_read(&in, &scope);
        break;
    case 3:
        name_canonical(&in, &form);
        break;
    default:
        extension_of(&in, OID(CE_CRL_POINTS), &found);
    }
    buffer_free(&form);
    pool_free(&pool);
    return 0;
}
