/* console: see console.h. */
#include "console.h"

#include "failure.h"
#include "interface.h"
#include "policy.h"
#include "pool.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

int console_usage(const struct console *console)
{
    fprintf(stderr, "usage: %s [--policies DIR] %s\n", console->name,
            console->usage);
    return EX_USAGE;
}

int console_complain(const struct console *console, const struct failure *why)
{
    fprintf(stderr, "%s: %s\n", console->name, why->text);
    return failure_answer(why->kind)->exit;
}

static void take_off(struct console *console, int at, int count)
{
    for (int i = at; i + count < console->argc; i++)
        console->argv[i] = console->argv[i + count];
    console->argc -= count;
}

int console_value(struct console *console, const char *option,
                  const char **value_r)
{
    for (int i = 0; i + 1 < console->argc; i++)
        if (strcmp(console->argv[i], option) == 0) {
            *value_r = console->argv[i + 1];
            take_off(console, i, 2);
            return 1;
        }
    return 0;
}

void console_options(struct console *console, int argc, char **argv)
{
    const char *home = getenv(ENV_HOME);
    console->argc = argc - 1;
    console->argv = argv + 1;
    int json = strstr(console->usage, "--json") != NULL;
    for (int i = 0; json && i < console->argc; i++)
        if (strcmp(console->argv[i], "--json") == 0) {
            console->json = 1;
            take_off(console, i--, 1);
        }
    if (!console_value(console, "--policies", &console->policies) && home)
        console->policies = pool_format(console->pool, "%s/policies", home);
}

struct policy *console_policy(const struct console *console)
{
    struct policy *policy = NULL;
    if (!console->policies ||
        policy_load(console->policies, &policy, NULL, NULL) < 0)
        return NULL;
    return policy;
}

static int put(FILE *file, const char *data, size_t length)
{
    return fwrite(data, 1, length, file) == length && fflush(file) == 0;
}

/* Named as it was asked for; who we are is no longer who typed it. */
static int cannot_write(const char *path, int error, struct failure *why)
{
    const struct passwd *user = getpwuid(geteuid());
    return failure(why, FAILURE_DISK, "%s: cannot be written by the user %s: "
                                      "%s", path, user ? user->pw_name : "?",
                   strerror(error));
}

int console_write(const char *path, const char *data, size_t length,
                  struct failure *why)
{
    char aside[4096];
    if (strcmp(path, "-") == 0)
        return put(stdout, data, length)
                   ? 0 : failure_errno(why, FAILURE_DISK, errno,
                                       "standard output");
    snprintf(aside, sizeof aside, "%s.%ld", path, (long)getpid());
    FILE *file = fopen(aside, "wxe");
    if (!file)
        return cannot_write(path, errno, why);
    int rc = put(file, data, length) && fsync(fileno(file)) == 0 &&
                     fchmod(fileno(file), 0644) == 0
                 ? 0 : cannot_write(path, errno, why);
    fclose(file);
    if (rc == 0 && rename(aside, path) < 0)
        rc = cannot_write(path, errno, why);
    if (rc < 0)
        unlink(aside);
    return rc;
}
