#ifndef SEEMAIL_GATEWAY_H
#define SEEMAIL_GATEWAY_H

/*
 * gateway: what sealing and opening a message need beside the message: the
 * policy, and the key store, which is opened when it is first asked for
 * (most mail does not need it). One in a process, made after its last fork.
 */

#include "cms_decrypt.h"
#include "cms_verify.h"
#include "judge.h"
#include "policy.h"

#include <time.h>

struct keystore;
struct state;

struct gateway {
    struct policy *policy;
    time_t now;
    struct keystore *keystore; /* NULL until gateway_keystore() */
    struct state *state;       /* NULL until gateway_state(), or none */
    char algorithms[200]; /* by which messages were secured, as they were met */
    long long network_until;   /* by gateway_clock(): then no more network */
    const char *from; /* domain of the mail's sender, whose certificate the
                         directories may have; NULL = do not ask */
};

/* The policy of `home'/policies. 0 or -1. */
int gateway_open(const char *home, struct gateway *gateway_r,
                 struct failure *why);
void gateway_close(struct gateway *gateway);

int gateway_keystore(struct gateway *gateway, struct failure *why);

/* From now on, judging may wait so many seconds in all for the network; without
 * this call it does not. */
void gateway_network(struct gateway *gateway, long seconds);

long long gateway_clock(void); /* milliseconds that only go on */

/* Are the keys of all our identities there? What is encrypted to a key that
 * is away for now must not be taken for somebody else's. 0 or -1. */
int gateway_keys_there(struct gateway *gateway, struct failure *why);

/* 0, also when there is no state yet. */
int gateway_state(struct gateway *gateway, struct failure *why);

/* The certificate under a nickname of ours that may be used now, by
 * own_choice.h [2.9-validown]; the caller destroys it. 0; -1, FAILURE_CERT
 * when there is none. The key store must be open. */
int gateway_own(struct gateway *gateway, const char *nickname,
                enum judge_use use, CERTCertificate **certificate_r,
                struct failure *why);

/* For reading what comes: keys of the store, algorithms of the policy. The
 * gateway is their context. */
struct cms_keys gateway_keys(struct gateway *gateway);
struct cms_verifier gateway_verifier(struct gateway *gateway);

/* judge_certificate() by our clock and the policy: the request says which
 * use, and which names. */
int gateway_judge(struct gateway *gateway, CERTCertificate *certificate,
                  struct judge_request *request, struct judgement *judgement_r,
                  struct failure *why);

#endif
