/* status: does Exim answer where it should? */
#include "failure.h"
#include "pool.h"
#include "status.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GREETING_SECONDS 10
#define ITEM_MOST 64

/* The next item of a list of Exim's: by colons, or by the sign that it names
 * ("<; a ; b"); a doubled one stands for itself. 1; 0 = there is none. */
static int next_item(const char **at, char *separator, char item[ITEM_MOST])
{
    size_t length = 0;
    const char *from = *at + strspn(*at, " \t");
    if (!*separator) {
        int named = *from == '<' && from[1];
        *separator = named ? from[1] : ':';
        from += named ? 2 + strspn(from + 2, " \t") : 0;
    }
    if (!*from)
        return 0;
    for (; *from && (*from != *separator || from[1] == *separator); from++) {
        from += *from == *separator;
        if (length < ITEM_MOST - 1 && *from != ' ' && *from != '\t')
            item[length++] = *from;
    }
    item[length] = '\0';
    *at = from + (*from == *separator);
    return 1;
}

static int port_of(const char *text)
{
    const struct servent *service = getservbyname(text, "tcp");
    int port = service ? ntohs((uint16_t)service->s_port) : atoi(text);
    if (port == 0 && strcmp(text, "smtp") == 0)
        port = 25;
    return port > 0 && port <= 65535 ? port : 0;
}

static int has_port(const char *list, int port)
{
    char separator = 0, item[ITEM_MOST];
    while (next_item(&list, &separator, item))
        if (port_of(item) == port)
            return 1;
    return 0;
}

static int is_address(const char *text)
{
    unsigned char address[16];
    return inet_pton(AF_INET, text, address) == 1 ||
           inet_pton(AF_INET6, text, address) == 1;
}

/* "address", "address.port" or "[address]:port": a port of 0 = none. 1, 0. */
static int read_interface(char *item, const char **host_r, int *port_r)
{
    char *end = *item == '[' ? strchr(item, ']') : NULL;
    *port_r = 0;
    *host_r = end ? item + 1 : item;
    const char *port = end && end[1] == ':' ? end + 2 : NULL;
    if (!end && !is_address(item) && (end = strrchr(item, '.')))
        port = end + 1;
    if (end)
        *end = '\0';
    *port_r = port ? port_of(port) : 0;
    return is_address(*host_r) && (!port || *port_r);
}

static void add_place(struct status_place *places, size_t *count,
                      const char *host, int port, const char *secret)
{
    struct status_place place = {.port = port, .tls = has_port(secret, port)};
    snprintf(place.host, sizeof place.host, "%s",
             strcmp(host, "0.0.0.0") == 0 ? "127.0.0.1"
             : strcmp(host, "::0") == 0 || strcmp(host, "::") == 0 ? "::1"
                                                                   : host);
    if (port && *count < STATUS_PLACES_MOST)
        places[(*count)++] = place;
}

/* All of one address: at its port, or at each of the daemon's. */
static void add_places(struct status_place *places, size_t *count,
                       const char *host, int port, const char *ports,
                       const char *secret)
{
    char separator = 0, item[ITEM_MOST];
    if (port) {
        add_place(places, count, host, port, secret);
        return;
    }
    while (next_item(&ports, &separator, item))
        add_place(places, count, host, port_of(item), secret);
}

size_t status_places(const char *interfaces, const char *ports,
                     const char *secret,
                     struct status_place places[STATUS_PLACES_MOST])
{
    char separator = 0, item[ITEM_MOST];
    size_t count = 0;
    int all = strstr(interfaces, "0.0.0.0") || !*interfaces;
    if (!*interfaces)
        interfaces = "0.0.0.0";
    while (next_item(&interfaces, &separator, item)) {
        const char *host;
        int port;
        /* Without IPv6 Exim is content with the IPv4 half of all. */
        if (!read_interface(item, &host, &port) ||
            (all && (strcmp(host, "::0") == 0 || strcmp(host, "::") == 0)))
            continue;
        add_places(places, &count, host, port, *ports ? ports : "smtp",
                   secret);
    }
    return count;
}

/* Does somebody greet us there as a mail server does? Where TLS comes first
 * nobody speaks before us: then that there is somebody must do. */
static int greets(const struct status_place *place)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)place->port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
                              .sin6_port = htons((uint16_t)place->port)};
    struct timeval limit = {.tv_sec = GREETING_SECONDS};
    char greeting[4] = "";
    int is_v4 = inet_pton(AF_INET, place->host, &v4.sin_addr) == 1;
    int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (!is_v4)
        inet_pton(AF_INET6, place->host, &v6.sin6_addr);
    int good = connect(fd, is_v4 ? (struct sockaddr *)&v4
                                 : (struct sockaddr *)&v6,
                       is_v4 ? sizeof v4 : sizeof v6) == 0;
    if (good && !place->tls) {
        good = recv(fd, greeting, 3, MSG_WAITALL) == 3 &&
               strcmp(greeting, "220") == 0;
        send(fd, "QUIT\r\n", 6, MSG_NOSIGNAL);
    }
    close(fd);
    return good;
}

int status_smtp(struct status *status, struct failure *why)
{
    static const char *const names[] = {"local_interfaces",
                                        "daemon_smtp_ports",
                                        "tls_on_connect_ports"};
    const char *values[] = {"", "", ""};
    struct status_place places[STATUS_PLACES_MOST];
    for (size_t i = 0; i < 3; i++)
        if (exim_option(&status->console.exim, status->console.pool, names[i],
                        &values[i], why) < 0)
            return -1;
    size_t count = status_places(values[0], values[1], values[2], places);
    for (size_t i = 0; i < count; i++) {
        const struct status_place *place = &places[i];
        int v6 = strchr(place->host, ':') != NULL;
        const char *where = pool_format(status->console.pool, "%s%s%s:%d",
                                        v6 ? "[" : "", place->host,
                                        v6 ? "]" : "", place->port);
        if (greets(place))
            status_find(status, STATUS_GOOD, NULL, "Exim answers at %s",
                        where ? where : "?");
        else
            status_find(status, STATUS_CRITICAL,
                        "start Exim: systemctl restart exim4; its logs tell "
                        "why it stopped",
                        "nobody answers at %s: no mail comes in",
                        where ? where : "?");
    }
    return 0;
}
