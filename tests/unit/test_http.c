/* http: against a small server of our own that misbehaves by path. */
#include "unit.h"

#include "blob.h"
#include "failure.h"
#include "http.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned port;

#define OK_HEAD "HTTP/1.1 200 OK\r\nConnection: close\r\n"

static void say(int fd, const char *text)
{
    if (write(fd, text, strlen(text)) < 0)
        _exit(1);
}

static void say_much(int fd, size_t bytes)
{
    char data[8192];
    memset(data, 'x', sizeof data);
    for (; bytes >= sizeof data; bytes -= sizeof data)
        if (write(fd, data, sizeof data) < 0)
            return;
}

static void redirect(int fd, const char *to)
{
    dprintf(fd, "HTTP/1.1 302 Found\r\nConnection: close\r\n"
                "Location: %s\r\nContent-Length: 4\r\n\r\nelse", to);
}

/* Answers with what the path says; `self' is "http://127.0.0.1:port". */
static void answer(int fd, const char *request, const char *self)
{
    char to[100];
    snprintf(to, sizeof to, "%s/loop", self);
    if (strncmp(request, "GET /fine ", 10) == 0)
        say(fd, OK_HEAD "ETag: \"v1\"\r\nLast-Modified: Tue, 24 Nov 2026 "
                        "10:00:00 GMT\r\nContent-Length: 5\r\n\r\nhello");
    else if (strncmp(request, "GET /tag ", 9) == 0)
        say(fd, strstr(request, "\r\nIf-None-Match: \"v1\"\r\n") &&
                        strstr(request, "\r\nIf-Modified-Since: Tue, 24 Nov "
                                        "2026 10:00:00 GMT\r\n")
                    ? "HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n"
                    : OK_HEAD "\r\nchanged");
    else if (strncmp(request, "GET /told ", 10) == 0)
        say(fd, OK_HEAD "Content-Length: 1000000000\r\n\r\nx");
    else if (strncmp(request, "GET /endless ", 13) == 0)
        say(fd, OK_HEAD "\r\n"), say_much(fd, 100 << 20);
    else if (strncmp(request, "GET /half ", 10) == 0)
        say(fd, OK_HEAD "Content-Length: 100\r\n\r\nhalf");
    else if (strncmp(request, "GET /headers ", 13) == 0)
        for (int i = 0; say(fd, i ? "X: " : OK_HEAD "Y: "), i < 100; i++)
            say_much(fd, 8192), say(fd, "\r\n");
    else if (strncmp(request, "GET /loop ", 10) == 0)
        redirect(fd, to);
    else if (strncmp(request, "GET /moved ", 11) == 0)
        redirect(fd, "/fine");
    else if (strncmp(request, "GET /file ", 10) == 0)
        redirect(fd, "file:///etc/passwd");
    else if (strncmp(request, "GET /ldap ", 10) == 0)
        redirect(fd, "ldap://127.0.0.1/");
    else if (strncmp(request, "GET /silent ", 12) == 0)
        pause();
    else if (strncmp(request, "GET /drip ", 10) == 0)
        for (say(fd, OK_HEAD "\r\n");; usleep(100000))
            say(fd, "x");
    else if (strncmp(request, "POST /echo ", 11) == 0 &&
             strstr(request, "\r\nContent-Type: text/x\r\n"))
        dprintf(fd, OK_HEAD "\r\n%s", strstr(request, "\r\n\r\n") + 4);
    else
        say(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone");
}

static void serve(int listening, const char *self)
{
    signal(SIGPIPE, SIG_DFL);
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept(listening, NULL, NULL);
        if (fd >= 0 && fork() == 0) {
            char request[4096] = "";
            size_t length = 0;
            ssize_t got;
            alarm(60);
            while ((got = read(fd, request + length,
                               sizeof request - 1 - length)) > 0) {
                request[length += (size_t)got] = '\0';
                char *end = strstr(request, "\r\n\r\n");
                if (end && (strncmp(request, "POST", 4) != 0 || end[4]))
                    break;
            }
            answer(fd, request, self);
            _exit(0);
        }
        close(fd);
    }
}

/* Starts the server; its pid. */
static pid_t start(char self_r[64])
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 ||
        listen(fd, 50) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &length) < 0)
        abort();
    port = ntohs(at.sin_port);
    snprintf(self_r, 64, "http://127.0.0.1:%u", port);
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        serve(fd, self_r);
    }
    setpgid(pid, pid);
    close(fd);
    return pid;
}

static void stop(pid_t pid)
{
    kill(-pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static struct blob body;
static struct http_answer got;
static struct failure why;

static int ask(const char *self, const char *path,
               struct http_request request)
{
    char url[200];
    snprintf(url, sizeof url, "%s%s", self, path);
    request.url = url;
    request.most = request.most ? request.most : 1 << 20;
    request.seconds = request.seconds ? request.seconds : 30;
    blob_free(&body);
    why = (struct failure){0};
    return http_ask(&request, &body, &got, &why);
}

static int body_is(const char *text)
{
    char data[100];
    ssize_t length = blob_read(&body, 0, data, sizeof data, NULL);
    return length == (ssize_t)strlen(text) &&
           memcmp(data, text, strlen(text)) == 0;
}

static const struct http_request plain;

static void gets_and_conditions(void)
{
    char self[64];
    blob_init(&body);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    pid_t pid = start(self);
    CU_ASSERT_EQUAL(ask(self, "/fine", plain), 1);
    CU_ASSERT_TRUE(body_is("hello"));
    CU_ASSERT_STRING_EQUAL(got.tag, "\"v1\"");
    CU_ASSERT_EQUAL(got.modified, 1795514400);
    struct http_request request = {.tag = "\"v1\"", .since = 1795514400};
    CU_ASSERT_EQUAL(ask(self, "/tag", request), 0);
    CU_ASSERT_EQUAL(got.status, 304);
    request.tag = "\"v0\"";
    CU_ASSERT_EQUAL(ask(self, "/tag", request), 1);
    CU_ASSERT_TRUE(body_is("changed"));
    CU_ASSERT_EQUAL(ask(self, "/moved", plain), 1);
    CU_ASSERT_TRUE(body_is("hello"));
    struct http_request post = {
        .post = "question", .post_length = 8, .post_type = "text/x"};
    CU_ASSERT_EQUAL(ask(self, "/echo", post), 1);
    CU_ASSERT_TRUE(body_is("question"));
    struct http_request proxy = {.proxy = "http://127.0.0.1:1"};
    CU_ASSERT_EQUAL(ask(self, "/fine", proxy), -1);
    stop(pid);
    CU_ASSERT_EQUAL(ask(self, "/fine", plain), -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_NETWORK);
    blob_free(&body);
    unsetenv("http_proxy");
}

static void fails(const char *self, const char *path,
                  enum failure_kind kind, const char *words)
{
    CU_ASSERT_EQUAL(ask(self, path, plain), -1);
    CU_ASSERT_EQUAL(why.kind, kind);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, words));
    if (!strstr(why.text, words))
        printf("%s: %s\n", path, why.text);
}

static void bad_servers(void)
{
    char self[64];
    blob_init(&body);
    pid_t pid = start(self);
    fails(self, "/none", FAILURE_NETWORK, "the server answers 404");
    fails(self, "/told", FAILURE_LIMIT, "larger than 1048576 bytes");
    fails(self, "/endless", FAILURE_LIMIT, "larger than 1048576 bytes");
    CU_ASSERT_TRUE(body.length <= 1 << 20);
    fails(self, "/half", FAILURE_NETWORK, "transfer closed");
    fails(self, "/headers", FAILURE_LIMIT, "bytes of headers");
    fails(self, "/loop", FAILURE_NETWORK, "redirects");
    fails(self, "/file", FAILURE_NETWORK, "file");
    fails(self, "/ldap", FAILURE_NETWORK, "ldap");
    struct http_request hurried = {.seconds = 1};
    CU_ASSERT_EQUAL(ask(self, "/silent", hurried), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "timed out"));
    CU_ASSERT_EQUAL(ask(self, "/drip", hurried), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "timed out"));
    stop(pid);
    blob_free(&body);
}

static void other_urls_are_not_followed(void)
{
    static const char *const bad[] = {
        "file:///etc/passwd", "ldap://127.0.0.1/", "ftp://127.0.0.1/x",
        "gopher://127.0.0.1/", "http://127.0.0.1/a b", "", "http",
        "http://127.0.0.1/\r\nX: y", "https:/127.0.0.1/"};
    char *longest = calloc(1, 3001);
    struct http_answer answer;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct http_request request = {
            .url = bad[i], .most = 1, .seconds = 1};
        CU_ASSERT_EQUAL(http_ask(&request, &body, &answer, &why), -1);
        CU_ASSERT_EQUAL(why.kind, FAILURE_USAGE);
    }
    memset(longest, 'x', 3000);
    memcpy(longest, "http://", 7);
    CU_ASSERT_FALSE(http_url(longest));
    CU_ASSERT_TRUE(http_url("HTTP://127.0.0.1/"));
    struct http_request named = {
        .url = "http://user:word@127.0.0.1:1/", .most = 1, .seconds = 1};
    CU_ASSERT_EQUAL(http_ask(&named, &body, &answer, &why), -1);
    free(longest);
}

static const struct unit_test tests[] = {
    {"2.8-crl-fetch: HTTP: bodies, conditions, redirects, no stray proxy",
     gets_and_conditions},
    {"2.8-crl-fetch: HTTP: endless, cut, slow and looping servers",
     bad_servers},
    {"2.8-crl-fetch: other URLs than http and https are not followed",
     other_urls_are_not_followed},
};
UNIT_SUITE(http, tests)
