/* seemail-certs export: partners' certificates into a file. */
#include "buffer.h"
#include "bundle.h"
#include "certs.h"
#include "choose.h"
#include "failure.h"
#include "file.h"
#include "json.h"
#include "keystore.h"
#include "known.h"
#include "pem.h"
#include "policy.h"
#include "pool.h"
#include "state.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum format { FORMAT_PEM, FORMAT_DER, FORMAT_P7C };

struct export {
    struct certs *certs;
    enum format format;
    struct der *list;
    size_t count, room;
};

static int add(void *context, const struct known *known, struct failure *why)
{
    struct export *export = context;
    struct pool *pool = export->certs->pool;
    if (export->count == export->room) {
        size_t room = export->room ? export->room * 2 : 64;
        struct der *grown = pool_array(pool, room, sizeof *grown);
        if (!grown)
            return failure_memory(why);
        if (export->count)
            memcpy(grown, export->list, export->count * sizeof *grown);
        export->list = grown;
        export->room = room;
    }
    const struct der *der = &known->certificate;
    const void *copy = pool_copy(pool, der->data, der->length);
    if (!copy)
        return failure_memory(why);
    export->list[export->count++] = (struct der){copy, der->length};
    return 0;
}

/* Those of an address, pinned ones too, the best first; or all that are in
 * the state. */
static int collect(struct export *export, struct state *state,
                   const char *address, struct failure *why)
{
    const struct settings *settings = &export->certs->policy->settings;
    struct keystore *keystore;
    struct known *known;
    size_t count = 0;
    if (!address)
        return known_each(state, add, export, why);
    if (keystore_open(settings->nssdb, settings->nssdb_password, &keystore,
                      why) < 0)
        return -1;
    int rc = choose_candidates(keystore, state, export->certs->pool, address,
                               &known, &count, why);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = add(export, &known[i], why);
    keystore_close(&keystore);
    return rc;
}

static void write_format(const struct export *export, struct buffer *out)
{
    if (export->format == FORMAT_P7C)
        bundle_put_p7c(out, export->list, export->count);
    for (size_t i = 0; export->format != FORMAT_P7C && i < export->count; i++)
        if (export->format == FORMAT_PEM)
            pem_put(out, "CERTIFICATE", export->list[i].data,
                    export->list[i].length);
        else
            buffer_append(out, export->list[i].data, export->list[i].length);
}

static int deliver(const struct export *export, const char *path,
                   struct failure *why)
{
    struct buffer out = {0};
    int rc = 0;
    write_format(export, &out);
    if (out.failed)
        rc = failure_memory(why);
    else if (strcmp(path, "-") == 0)
        fwrite(out.data, 1, out.length, stdout);
    else
        rc = file_replace(path, out.data, out.length, 0644, FAILURE_DISK, why);
    buffer_free(&out);
    return rc;
}

static int export_to(struct export *export, const char *address,
                     const char *path)
{
    struct state *state;
    struct failure why = {0};
    int status = EX_OK;
    if (certs_state(export->certs, &state, &status) < 0)
        return status;
    int rc = collect(export, state, address, &why);
    state_close(&state);
    if (rc == 0 && export->count == 0) {
        fprintf(stderr, "seemail-certs: none is known%s%s\n",
                address ? " for " : "", address ? address : "");
        return EX_UNAVAILABLE;
    }
    if (rc == 0 && export->format == FORMAT_DER && export->count > 1) {
        fprintf(stderr, "seemail-certs: there are %zu: --der is for one, "
                        "--p7c and --pem for several\n", export->count);
        return EX_USAGE;
    }
    if (rc == 0)
        rc = deliver(export, path, &why);
    if (rc < 0)
        return certs_complain(&why);
    struct buffer json = {0};
    json_open(&json, NULL, '{');
    json_text(&json, "file", path);
    json_number(&json, "certificates", (long long)export->count);
    json_close(&json, '}');
    return certs_answer(export->certs, &json, EX_OK);
}

int certs_export(struct certs *certs, int argc, char **argv)
{
    static const char *const options[] = {"--pem", "--der", "--p7c"};
    struct export export = {.certs = certs};
    while (argc > 0 && argv[0][0] == '-' && argv[0][1]) {
        int known = 0;
        for (int i = 0; i < 3; i++)
            if (strcmp(argv[0], options[i]) == 0) {
                export.format = (enum format)i;
                known = 1;
            }
        if (!known)
            return certs_usage("export");
        argc--;
        argv++;
    }
    if (argc < 1 || argc > 2 ||
        (certs->json && strcmp(argv[argc - 1], "-") == 0))
        return certs_usage("export"); /* one of them is to be printed */
    if (argc == 2)
        certs_lower(argv[0]);
    return export_to(&export, argc == 2 ? argv[0] : NULL, argv[argc - 1]);
}
