/*
 * seemail-certs: keeps lists and certificates, and shows what is there. See
 * its man page.
 */
#include "buffer.h"
#include "certs.h"
#include "failure.h"
#include "file.h"
#include "interface.h"
#include "own_choice.h"
#include "policy.h"
#include "pool.h"
#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const struct command {
    const char *name, *arguments;
    certs_command *run;
} commands[] = {
    {"approve", "ADDRESS|DOMAIN|FINGERPRINT", certs_approve},
    {"compromise", "[--end] NICKNAME", certs_compromise},
    {"crl", "list | show ISSUER|URL [SERIAL] | import FILE... | refresh\n"
            "       | forget ISSUER|URL\n"
            "       | fetch [--again] [--seconds N] [--certificates FILE|-] "
            "URL...", certs_crl},
    {"deny", "ADDRESS|DOMAIN|FINGERPRINT", certs_deny},
    {"export", "[--pem|--der|--p7c] [ADDRESS] FILE|-", certs_export},
    {"fetch", "[--if-due] [--seconds N] ADDRESS|DOMAIN", certs_fetch},
    {"forget", "ADDRESS|FINGERPRINT", certs_forget},
    {"import", "[--source unverified|learned|directory|seemail] FILE|-...",
     certs_import},
    {"list", "SEEMAIL|VENDOR | certificates [ADDRESS|DOMAIN]", certs_list},
    {"ocsp", "[--again] [--seconds N] FILE|-", certs_ocsp},
    {"pending", "", certs_pending},
    {"publish", "", certs_publish},
    {"refresh", "[--if-due]", certs_refresh},
    {"renew", "| --new-key [--key KIND] [--token TOKEN] [--subject NAME] "
              "[--out FILE] [NICKNAME] | --install FILE|-", certs_renew},
    {"show", "ADDRESS|FINGERPRINT|NICKNAME", certs_show},
    {"status", "", certs_status},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

int certs_complain(const struct failure *why)
{
    fprintf(stderr, "seemail-certs: %s\n", why->text);
    return failure_answer(why->kind)->exit;
}

int certs_usage(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (!name || strcmp(name, commands[i].name) == 0)
            fprintf(stderr, "usage: seemail-certs [--json] [--policies DIR] "
                            "%s %s\n",
                    commands[i].name, commands[i].arguments);
    return EX_USAGE;
}

int certs_input(const char *path, size_t most, struct buffer *content,
                struct failure *why)
{
    char data[8192];
    ssize_t got = 0;
    /* Root types "seemail certs", and the hub's user cannot see his files. */
    if (strcmp(path, "-") != 0 && access(path, R_OK) < 0 && errno == EACCES)
        return failure(why, FAILURE_USAGE, "%s: Permission denied, to the "
                       "hub's user; on standard input it may come: - <%s",
                       path, path);
    if (strcmp(path, "-") != 0)
        return file_read(path, FILE_PLAIN, most, FAILURE_USAGE, content, why);
    while (content->length <= most &&
           (got = read(STDIN_FILENO, data, sizeof data)) != 0)
        if (got > 0 && buffer_append(content, data, (size_t)got) < 0)
            return failure_memory(why);
        else if (got < 0 && errno != EINTR)
            return failure_errno(why, FAILURE_USAGE, errno, "standard input");
    return content->length > most
               ? failure(why, FAILURE_USAGE, "standard input: larger than %zu "
                         "bytes", most)
               : 0;
}

int certs_answer(struct certs *certs, struct buffer *json, int status)
{
    if (json->failed)
        status = EX_TEMPFAIL;
    else if (certs->json)
        printf("%s\n", buffer_string(json));
    buffer_free(json);
    return status;
}

static int permits(void *context, const char *name)
{
    const struct policy *policy = context;
    return policy_permits(policy, ALGORITHM_SIGN, name, 0) ||
           policy_permits(policy, ALGORITHM_DIGEST, name, 0);
}

struct signature_rules certs_rules(struct certs *certs)
{
    return (struct signature_rules){permits, certs->policy};
}

int certs_search(struct certs *certs, struct keystore *keystore,
                 struct own_search *search_r, struct failure *why)
{
    *search_r = (struct own_search){.keystore = keystore,
                                    .policy = certs->policy,
                                    .pool = certs->pool, .now = time(NULL)};
    int rc = state_open(certs->policy->settings.state, STATE_READ,
                        &search_r->state, why);
    search_r->unseen = rc < 0;
    return rc < 0 ? -1 : 0;
}

int certs_state(struct certs *certs, struct state **state_r, int *status_r)
{
    struct failure why = {0};
    int rc = state_open(certs->policy->settings.state, STATE_READ, state_r,
                        &why);
    if (rc == 0)
        return 0;
    if (rc < 0) {
        *status_r = certs_complain(&why);
        return -1;
    }
    fprintf(stderr, "seemail-certs: nothing was fetched yet: run "
                    "seemail-certs refresh\n");
    *status_r = EX_TEMPFAIL;
    return -1;
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    return NULL;
}

/* The options before the command's name; the index of that, or -1. */
static int options(struct certs *certs, int argc, char **argv,
                   const char **folder_r)
{
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at++)
        if (strcmp(argv[at], "--json") == 0)
            certs->json = 1;
        else if (strcmp(argv[at], "--policies") == 0 && at + 1 < argc)
            *folder_r = argv[++at];
        else
            return -1;
    return at < argc ? at : -1;
}

static int run(struct certs *certs, int argc, char **argv)
{
    const char *folder = NULL, *home = getenv(ENV_HOME);
    struct failure why = {0};
    int at = options(certs, argc, argv, &folder);
    const struct command *command = at < 0 ? NULL : find(argv[at]);
    if (!command)
        return certs_usage(NULL);
    if (!folder && home)
        folder = pool_format(certs->pool, "%s/policies", home);
    if (!folder) {
        fprintf(stderr, "seemail-certs: which policies? Run it as \"seemail "
                        "certs\", set " ENV_HOME ", or give --policies DIR\n");
        return EX_USAGE;
    }
    if (policy_load(folder, &certs->policy, NULL, &why) < 0)
        return certs_complain(&why);
    int result = command->run(certs, argc - at - 1, argv + at + 1);
    policy_free(&certs->policy);
    return result;
}

int main(int argc, char **argv)
{
    struct certs certs = {.pool = pool_new()};
    int result = certs.pool ? run(&certs, argc, argv) : EX_TEMPFAIL;
    pool_free(&certs.pool);
    if (fflush(stdout) != 0 || ferror(stdout))
        return EX_IOERR;
    return result;
}
