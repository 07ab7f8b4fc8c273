/* exim: see exim.h. */
#include "exim.h"

#include "buffer.h"
#include "failure.h"
#include "interface.h"
#include "pool.h"
#include "run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ASK_SECONDS 30
#define ACT_SECONDS 3600 /* a delivery is waited for */
#define OUTPUT_MOST (1 << 20)

int exim_find(struct exim *exim_r, struct failure *why)
{
    static const char *const usual[] = {"/usr/sbin/exim4", "/usr/sbin/exim",
                                        "/usr/local/sbin/exim",
                                        "/usr/exim/bin/exim"};
    *exim_r = (struct exim){getenv(ENV_EXIM), getenv(ENV_EXIM_CONFIG)};
    for (size_t i = 0; !exim_r->program && i < sizeof usual / sizeof *usual;
         i++)
        if (access(usual[i], X_OK) == 0)
            exim_r->program = usual[i];
    if (!exim_r->program || access(exim_r->program, X_OK) < 0)
        return failure(why, FAILURE_CHILD, "%s: no Exim there: set " ENV_EXIM,
                       exim_r->program ? exim_r->program : usual[0]);
    return 0;
}

/* Runs it with an argument after those that choose its configuration. */
static int run_exim(const struct exim *exim, const char *what,
                    const char *argument, unsigned seconds,
                    struct buffer *output, int *status_r, struct failure *why)
{
    size_t at = 0;
    const char *argv[6] = {exim->program};
    if (exim->config) {
        argv[++at] = "-C";
        argv[++at] = exim->config;
    }
    argv[++at] = what;
    argv[++at] = argument;
    struct run run = {.argv = argv, .pass_fd = -1, .seconds = seconds,
                      .output_most = OUTPUT_MOST};
    return run_program(&run, output, status_r, why);
}

/* "name = value", or a list, one a line; a switch has no value. */
static const char *value_in(struct pool *pool, const char *name,
                            const char *text)
{
    size_t length = strlen(name);
    if (strstr(name, "_list"))
        return pool_string(pool, text);
    if (strncmp(text, name, length) != 0 ||
        strncmp(text + length, " = ", 3) != 0)
        return "";
    text += length + 3;
    return pool_substring(pool, text, strcspn(text, "\n"));
}

int exim_option(const struct exim *exim, struct pool *pool, const char *name,
                const char **value_r, struct failure *why)
{
    struct buffer output = {0};
    int status = 0;
    int rc = run_exim(exim, "-bP", name, ASK_SECONDS, &output, &status, why);
    if (rc == 0 && status == 0) {
        *value_r = value_in(pool, name, buffer_string(&output));
        rc = *value_r ? 1 : failure_memory(why);
    }
    buffer_free(&output);
    return rc;
}

int exim_act(const struct exim *exim, const char *what, const char *id,
             struct failure *why)
{
    struct buffer output = {0};
    int status = 0;
    int rc = run_exim(exim, what, id, ACT_SECONDS, &output, &status,
                      why);
    if (rc == 0 && status != 0)
        rc = failure(why, FAILURE_CHILD, "%s %s: status %d", exim->program,
                     what, status);
    buffer_free(&output);
    return rc;
}
