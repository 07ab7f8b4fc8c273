#ifndef SEEMAIL_OWN_CHOICE_H
#define SEEMAIL_OWN_CHOICE_H

/*
 * own_choice: which of our own certificates under a nickname is used. There
 * are several through the overlap of a renewal [B-overlap]. The first of
 * them, in the order of keystore_own(), that may be used now: one that was
 * revoked stops no mail while the one before it is good [2.9-validown], but
 * when that was for the sake of its key, no other for that key is used.
 */

#include "judge.h"
#include "keys_out.h"

#include <cert.h>
#include <time.h>

struct failure;
struct keystore;
struct policy;
struct pool;
struct settings;
struct state;

/* By what own certificates are found and judged. */
struct own_search {
    struct keystore *keystore;
    struct state *state; /* with the CRLs; NULL = none is known */
    const struct policy *policy;
    struct pool *pool;
    time_t now;
    int unseen; /* there is a state, which could not be read */
};

struct own_choice {
    CERTCertificate *certificate; /* the caller destroys it */
    struct judgement judgement;   /* of it */
    CERTCertificate *passed;      /* the first, when that is not used, or NULL;
                                     the caller's, too */
    char reason[300];             /* why it is not, in words */
    struct keys_out out;          /* of those that were looked at */
};

/* 1 = one that may be used; 0 = none, and this is the first; -1: none is
 * there, FAILURE_CERT when the key pairs are suspended. */
int own_choose(const struct own_search *search, const char *nickname,
               enum judge_use use, struct own_choice *choice_r,
               struct failure *why);

void own_choice_free(struct own_choice *choice);

/* May our own certificate be used, now or, where `later', when its time
 * comes? 0 and the judgement, or -1. */
int own_judge(const struct own_search *search, CERTCertificate *certificate,
              enum judge_use use, int later, struct judgement *judgement_r,
              struct failure *why);

/* Statuses of the judgement (bits) that do not keep us from using our own
 * certificate, by the settings own-limits and own-crl-pointer. Whether it was
 * revoked is for partners to find out; not to know it stops no mail. */
unsigned own_tolerated(const struct settings *settings);

/* Since when its key pair is in use, as far as the store shows. */
time_t own_key_from(CERTCertificate *certificate);

#endif
