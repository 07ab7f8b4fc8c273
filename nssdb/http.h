#ifndef SEEMAIL_HTTP_H
#define SEEMAIL_HTTP_H

/*
 * http: one request to a web server (RFC 9110), which is trusted with
 * nothing: the URL may come from a stranger's certificate. http and https
 * alone, without user names, cookies, credentials or .netrc; an https server
 * must have a certificate of a CA that the system trusts. Redirects are
 * followed a few times, from https to https alone. The proxy is the one that
 * is given: variables of the environment, http_proxy and others, are ignored.
 *
 * For seemail-certs and other programs that may use the network: who links
 * this links libcurl, which keeps its global state from the first call on.
 */

#include <stddef.h>

struct blob;
struct failure;

#define HTTP_TAG_MOST 128 /* bytes of an ETag; longer ones are not kept */

/* Zero or NULL leaves an optional member out. */
struct http_request {
    const char *url;
    const char *proxy;     /* optional: "http://host:port" */
    size_t most;           /* bytes of the answer's body */
    unsigned seconds;      /* for all of it */
    unsigned connect_seconds; /* optional: for a connection, within that */
    const char *tag;       /* optional: If-None-Match, a tag we have */
    long long since;       /* optional: If-Modified-Since, Unix time */
    const void *post;      /* optional: a body; the request is a POST then */
    size_t post_length;
    const char *post_type; /* of that body */
};

struct http_answer {
    long status;             /* 0 = none came */
    char tag[HTTP_TAG_MOST]; /* its ETag, with quotes; "" = none */
    long long modified;      /* Last-Modified, Unix time; 0 = none */
};

/*
 * 1 and the whole body, added to the blob, which is empty and spills into an
 * unlinked file when it grows; 0 = not modified (304, asked for by a
 * condition); -1: FAILURE_NETWORK (refused, late, too slow, cut off, another
 * status than 200), FAILURE_LIMIT (larger than `most') or FAILURE_USAGE (a
 * URL that is not followed). *answer_r is set in any case. What a failure
 * left in the blob is no answer.
 */
int http_ask(const struct http_request *request, struct blob *body,
             struct http_answer *answer_r, struct failure *why);

/* Is it a URL that http_ask() would follow, by its looks? */
int http_url(const char *url);

#endif
