/* dns: asks a resolver by TCP; see dns.h. */
#include "dns.h"

#include "failure.h"
#include "pool.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define QUESTION_MOST 512
#define PREFIX 2       /* a message's length, before it */
#define AD_BYTE 3      /* of a message's head */
#define AD_BIT 0x20    /* asks if the answer is authenticated: RFC 6840, 5.7 */

struct resolver {
    struct sockaddr_storage address;
    socklen_t length;
};

struct asking {
    const char *name;
    unsigned char question[PREFIX + QUESTION_MOST];
    size_t question_length; /* with the prefix */
    unsigned id;
    long long end; /* milliseconds, monotonic */
    int fd;
    struct failure *why;
};

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (long long)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int wait_for(struct asking *asking, short events)
{
    long long left = asking->end - now();
    struct pollfd poll_fd = {asking->fd, events, 0};
    int rc = left > 0 ? poll(&poll_fd, 1, (int)left) : 0;
    if (rc > 0 || (rc < 0 && errno == EINTR))
        return 0;
    return failure(asking->why, FAILURE_NETWORK,
                   "DNS, %.200s: no answer in time", asking->name);
}

static int broken(struct asking *asking, int error_number)
{
    return failure_errno(asking->why, FAILURE_NETWORK, error_number,
                         "DNS, %.200s: the resolver", asking->name);
}

/* All of it, one way or the other. */
static int move(struct asking *asking, unsigned char *data, size_t length,
                int out)
{
    for (size_t done = 0; done < length;) {
        if (wait_for(asking, out ? POLLOUT : POLLIN) < 0)
            return -1;
        ssize_t n = out ? send(asking->fd, data + done, length - done,
                               MSG_NOSIGNAL)
                        : recv(asking->fd, data + done, length - done, 0);
        if (n == 0)
            return broken(asking, ECONNRESET);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return broken(asking, errno);
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int dial(struct asking *asking, const struct resolver *resolver)
{
    const struct sockaddr *address = (const void *)&resolver->address;
    int error = 0;
    socklen_t length = sizeof error;
    asking->fd = socket(address->sa_family,
                        SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (asking->fd < 0)
        return broken(asking, errno);
    if (connect(asking->fd, address, resolver->length) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return broken(asking, errno);
    if (wait_for(asking, POLLOUT) < 0)
        return -1;
    if (getsockopt(asking->fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ||
        error)
        return broken(asking, error ? error : errno);
    return 0;
}

static int talk(struct asking *asking, const struct resolver *resolver,
                unsigned char *message, size_t *length_r)
{
    unsigned char prefix[PREFIX];
    int rc = dial(asking, resolver);
    if (rc == 0)
        rc = move(asking, asking->question, asking->question_length, 1);
    if (rc == 0)
        rc = move(asking, prefix, PREFIX, 0);
    if (rc == 0) {
        *length_r = ns_get16(prefix);
        rc = move(asking, message, *length_r, 0);
    }
    if (asking->fd >= 0)
        close(asking->fd);
    return rc;
}

static int write_question(struct asking *asking, struct __res_state *state,
                          enum dns_type type)
{
    unsigned char *message = asking->question + PREFIX;
    int length = res_nmkquery(state, ns_o_query, asking->name, ns_c_in,
                              (int)type, NULL, 0, NULL, message,
                              QUESTION_MOST);
    if (length < NS_HFIXEDSZ)
        return failure(asking->why, FAILURE_USAGE, "%.200s: no name for DNS",
                       asking->name);
    asking->id = arc4random_uniform(1 << 16);
    ns_put16(asking->id, message);
    message[AD_BYTE] |= AD_BIT;
    ns_put16((unsigned)length, asking->question);
    asking->question_length = PREFIX + (size_t)length;
    return 0;
}

/* "ADDRESS", "ADDRESS:PORT" or "[ADDRESS]:PORT". */
static int read_server(const char *server, struct resolver *to,
                       struct failure *why)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char host[INET6_ADDRSTRLEN + 1] = "";
    const char *colon = strrchr(server, ':');
    int bracket = *server == '[';
    if (colon && (bracket ? colon[-1] != ']' : strchr(server, ':') != colon))
        colon = NULL; /* within an IPv6 address */
    size_t length = colon ? (size_t)(colon - server) : strlen(server);
    if (bracket && length > 2 && server[length - 1] == ']')
        length -= 2;
    else if (bracket)
        length = 0;
    if (length < sizeof host)
        memcpy(host, server + bracket, length);
    if (!*host ||
        getaddrinfo(host, colon ? colon + 1 : "53", &hints, &found) != 0)
        return failure(why, FAILURE_POLICY,
                       "dns-server %.100s: not ADDRESS or ADDRESS:PORT",
                       server);
    memcpy(&to->address, found->ai_addr, found->ai_addrlen);
    to->length = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

/* glibc has IPv6 servers in a place of their own. */
static size_t list_servers(const struct __res_state *state,
                           struct resolver resolvers[MAXNS])
{
    size_t count = 0;
    for (int i = 0; i < state->nscount && i < MAXNS; i++) {
        const void *from = &state->nsaddr_list[i];
        socklen_t length = sizeof state->nsaddr_list[i];
        if (state->nsaddr_list[i].sin_family != AF_INET) {
            from = state->_u._ext.nsaddrs[i];
            length = sizeof *state->_u._ext.nsaddrs[i];
        }
        if (!from)
            continue;
        memcpy(&resolvers[count].address, from, length);
        resolvers[count++].length = length;
    }
    return count;
}

/* The first that gives an answer; each has its part of the time. */
static int ask_each(struct pool *pool, struct asking *asking,
                    const struct resolver *resolvers, size_t count,
                    long long end, enum dns_type type,
                    struct dns_answer *answer_r)
{
    unsigned char *message = pool_alloc(pool, DNS_MESSAGE_MOST);
    int rc = failure(asking->why, FAILURE_NETWORK,
                     "DNS, %.200s: resolv.conf names no server",
                     asking->name);
    if (!message)
        return failure_memory(asking->why);
    for (size_t i = 0; rc < 0 && i < count; i++) {
        long long time = now();
        size_t length = 0;
        asking->end = time + (end - time) / (long long)(count - i);
        rc = talk(asking, &resolvers[i], message, &length);
        if (rc == 0)
            rc = dns_read(pool, message, length, asking->id, asking->name,
                          type, answer_r, asking->why);
    }
    return rc;
}

int dns_ask(struct pool *pool, const char *server, const char *name,
            enum dns_type type, unsigned seconds,
            struct dns_answer *answer_r, struct failure *why)
{
    struct asking asking = {.name = name, .fd = -1, .why = why};
    struct __res_state state = {0};
    struct resolver resolvers[MAXNS] = {0};
    size_t count = 1;
    if (seconds > DNS_SECONDS_MOST)
        seconds = DNS_SECONDS_MOST;
    memset(answer_r, 0, sizeof *answer_r);
    if (res_ninit(&state) != 0)
        return failure(why, FAILURE_NETWORK, "resolv.conf cannot be read");
    int rc = write_question(&asking, &state, type);
    if (rc == 0 && server)
        rc = read_server(server, &resolvers[0], why);
    else if (rc == 0)
        count = list_servers(&state, resolvers);
    if (rc == 0)
        rc = ask_each(pool, &asking, resolvers, count,
                      now() + 1000LL * seconds, type, answer_r);
    res_nclose(&state);
    return rc;
}
