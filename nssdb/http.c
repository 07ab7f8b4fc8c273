/* http: see http.h. */
#include "http.h"

#include "blob.h"
#include "failure.h"
#include "interface.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define URL_MOST 2048          /* bytes */
#define REDIRECTS_MOST 5
#define CONNECT_SECONDS 10
#define SLOW_BYTES 100         /* a second ... */
#define SLOW_SECONDS 15        /* ... for so long: given up */
#define HEADERS_MOST (64 << 10) /* bytes, of all answers on the way */

struct exchange {
    const struct http_request *request;
    struct blob *body;
    struct http_answer *answer;
    size_t headers;
    struct curl_slist *lines; /* of our own headers */
    char words[CURL_ERROR_SIZE];
    struct failure *why;
    int failed; /* *why is filled */
};

int http_url(const char *url)
{
    size_t length = strlen(url);
    if (length > URL_MOST)
        return 0;
    for (const char *c = url; *c; c++)
        if (*c <= ' ' || *c > '~')
            return 0;
    return strncasecmp(url, "http://", 7) == 0 ||
           strncasecmp(url, "https://", 8) == 0;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct exchange *exchange = context;
    const struct http_request *request = exchange->request;
    size_t length = size * count;
    if ((size_t)exchange->body->length + length > request->most)
        exchange->failed = failure(exchange->why, FAILURE_LIMIT,
                                   "%s: larger than %zu bytes", request->url,
                                   request->most);
    else
        exchange->failed =
            blob_write(exchange->body, data, length, exchange->why);
    return exchange->failed ? 0 : length;
}

static void take_tag(struct http_answer *answer, const char *value,
                     size_t length)
{
    while (length && (*value == ' ' || *value == '\t'))
        value++, length--;
    while (length && (unsigned char)value[length - 1] <= ' ')
        length--;
    answer->tag[0] = '\0';
    if (length >= sizeof answer->tag)
        return;
    for (size_t i = 0; i < length; i++)
        if (value[i] < ' ' || value[i] > '~')
            return;
    memcpy(answer->tag, value, length);
    answer->tag[length] = '\0';
}

static size_t take_header(char *data, size_t size, size_t count,
                          void *context)
{
    struct exchange *exchange = context;
    size_t length = size * count;
    exchange->headers += length;
    if (exchange->headers > HEADERS_MOST) {
        exchange->failed = failure(exchange->why, FAILURE_LIMIT,
                                   "%s: over %d bytes of headers",
                                   exchange->request->url, HEADERS_MOST);
        return 0;
    }
    if (length > 5 && strncmp(data, "HTTP/", 5) == 0)
        exchange->answer->tag[0] = '\0'; /* of a redirect before */
    else if (length > 5 && strncasecmp(data, "etag:", 5) == 0)
        take_tag(exchange->answer, data + 5, length - 5);
    return length;
}

static void add_line(struct exchange *exchange, const char *line)
{
    struct curl_slist *longer = curl_slist_append(exchange->lines, line);
    if (longer)
        exchange->lines = longer;
    else
        exchange->failed = failure_memory(exchange->why);
}

/* A condition, and what libcurl would add that we do not want. */
static void set_lines(CURL *curl, struct exchange *exchange)
{
    const struct http_request *request = exchange->request;
    char line[HTTP_TAG_MOST + 32];
    if (request->tag && *request->tag) {
        snprintf(line, sizeof line, "If-None-Match: %s", request->tag);
        add_line(exchange, line);
    }
    if (request->post) {
        snprintf(line, sizeof line, "Content-Type: %s", request->post_type);
        add_line(exchange, line);
        add_line(exchange, "Expect:");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)request->post_length);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->post);
    }
    if (request->since > 0) {
        curl_easy_setopt(curl, CURLOPT_TIMECONDITION,
                         (long)CURL_TIMECOND_IFMODSINCE);
        curl_easy_setopt(curl, CURLOPT_TIMEVALUE_LARGE,
                         (curl_off_t)request->since);
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, exchange->lines);
}

/* The two that keep strangers from sending us elsewhere must not fail. */
static int set_where(CURL *curl, const struct http_request *request,
                     struct failure *why)
{
    int secure = strncasecmp(request->url, "https:", 6) == 0;
    if (curl_easy_setopt(curl, CURLOPT_URL, request->url) ||
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") ||
        curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR,
                         secure ? "https" : "http,https") ||
        curl_easy_setopt(curl, CURLOPT_PROXY,
                         request->proxy ? request->proxy : "") ||
        curl_easy_setopt(curl, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L))
        return failure(why, FAILURE_NETWORK, "%s: libcurl does not take it",
                       request->url);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, request->post ? 0L : 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)REDIRECTS_MOST);
    return 0;
}

static void set_limits(CURL *curl, const struct http_request *request)
{
    unsigned connect = request->connect_seconds ? request->connect_seconds
                                                : CONNECT_SECONDS;
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)request->seconds);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)connect);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)SLOW_SECONDS);
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE,
                     (curl_off_t)request->most);
}

static void set_exchange(CURL *curl, struct exchange *exchange)
{
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "SEEMail/" SEEMAIL_SOFTWARE);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, exchange->words);
    curl_easy_setopt(curl, CURLOPT_FILETIME, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, exchange);
}

static int conclude(CURL *curl, CURLcode code, struct exchange *exchange)
{
    const struct http_request *request = exchange->request;
    struct http_answer *answer = exchange->answer;
    int asked = request->since > 0 || (request->tag && *request->tag);
    curl_off_t modified = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    curl_easy_getinfo(curl, CURLINFO_FILETIME_T, &modified);
    answer->modified = modified > 0 ? (long long)modified : 0;
    if (exchange->failed)
        return -1;
    if (code == CURLE_FILESIZE_EXCEEDED)
        return failure(exchange->why, FAILURE_LIMIT,
                       "%s: larger than %zu bytes", request->url,
                       request->most);
    if (code != CURLE_OK)
        return failure(exchange->why, FAILURE_NETWORK, "%s: %s", request->url,
                       *exchange->words ? exchange->words
                                        : curl_easy_strerror(code));
    if (asked && answer->status == 304)
        return 0;
    if (answer->status != 200)
        return failure(exchange->why, FAILURE_NETWORK,
                       "%s: the server answers %ld", request->url,
                       answer->status);
    return 1;
}

int http_ask(const struct http_request *request, struct blob *body,
             struct http_answer *answer_r, struct failure *why)
{
    struct exchange exchange = {
        .request = request, .body = body, .answer = answer_r, .why = why};
    *answer_r = (struct http_answer){0};
    if (!http_url(request->url))
        return failure(why, FAILURE_USAGE, "%.200s: no http or https URL",
                       request->url);
    CURL *curl = curl_easy_init();
    if (!curl)
        return failure_memory(why);
    int rc = set_where(curl, request, why);
    set_limits(curl, request);
    set_exchange(curl, &exchange);
    set_lines(curl, &exchange);
    if (rc == 0)
        rc = exchange.failed
                 ? -1
                 : conclude(curl, curl_easy_perform(curl), &exchange);
    curl_slist_free_all(exchange.lines);
    curl_easy_cleanup(curl);
    return rc;
}
