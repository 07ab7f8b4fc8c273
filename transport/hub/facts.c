/* facts: see facts.h. */
#include "facts.h"

#include "background.h"
#include "buffer.h"
#include "console.h"
#include "failure.h"
#include "run.h"

#include <string.h>
#include <time.h>

#define SECONDS 60
#define OUTPUT_MOST (16 << 20)

int facts_get(const struct console *console, json_t **facts_r,
              struct failure *why)
{
    char program[4096];
    struct buffer output = {0};
    int status = 0;
    if (background_path("seemail-certs", program, sizeof program, why) < 0)
        return -1;
    const char *argv[] = {program, "--json", "status", NULL, NULL, NULL};
    if (console->policies) {
        argv[2] = "--policies";
        argv[3] = console->policies;
        argv[4] = "status";
    }
    struct run run = {.argv = argv, .pass_fd = -1, .seconds = SECONDS,
                      .output_most = OUTPUT_MOST};
    int rc = run_program(&run, &output, &status, why);
    *facts_r = rc < 0 ? NULL : json_loadb(buffer_string(&output),
                                          output.length, 0, NULL);
    buffer_free(&output);
    if (rc == 0 && !json_is_object(*facts_r)) {
        json_decref(*facts_r);
        *facts_r = NULL;
        rc = failure(why, FAILURE_CHILD, "seemail-certs status: exit status "
                                         "%d, and no answer", status);
    }
    return rc;
}

const char *facts_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

long long facts_number(const json_t *object, const char *key,
                       long long missing)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? (long long)json_integer_value(value)
                                  : missing;
}

long long facts_time(const json_t *object, const char *key)
{
    struct tm tm = {0};
    const char *text = facts_text(object, key);
    return *text && strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm)
               ? (long long)timegm(&tm) : 0;
}
