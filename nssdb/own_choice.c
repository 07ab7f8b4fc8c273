/* own_choice: see own_choice.h. */
#include "own_choice.h"

#include "certificate.h"
#include "failure.h"
#include "keystore.h"
#include "policy.h"

#include <certdb.h>
#include <secitem.h>
#include <stdio.h>

/* NSS does not keep when a key was made. The first certificate for it, of
 * those that are still in the store, is the best witness. */
time_t own_key_from(CERTCertificate *certificate)
{
    time_t first = 0, to;
    cert_times(certificate, &first, &to);
    CERTCertList *list = CERT_CreateSubjectCertList(
        NULL, CERT_GetDefaultCertDB(), &certificate->derSubject, 0, PR_FALSE);
    if (!list)
        return first;
    for (CERTCertListNode *node = CERT_LIST_HEAD(list);
         !CERT_LIST_END(node, list); node = CERT_LIST_NEXT(node)) {
        time_t from;
        if (SECITEM_ItemsAreEqual(&node->cert->derPublicKey,
                                  &certificate->derPublicKey) &&
            cert_times(node->cert, &from, &to) && from < first)
            first = from;
    }
    CERT_DestroyCertList(list);
    return first;
}

unsigned own_tolerated(const struct settings *settings)
{
    unsigned unknown = 1U << JUDGE_CRL_NOT_CHECKABLE |
                       1U << JUDGE_CRL_EXPIRED | 1U << JUDGE_CRL_INVALID;
    unsigned limits = 1U << JUDGE_OVER_13_MONTHS | 1U << JUDGE_KEY_TOO_OLD;
    return unknown |
           (settings->own_limits == OWN_LIMITS_REFUSE ? 0 : limits) |
           (settings->own_crl_pointer == OWN_LIMITS_REFUSE
                ? 0 : 1U << JUDGE_NO_CRL_POINTER);
}

int own_judge(const struct own_search *search, CERTCertificate *certificate,
              enum judge_use use, int later, struct judgement *judgement_r,
              struct failure *why)
{
    unsigned ignore = own_tolerated(&search->policy->settings);
    struct judge_request request = {
        .use = use, .own = 1, .now = search->now, .state = search->state,
        .ignore = later ? ignore | 1U << JUDGE_NOT_YET_VALID : ignore};
    if (!(ignore >> JUDGE_KEY_TOO_OLD & 1)) /* it is a search in the store */
        request.key_from = own_key_from(certificate);
    judge_by_policy(search->policy, &request);
    return judge_certificate(search->pool, certificate, &request, judgement_r,
                             why);
}

/* A better one was looked at and is not used. */
static void pass(struct own_choice *choice)
{
    choice->passed = choice->certificate;
    snprintf(choice->reason, sizeof choice->reason, "%s",
             choice->judgement.reason);
}

static int look(const struct own_search *search, CERTCertList *list,
                enum judge_use use, struct own_choice *choice,
                struct failure *why)
{
    struct judgement judgement;
    for (CERTCertListNode *node = CERT_LIST_HEAD(list);
         !CERT_LIST_END(node, list); node = CERT_LIST_NEXT(node)) {
        if (keys_out_has(&choice->out, node->cert))
            continue;
        if (own_judge(search, node->cert, use, 0, &judgement, why) < 0)
            return -1;
        int good = judgement.status == JUDGE_GOOD;
        if (judgement.key_out)
            keys_out_add(&choice->out, node->cert);
        if (choice->certificate && !good)
            continue;
        if (choice->certificate)
            pass(choice);
        choice->certificate = CERT_DupCertificate(node->cert);
        choice->judgement = judgement;
        if (good)
            return 1;
    }
    return 0;
}

int own_choose(const struct own_search *search, const char *nickname,
               enum judge_use use, struct own_choice *choice_r,
               struct failure *why)
{
    CERTCertList *list;
    *choice_r = (struct own_choice){.certificate = NULL};
    if (keystore_own(search->keystore, nickname, &list, why) < 0)
        return -1;
    int rc = look(search, list, use, choice_r, why);
    CERT_DestroyCertList(list);
    if (rc < 0)
        own_choice_free(choice_r);
    return rc;
}

void own_choice_free(struct own_choice *choice)
{
    if (choice->certificate)
        CERT_DestroyCertificate(choice->certificate);
    if (choice->passed)
        CERT_DestroyCertificate(choice->passed);
    keys_out_free(&choice->out);
    *choice = (struct own_choice){.certificate = NULL};
}
