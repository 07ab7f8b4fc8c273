#ifndef SEEMAIL_FETCH_H
#define SEEMAIL_FETCH_H

/*
 * fetch: has seemail-certs get from the network what a judgement lacks. It
 * is a child: neither hook nor filter link what speaks to servers. The time
 * for all of it in one process is gateway_network()'s. What failed is
 * remembered by seemail-certs, so that a dead server costs the next message
 * nothing. The state is closed for it: ask gateway_state() again after.
 */

struct failure;
struct gateway;
struct judgement;

/* CRLs, and OCSP answers, that the judgement names. 1 = judge again; 0 = there
 * is nothing to get, or no time. */
int fetch_crls(struct gateway *gateway, const struct judgement *judgement);
int fetch_ocsp(struct gateway *gateway, const struct judgement *judgement);

/* A certificate for an address or a domain, from the directories [2.8-auto-a].
 * 1 = look again, *said_r is what became of it, in words; 0 = no time. */
int fetch_certificate(struct gateway *gateway, const char *address,
                      const char **said_r);

#endif
