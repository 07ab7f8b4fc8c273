/* status: policy, Exim and the hook in it, programs, disks. */
#include "background.h"
#include "failure.h"
#include "interface.h"
#include "policy.h"
#include "pool.h"
#include "status.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define GREETING_SECONDS 10
#define PORTS_MOST 8

int status_policy(struct status *status, struct failure *why)
{
    const struct console *console = &status->console;
    if (!console->policies)
        return failure(why, FAILURE_POLICY, "which policies? Set " ENV_HOME
                                            ", or give --policies DIR");
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

/* Does somebody greet us there as a mail server does? */
static int greets(const char *host, int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port)};
    struct timeval limit = {.tv_sec = GREETING_SECONDS};
    char greeting[4] = "";
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    int good = inet_pton(AF_INET, host, &to.sin_addr) == 1 &&
               connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
               recv(fd, greeting, 3, MSG_WAITALL) == 3 &&
               strcmp(greeting, "220") == 0;
    if (good)
        send(fd, "QUIT\r\n", 6, MSG_NOSIGNAL);
    close(fd);
    return good;
}

/* The first IPv4 address that Exim listens at; ours, if it is all. */
static void listening_host(const char *interfaces, char host[16])
{
    struct in_addr address;
    snprintf(host, 16, "127.0.0.1");
    for (const char *at = interfaces; *at; at++) {
        size_t length = strspn(at, "0123456789.");
        char one[16];
        if (length < 7)
            continue;
        snprintf(one, sizeof one, "%.*s", (int)(length < 15 ? length : 15), at);
        if (inet_pton(AF_INET, one, &address) == 1) {
            if (address.s_addr != INADDR_ANY)
                snprintf(host, 16, "%s", one);
            return;
        }
        at += length - 1;
    }
}

int status_smtp(struct status *status, struct failure *why)
{
    const char *ports = "smtp", *interfaces = "";
    char host[16];
    struct pool *pool = status->console.pool;
    const struct exim *exim = &status->console.exim;
    if (exim_option(exim, pool, "daemon_smtp_ports", &ports, why) < 0 ||
        exim_option(exim, pool, "local_interfaces", &interfaces, why) < 0)
        return -1;
    listening_host(interfaces, host);
    for (int i = 0; *ports && i < PORTS_MOST; i++) {
        ports += strspn(ports, " :;<,");
        size_t length = strcspn(ports, " :;,");
        int port = length == 4 && strncmp(ports, "smtp", 4) == 0
                       ? 25 : atoi(ports);
        ports += length;
        if (port <= 0 || port > 65535)
            continue;
        if (greets(host, port))
            status_find(status, STATUS_GOOD, NULL, "Exim answers at %s:%d",
                        host, port);
        else
            status_find(status, STATUS_CRITICAL,
                        "start Exim: systemctl restart exim4; its logs tell "
                        "why it stopped",
                        "nobody answers at %s:%d: no mail comes in", host,
                        port);
    }
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
                level ? "make room: with none left, mail is answered 452"
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
