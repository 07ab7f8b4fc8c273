/* seemail-certs import: certificates from files into the state, all or none. */
#include "buffer.h"
#include "bundle.h"
#include "certificate.h"
#include "certs.h"
#include "failure.h"
#include "json.h"
#include "keystore.h"
#include "known.h"
#include "policy.h"
#include "pool.h"
#include "state.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

struct import {
    struct certs *certs;
    enum known_source source;
    struct known *list;
    size_t count, room, left_out;
};

static int add(struct import *import, const struct der *certificate,
               const char *path, struct failure *why)
{
    long long now = (long long)time(NULL);
    struct known one = {.certificate = *certificate, .source = import->source,
                        .where = path, .first = now, .seen = now};
    int rc = known_read(&one, why);
    if (rc <= 0)
        return rc < 0 ? -1 : failure(why, FAILURE_MALFORMED, "%s: a "
                                     "certificate in it cannot be read", path);
    if (import->count == import->room) {
        size_t room = import->room ? import->room * 2 : 64;
        struct known *grown =
            pool_array(import->certs->pool, room, sizeof *grown);
        if (!grown)
            return failure_memory(why);
        if (import->count)
            memcpy(grown, import->list, import->count * sizeof *grown);
        import->list = grown;
        import->room = room;
    }
    import->list[import->count++] = one;
    return 0;
}

static int read_file(struct import *import, const char *path,
                     struct failure *why)
{
    size_t most = (size_t)import->certs->policy->settings.known_limit;
    struct buffer content = {0};
    struct bundle bundle;
    struct failure own = {0};
    int rc = certs_input(path, BUNDLE_BYTES_MOST, &content, why);
    if (rc == 0 && bundle_read(import->certs->pool, content.data,
                               content.length, most, &bundle, &own) < 0)
        rc = failure(why, own.kind, "%s: %s", path, own.text);
    buffer_free(&content);
    for (size_t i = 0; rc == 0 && i < bundle.count; i++)
        rc = add(import, &bundle.certificates[i], path, why);
    return rc;
}

static int put_all(struct import *import, struct state *state,
                   struct failure *why)
{
    const struct settings *settings = &import->certs->policy->settings;
    if (known_room(state, import->count, (size_t)settings->known_limit,
                   why) < 0)
        return -1;
    for (size_t i = 0; i < import->count; i++) {
        int rc = known_put(state, &import->list[i], why);
        if (rc < 0)
            return -1;
        import->left_out += rc == 0;
    }
    return 0;
}

static int write_all(struct import *import, struct failure *why)
{
    struct state *state;
    if (state_open(import->certs->policy->settings.state, STATE_WRITE, &state,
                   why) < 0)
        return -1;
    int rc = state_begin(state, STATE_WRITE, why);
    if (rc == 0)
        rc = state_end(state, put_all(import, state, why), why);
    state_close(&state);
    return rc;
}

static int report(const struct import *import)
{
    size_t kept = import->count - import->left_out;
    struct buffer json = {0};
    if (!import->certs->json) {
        printf("%zu certificates are kept as \"%s\"\n", kept,
               known_source_word(import->source));
        if (import->left_out)
            printf("%zu are left out: without an address, or their address "
                   "has better ones\n", import->left_out);
        return EX_OK;
    }
    json_open(&json, NULL, '{');
    json_number(&json, "kept", (long long)kept);
    json_number(&json, "left-out", (long long)import->left_out);
    json_close(&json, '}');
    return certs_finish(&json) ? EX_TEMPFAIL : EX_OK;
}

static int import_all(struct import *import, int argc, char **argv)
{
    const struct settings *settings = &import->certs->policy->settings;
    struct keystore *keystore;
    struct failure why = {0};
    int rc = keystore_open(settings->nssdb, settings->nssdb_password,
                           &keystore, &why);
    if (rc < 0)
        return certs_complain(&why);
    for (int i = 0; rc == 0 && i < argc; i++)
        rc = read_file(import, argv[i], &why);
    if (rc == 0)
        rc = write_all(import, &why);
    keystore_close(&keystore);
    if (rc < 0)
        fprintf(stderr, "seemail-certs: nothing was imported\n");
    if (rc < 0 && (why.kind == FAILURE_MALFORMED || why.kind == FAILURE_LIMIT))
        return certs_complain(&why), EX_DATAERR;
    return rc < 0 ? certs_complain(&why) : report(import);
}

int certs_import(struct certs *certs, int argc, char **argv)
{
    struct import import = {.certs = certs, .source = KNOWN_DIRECTORY};
    if (argc > 1 && strcmp(argv[0], "--source") == 0) {
        if (!known_source_find(argv[1], &import.source) ||
            import.source == KNOWN_PINNED)
            return certs_usage("import"); /* pinned: with certutil */
        argc -= 2;
        argv += 2;
    }
    if (argc < 1 || (argv[0][0] == '-' && argv[0][1]))
        return certs_usage("import");
    return import_all(&import, argc, argv);
}
