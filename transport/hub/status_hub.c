/* status: policy, Exim and the hook in it, programs, disks. */
#include "background.h"
#include "failure.h"
#include "interface.h"
#include "policy.h"
#include "pool.h"
#include "status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syslog.h>
#include <unistd.h>

int status_policy(struct status *status, struct failure *why)
{
    const struct console *console = &status->console;
    if (!console->policies)
        return failure(why, FAILURE_POLICY, "which policies? Run it as "
                       "\"seemail status\", set " ENV_HOME ", or give "
                       "--policies DIR");
    if (policy_load(console->policies, &status->policy, NULL, why) < 0) {
        status_find(status, STATUS_CRITICAL,
                    "seemail policy check names each error; all mail is "
                    "answered 451 until it is mended", "%s", why->text);
        return 0;
    }
    status_find(status, STATUS_GOOD, NULL,
                "%s: %zu domains of ours, %zu triggers, %zu partners",
                console->policies, status->policy->identity_count,
                status->policy->trigger_count, status->policy->partner_count);
    return 0;
}

static void check_routers(struct status *status, const char *routers)
{
    static const char first[] = "seemail_verify\n";
    const char *undecided = strstr(routers, "seemail_undecided\n");
    if (!undecided)
        status_find(status, STATUS_CRITICAL,
                    "include seemail_routers below \"begin routers\"",
                    "Exim has no routers of SEEMail's: mail goes as it came");
    else if (strncmp(routers, first, strlen(first)) != 0)
        status_find(status, STATUS_CRITICAL,
                    "include seemail_routers before all other routers",
                    "the router %.*s comes before SEEMail's: mail may pass "
                    "by", (int)strcspn(routers, "\n"), routers);
    else
        status_find(status, STATUS_GOOD, NULL,
                    "SEEMail's routers come before all others");
}

int status_hook(struct status *status, struct failure *why)
{
    const char *hook = "", *routers = "";
    struct pool *pool = status->console.pool;
    const struct exim *exim = &status->console.exim;
    int known = exim_option(exim, pool, "local_scan_path", &hook, why);
    if (known < 0 || exim_option(exim, pool, "router_list", &routers, why) < 0)
        return -1;
    if (!known)
        status_find(status, STATUS_GOOD, NULL,
                    "Exim takes no hook from a file: it has its own within");
    else if (!*hook)
        status_find(status, STATUS_CRITICAL,
                    "include seemail_main at the top of Exim's configuration",
                    "Exim has no hook: nothing is decided on, mail waits");
    else if (access(hook, R_OK) < 0)
        status_find(status, STATUS_CRITICAL,
                    "install it there, or mend local_scan_path (SM_LIB)",
                    "the hook %s cannot be read: mail is answered 451", hook);
    else
        status_find(status, STATUS_GOOD, NULL, "the hook is %s", hook);
    check_routers(status, routers);
    return 0;
}

int status_programs(struct status *status, struct failure *why)
{
    static const char *const names[] = {"seemail-filter", "seemail-certs",
                                        "seemail-policy", "seemail-queue"};
    size_t good = 0, count = sizeof names / sizeof names[0];
    char path[4096] = "";
    for (size_t i = 0; i < count; i++) {
        if (background_path(names[i], path, sizeof path, why) < 0)
            return -1;
        if (access(path, X_OK) == 0)
            good++;
        else
            status_find(status, STATUS_CRITICAL, "make install",
                        "%s cannot be run: mail waits", path);
    }
    if (good == count)
        status_find(status, STATUS_GOOD, NULL, "all are in %.*s",
                    (int)(strrchr(path, '/') - path), path);
    return 0;
}

/* Nothing fails aloud when it cannot be written. */
int status_log(struct status *status, struct failure *why)
{
    if (!status->policy)
        return 0; /* said */
    const char *log = status->policy->settings.log;
    const char *slash = strrchr(log, '/');
    const char *folder = slash ? pool_substring(status->console.pool, log,
                                                (size_t)(slash - log) + 1)
                               : "";
    if (!folder)
        return failure_memory(why);
    if (*log != '/' && access(_PATH_LOG, W_OK) < 0) {
        status_find(status, STATUS_WARNING,
                    "start a syslog, or name a file in the setting log",
                    "no syslog takes the decisions at %s: %s", _PATH_LOG,
                    strerror(errno));
        return 0;
    }
    if (*log != '/' || (access(log, F_OK) == 0
                            ? access(log, W_OK) == 0
                            : access(folder, W_OK | X_OK) == 0))
        status_find(status, STATUS_GOOD, NULL, "decisions go to %s", log);
    else
        status_find(status, STATUS_WARNING,
                    "give it to Exim's user (chown), or mend the setting log",
                    "%s cannot be written: %s", log, strerror(errno));
    return 0;
}

static void check_disk(struct status *status, const char *what,
                       const char *path)
{
    struct statvfs disk;
    if (!path || statvfs(path, &disk) < 0 || disk.f_blocks == 0)
        return; /* whoever needs it says so */
    unsigned long long bytes = (unsigned long long)disk.f_bavail * disk.f_frsize;
    unsigned percent = (unsigned)(disk.f_bavail * 100 / disk.f_blocks);
    enum status_level level = status_free(bytes, percent);
    if (disk.f_files && disk.f_favail * 100 / disk.f_files < 1)
        level = STATUS_CRITICAL; /* no room for files, however small */
    status_find(status, level,
                level ? "make room: with none left, mail is answered 4xx"
                      : NULL,
                "%s, %s: %llu MB free (%u%%)", what, path, bytes >> 20,
                percent);
}

int status_disk(struct status *status, struct failure *why)
{
    const char *spool = NULL, *temporary = getenv("TMPDIR");
    if (exim_option(&status->console.exim, status->console.pool,
                    "spool_directory", &spool, why) < 0)
        return -1;
    check_disk(status, "Exim's spool", spool);
    if (status->policy)
        check_disk(status, "the state", status->policy->settings.state);
    check_disk(status, "work on messages", temporary ? temporary : "/tmp");
    return 0;
}
