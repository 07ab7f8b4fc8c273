/* directory: URLs that are not followed, servers that are none. Real servers,
 * good and bad, are asked in tests/e2e/discover.t. */
#include "unit.h"

#include "directory.h"
#include "failure.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int visit(void *context, const char *dn, const char *attribute,
                 const void *value, size_t length, struct failure *why)
{
    (void)context, (void)dn, (void)attribute, (void)value, (void)length;
    (void)why;
    return 0;
}

static void urls_that_are_not_followed(void)
{
    static const struct {
        const char *url, *words;
    } bad[] = {
        {"http://127.0.0.1/", "not an LDAP URL"},
        {"", "not an LDAP URL"},
        {"ldap:///c=NZ?certificateRevocationList", "names no host"},
        {"ldapi://%2ftmp%2fsocket/c=NZ", "not an ldap or ldaps URL"},
        {"ldap://127.0.0.1:1/c=NZ???" "?!bindname=cn=x", "an extension"},
    };
    struct failure why;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CU_ASSERT_EQUAL(directory_get(bad[i].url, 1, 100, visit, NULL, &why),
                        -1);
        CU_ASSERT_EQUAL(why.kind, FAILURE_USAGE);
        CU_ASSERT_PTR_NOT_NULL(strstr(why.text, bad[i].words));
    }
}

static void silent_and_closed_servers(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;
    char url[100];
    struct failure why;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    CU_ASSERT_EQUAL_FATAL(listen(fd, 5), 0);
    getsockname(fd, (struct sockaddr *)&at, &length);
    time_t start = time(NULL);
    for (int tls = 0; tls < 2; tls++) {
        snprintf(url, sizeof url, "ldap%s://127.0.0.1:%u/c=NZ?x",
                 tls ? "s" : "", ntohs(at.sin_port));
        CU_ASSERT_EQUAL(directory_get(url, 1, 100, visit, NULL, &why), -1);
        CU_ASSERT_EQUAL(why.kind, FAILURE_NETWORK);
    }
    CU_ASSERT_TRUE(time(NULL) - start < 30);
    close(fd);
    CU_ASSERT_EQUAL(directory_get(url, 1, 100, visit, NULL, &why), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "connecting"));
}

static const struct unit_test tests[] = {
    {"2.8-ldap: LDAP URLs that are not followed", urls_that_are_not_followed},
    {"2.8-ldap: servers that are silent or gone", silent_and_closed_servers},
};
UNIT_SUITE(directory, tests)
