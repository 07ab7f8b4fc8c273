/* fetch: see fetch.h. */
#include "fetch.h"

#include "background.h"
#include "buffer.h"
#include "gateway.h"
#include "pem.h"
#include "pool.h"
#include "run.h"
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM "seemail-certs"
#define OUTPUT_MOST (1U << 20)
#define FIXED 6 /* arguments of crl fetch before the URLs */

/* Whole seconds that are left. */
static unsigned left(const struct gateway *gateway)
{
    long long now = gateway_clock();
    return gateway->network_until > now
               ? (unsigned)((gateway->network_until - now) / 1000) : 0;
}

/* A failure is for the child's own log: here all counts that it got. */
static int run_certs(struct gateway *gateway, const char **argv,
                     const struct buffer *input, struct buffer *output)
{
    char program[4096];
    struct run run = {.argv = argv, .pass_fd = -1, .seconds = left(gateway),
                      .output_most = OUTPUT_MOST};
    int status;
    argv[0] = program;
    if (background_path(PROGRAM, program, sizeof program, NULL) < 0 ||
        !run.seconds || (input && input->failed))
        return 0;
    if (input) {
        run.input = input->data;
        run.input_length = input->length;
    }
    state_close(&gateway->state);
    run_program(&run, output, &status, NULL);
    return 1;
}

static void put_all(const struct der *certificates, size_t count,
                    struct buffer *out)
{
    for (size_t i = 0; i < count; i++)
        pem_put(out, "CERTIFICATE", certificates[i].data,
                certificates[i].length);
}

/* The child ends by itself before it is killed, and remembers what failed:
 * the seconds that it has, in words. */
static const char *seconds_of(const struct gateway *gateway, char text_r[20])
{
    unsigned time = left(gateway);
    snprintf(text_r, 20, "%u", time > 1 ? time - 1 : 1);
    return text_r;
}

int fetch_crls(struct gateway *gateway, const struct judgement *judgement)
{
    const char *argv[FIXED + 1 + JUDGE_URLS_MOST + 1] = {
        NULL, "crl", "fetch", "--seconds", NULL, "--certificates", "-"};
    struct buffer path = {0}, output = {0};
    char seconds[20];
    if (!judgement->url_count || !left(gateway))
        return 0;
    argv[4] = seconds_of(gateway, seconds);
    for (size_t i = 0; i < judgement->url_count; i++)
        argv[FIXED + 1 + i] = judgement->urls[i];
    put_all(judgement->path, judgement->path_count, &path);
    int rc = run_certs(gateway, argv, &path, &output);
    buffer_free(&output);
    buffer_free(&path);
    return rc;
}

int fetch_ocsp(struct gateway *gateway, const struct judgement *judgement)
{
    char seconds[20];
    const char *argv[] = {NULL, "ocsp", "--seconds",
                          seconds_of(gateway, seconds), "-", NULL};
    struct buffer pairs = {0}, output = {0};
    if (!judgement->ocsp_count)
        return 0;
    put_all(judgement->ocsp, judgement->ocsp_count, &pairs);
    int rc = run_certs(gateway, argv, &pairs, &output);
    buffer_free(&output);
    buffer_free(&pairs);
    return rc;
}

/* Its first line is of what was asked for: "address: what became of it". */
int fetch_certificate(struct gateway *gateway, const char *address,
                      const char **said_r)
{
    char seconds[20];
    const char *argv[] = {NULL, "fetch", "--if-due", "--seconds",
                          seconds_of(gateway, seconds), address, NULL};
    struct buffer output = {0};
    int rc = run_certs(gateway, argv, NULL, &output);
    const char *colon = strstr(buffer_string(&output), ": ");
    const char *said = colon ? pool_substring(gateway->policy->pool, colon + 2,
                                              strcspn(colon + 2, "\n"))
                             : NULL;
    *said_r = said ? said : "";
    buffer_free(&output);
    return rc;
}
