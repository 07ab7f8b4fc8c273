/* state_whole: see state_whole.h. */
#include "state_whole.h"

#include "failure.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS 60   /* for reading it all */
#define STEP 4096    /* bytes: no page is smaller */
#define FREE_PAGES 0 /* LMDB's own databases */
#define ALL_NAMES 1
#define NAME_MOST 100
#define DAMAGED 3 /* exit status of the child */

/* How long it is to be, and is. */
static int lengths(MDB_env *env, off_t *wanted_r, off_t *there_r)
{
    MDB_envinfo info;
    MDB_stat stat_r;
    struct stat file;
    int fd, rc = mdb_env_info(env, &info);
    if (rc == 0)
        rc = mdb_env_stat(env, &stat_r);
    if (rc == 0)
        rc = mdb_env_get_fd(env, &fd);
    if (rc == 0 && fstat(fd, &file) < 0)
        rc = errno;
    if (rc)
        return rc;
    *wanted_r = (off_t)((info.me_last_pgno + 1) * stat_r.ms_psize);
    *there_r = file.st_size;
    return 0;
}

int state_is_short(MDB_env *env, int *mdb_r)
{
    off_t wanted = 0, there = 0;
    *mdb_r = lengths(env, &wanted, &there);
    return *mdb_r ? -1 : there < wanted;
}

/* If it cannot be done, as on a full disk, the next one reads it all again. */
static void put_end(int fd, off_t wanted)
{
    if (pwrite(fd, "", 1, wanted - 1) < 0)
        return;
}

/* A writing transaction keeps others from writing where we do. */
void state_lengthen(MDB_env *env)
{
    off_t wanted = 0, there = 0;
    MDB_txn *txn;
    int fd, mdb;
    if (state_is_short(env, &mdb) <= 0 ||
        mdb_txn_begin(env, NULL, 0, &txn) != 0)
        return;
    if (lengths(env, &wanted, &there) == 0 && there < wanted &&
        mdb_env_get_fd(env, &fd) == 0)
        put_end(fd, wanted);
    mdb_txn_abort(txn);
}

static void touch(const MDB_val *value)
{
    const volatile char *bytes = value->mv_data;
    for (size_t i = 0; i < value->mv_size; i += STEP)
        (void)bytes[i];
    if (value->mv_size)
        (void)bytes[value->mv_size - 1];
}

/* Every page of one database, and of those that it names. */
static int read_base(MDB_txn *txn, MDB_dbi base, int names)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    char name[NAME_MOST];
    MDB_dbi named;
    int rc = mdb_cursor_open(txn, base, &cursor);
    if (rc)
        return rc;
    while (rc == 0 &&
           (rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        touch(&value);
        if (!names)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)key.mv_size,
                 (const char *)key.mv_data);
        rc = mdb_dbi_open(txn, name, 0, &named);
        if (rc == 0)
            rc = read_base(txn, named, 0);
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int read_all(MDB_env *env, const char *folder, unsigned bases,
                    size_t map_bytes)
{
    MDB_txn *txn;
    if (mdb_env_set_maxdbs(env, bases) || mdb_env_set_mapsize(env, map_bytes) ||
        mdb_env_open(env, folder, MDB_NOTLS | MDB_RDONLY, 0600) ||
        mdb_txn_begin(env, NULL, MDB_RDONLY, &txn))
        return 1;
    int rc = read_base(txn, FREE_PAGES, 0);
    if (rc == 0)
        rc = read_base(txn, ALL_NAMES, 1);
    mdb_txn_abort(txn);
    return rc;
}

static int is_damage(int rc)
{
    return rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND ||
           rc == MDB_INVALID || rc == MDB_BAD_TXN;
}

static void child(const char *folder, unsigned bases, size_t map_bytes)
{
    static const int deaths[] = {SIGBUS, SIGSEGV, SIGABRT, SIGALRM};
    struct rlimit none = {0, 0};
    MDB_env *env;
    int rc = 0, null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    setrlimit(RLIMIT_CORE, &none);
    for (size_t i = 0; i < sizeof deaths / sizeof deaths[0]; i++)
        signal(deaths[i], SIG_DFL);
    alarm(SECONDS);
    /* LMDB says there what it dies of. */
    if (null < 0 || dup2(null, 2) < 0 || mdb_env_create(&env) ||
        (rc = read_all(env, folder, bases, map_bytes)) != 0)
        _exit(is_damage(rc) ? DAMAGED : 1);
    mdb_env_close(env);
    _exit(0);
}

int state_whole(const char *folder, unsigned bases, size_t map_bytes,
                struct failure *why)
{
    /* In Exim's process SIGCHLD is ignored, and none could be waited for. */
    struct sigaction child_default = {.sa_handler = SIG_DFL}, before;
    int status = 0, rc = 0;
    sigaction(SIGCHLD, &child_default, &before);
    pid_t pid = fork();
    if (pid == 0)
        child(folder, bases, map_bytes);
    while (pid > 0 && (rc = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
        ;
    if (pid < 0 || rc < 0)
        rc = failure_errno(why, FAILURE_CHILD, errno, "state %s", folder);
    else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        rc = failure(why, FAILURE_STATE, "state %s: data.mdb is short, and was "
                     "not read through in %d seconds", folder, SECONDS);
    else if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
        rc = failure(why, FAILURE_STATE, "state %s: data.mdb is short, and "
                     "could not be read through", folder);
    else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        rc = failure(why, FAILURE_STATE, "state %s: data.mdb was cut short",
                     folder);
    else
        rc = 0;
    sigaction(SIGCHLD, &before, NULL);
    return rc;
}
