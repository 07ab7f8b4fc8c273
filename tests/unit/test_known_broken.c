/* The store of certificates when writers die and disks are full. */
#include "unit.h"

#include "cert_fixture.h"
#include "cms_fixture.h"
#include "failure.h"
#include "known.h"
#include "pool.h"
#include "scratch.h"
#include "state.h"

#include <certt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW 1800000000LL
#define USUAL "dca@b.test"

static struct failure why;
static char *folder, path[300];
static struct state *state;
static struct pool *pool;

static void start(void)
{
    cms_fixture_rsa(); /* starts NSS */
    folder = scratch_new();
    snprintf(path, sizeof path, "%s/state", folder);
    pool = pool_new();
    CU_ASSERT_EQUAL_FATAL(state_open(path, STATE_WRITE, &state, &why), 0);
}

static void stop(void)
{
    state_close(&state);
    pool_free(&pool);
    scratch_free(&folder);
}

/* Puts a certificate of that number, the newer the higher it is. */
static int put(unsigned serial, const char *address, enum known_source source)
{
    CERTCertificate *rsa = cms_fixture_rsa()->certificate;
    struct cert_plan plan = {
        .serial = serial, .from = NOW + serial, .to = NOW + 100000000,
        .addresses = &address, .address_count = 1,
        .public_key = {rsa->derPublicKey.data, rsa->derPublicKey.len}};
    struct known known = {.certificate = cert_fixture_in(pool, &plan),
                          .source = source, .where = "somewhere",
                          .first = NOW, .seen = NOW};
    if (state_begin(state, STATE_WRITE, &why) < 0)
        return -1;
    return state_end(state, known_put(state, &known, &why), &why);
}

static size_t find(struct known **found)
{
    size_t count = 0;
    CU_ASSERT_EQUAL(known_find(state, pool, USUAL, found, &count, &why), 0);
    return count;
}

/* A process that writes without an end, a byte to the pipe for each that is
 * written. */
static pid_t writer(unsigned serial, int told)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    if (state_open(path, STATE_WRITE, &state, &why) < 0)
        _exit(1);
    for (unsigned n = 0; n < 100000; n++)
        if (put(serial + n, USUAL, KNOWN_DIRECTORY) < 0 ||
            write(told, "", 1) != 1)
            break;
    _exit(1);
}

/* Kills two writers when each has written, a little later in each round so
 * that they are met at different steps. */
static void kill_writers(unsigned round)
{
    pid_t pids[2];
    int told[2];
    for (unsigned i = 0; i < 2; i++) {
        int ends[2];
        char byte;
        CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
        pids[i] = writer(100000U * (2 * round + i + 1), ends[1]);
        close(ends[1]);
        told[i] = ends[0];
        CU_ASSERT_EQUAL(read(told[i], &byte, 1), 1);
    }
    usleep(700 * round);
    for (int i = 0; i < 2; i++) {
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
        close(told[i]);
    }
}

/* A process that dies while it writes leaves all or nothing, and others write
 * at the same time. */
static void killed(void)
{
    start();
    CU_ASSERT_EQUAL(put(1, USUAL, KNOWN_SEEMAIL), 1);
    state_close(&state);
    for (unsigned round = 0; round < 20; round++) {
        kill_writers(round);
        struct known *found;
        CU_ASSERT_EQUAL_FATAL(state_open(path, STATE_WRITE, &state, &why), 0);
        size_t all, subjects, keys, count = find(&found);
        CU_ASSERT_TRUE(count > 2 && found[0].source == KNOWN_SEEMAIL);
        CU_ASSERT_EQUAL(state_begin(state, STATE_READ, &why), 0);
        state_count(state, STATE_CERTIFICATES, &all, &why);
        state_count(state, STATE_ADDRESSES, &keys, &why);
        state_count(state, STATE_SUBJECTS, &subjects, &why);
        CU_ASSERT_EQUAL(state_end(state, 0, &why), 0);
        CU_ASSERT_EQUAL(all, count);
        CU_ASSERT_EQUAL(keys, count);
        CU_ASSERT_EQUAL(subjects, count);
        state_close(&state);
    }
    CU_ASSERT_EQUAL(state_open(path, STATE_WRITE, &state, &why), 0);
    stop();
}

/* No more bytes in the file system: told, and what was there stays. */
static void disk_full(void)
{
    start();
    CU_ASSERT_EQUAL(put(1, USUAL, KNOWN_SEEMAIL), 1);
    state_close(&state);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {400000, 400000};
        signal(SIGXFSZ, SIG_IGN);
        int rc = state_open(path, STATE_WRITE, &state, &why);
        setrlimit(RLIMIT_FSIZE, &limit);
        for (unsigned n = 0; rc >= 0 && n < 100000; n++) {
            char address[40];
            snprintf(address, sizeof address, "dca@%u.test", n);
            rc = put(n + 2, address, KNOWN_DIRECTORY);
        }
        _exit(rc < 0 && why.kind == FAILURE_STATE ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    CU_ASSERT_EQUAL(status, 0);
    struct known *found;
    CU_ASSERT_EQUAL_FATAL(state_open(path, STATE_WRITE, &state, &why), 0);
    CU_ASSERT_EQUAL(find(&found), 1);
    CU_ASSERT_EQUAL(put(9999999, USUAL, KNOWN_DIRECTORY), 1);
    stop();
}

static const struct unit_test tests[] = {
    {"2.8-store: killed while writing, two writers: all or nothing", killed},
    {"2.8-store: a full disk is told and breaks nothing", disk_full},
};
UNIT_SUITE(known_broken, tests)
