#ifndef SEEMAIL_DIRECTORY_WATCH_H
#define SEEMAIL_DIRECTORY_WATCH_H

/*
 * directory_watch: ends what waits on a socket for too long. libldap's TLS
 * handshake knows no time limit of its own that works with GnuTLS (it asks
 * the socket in a loop, without a pause): it waits in read() instead, and a
 * thread shuts the socket when the time is up.
 */

struct directory_watch;

/* NULL = memory, or no thread. */
struct directory_watch *directory_watch_start(int fd, long milliseconds);

/* Ends it and clears the handle. 1 = the time was up, the socket is shut. */
int directory_watch_stop(struct directory_watch **watch);

#endif
