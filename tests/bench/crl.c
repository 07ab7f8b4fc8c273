/*
 * bench-crl HOME LEAF ISSUER [CERTS CRL]: what a CRL costs. Asks the hub's
 * state whether LEAF is revoked, as a process does that has just started; with
 * CERTS, which is seemail-certs, asks while that imports the file CRL. Prints
 * each figure with its bound; exit 1 when one is passed.
 */
#include "failure.h"
#include "pool.h"
#include "revocation.h"
#include "state.h"

#include <nss.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int passed;

static void figure(const char *what, double value, double bound,
                   const char *unit)
{
    int over = value > bound;
    printf("%-52s %10.2f %-2s (at the most %g)%s\n", what, value, unit, bound,
           over ? " PASSED" : "");
    passed |= over;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void must(int rc, const struct failure *why)
{
    if (rc == 0)
        return;
    fprintf(stderr, "bench-crl: %s\n", why->text);
    exit(1);
}

/* Kilobytes of this process in memory, mapped files too. */
static double resident(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*d %ld", &pages) != 1)
        exit(1);
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static CERTCertificate *load(const char *path)
{
    static unsigned char data[16384];
    FILE *file = fopen(path, "rb");
    if (!file)
        exit(1);
    SECItem item = {siBuffer, data,
                    (unsigned)fread(data, 1, sizeof data, file)};
    fclose(file);
    return CERT_NewTempCertificate(CERT_GetDefaultCertDB(), &item, NULL,
                                   PR_FALSE, PR_TRUE);
}

static pid_t import(const char *certs, const char *home, const char *crl)
{
    char policies[1000];
    snprintf(policies, sizeof policies, "%s/policies", home);
    pid_t pid = fork();
    if (pid == 0) {
        execl(certs, certs, "--policies", policies, "crl", "import", crl,
              (char *)NULL);
        _exit(127);
    }
    return pid;
}

/* As a process does that has one message to look at: seconds. */
static double ask(const char *folder, CERTCertificate *leaf,
                  CERTCertificate *issuer, struct revocation *result)
{
    struct failure why = {0};
    struct state *state = NULL;
    struct pool *pool = pool_new();
    double began = now();
    must(state_open(folder, STATE_READ, &state, &why), &why);
    must(revocation_check(state, pool, leaf, issuer, time(NULL), 0, result,
                          &why), &why);
    double took = now() - began;
    state_close(&state);
    pool_free(&pool);
    return took;
}

static double seconds(const struct timeval *time)
{
    return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static void import_while_asking(char **argv, const char *folder,
                                CERTCertificate *leaf,
                                CERTCertificate *issuer)
{
    struct revocation result;
    struct rusage usage;
    int status = 0;
    double began = now(), slowest = 0;
    size_t asked = 0;
    pid_t pid = import(argv[4], argv[1], argv[5]);
    for (; wait4(pid, &status, WNOHANG, &usage) == 0; asked++) {
        double took = ask(folder, leaf, issuer, &result);
        slowest = took > slowest ? took : slowest;
        usleep(1000);
    }
    if (status != 0)
        exit(1);
    figure("import: CPU", seconds(&usage.ru_utime) + seconds(&usage.ru_stime),
           10, "s");
    printf("import: by the clock %42.2f s\n", now() - began);
    figure("import: memory", (double)usage.ru_maxrss / 1024, 256, "MB");
    printf("a look-up meanwhile, the slowest of %-16zu %10.2f ms\n", asked,
           slowest * 1000);
}

int main(int argc, char **argv)
{
    struct revocation result;
    char folder[1000];
    if ((argc != 4 && argc != 6) || NSS_NoDB_Init(NULL) != SECSuccess)
        return 2;
    snprintf(folder, sizeof folder, "%s/state", argv[1]);
    CERTCertificate *leaf = load(argv[2]), *issuer = load(argv[3]);
    if (argc == 6) {
        import_while_asking(argv, folder, leaf, issuer);
        return passed;
    }
    double before = resident(), took = ask(folder, leaf, issuer, &result);
    figure("a look-up, the state opened for it", took * 1000, 1, "ms");
    figure("a look-up: memory", resident() - before, 1024, "KB");
    printf("answer: %s\n", result.text);
    return passed || result.status != REVOCATION_REVOKED;
}
