/* judge_word: the words of judge.h, apart from it for those who have nothing
 * to do with NSS: Exim's process is one. */
#include "judge.h"

static const char *const words[JUDGE_STATUSES] = {
    [JUDGE_GOOD] = "good",
    [JUDGE_OVER_13_MONTHS] = "over-13-months",
    [JUDGE_KEY_TOO_OLD] = "key-over-5-years",
    [JUDGE_NO_CRL_POINTER] = "no-crl-pointer",
    [JUDGE_CRL_NOT_CHECKABLE] = "crl-not-checkable",
    [JUDGE_CRL_EXPIRED] = "crl-expired",
    [JUDGE_CRL_INVALID] = "crl-invalid",
    [JUDGE_EXPIRED] = "expired",
    [JUDGE_NOT_YET_VALID] = "not-yet-valid",
    [JUDGE_NO_ADDRESS] = "no-address",
    [JUDGE_WRONG_ADDRESS] = "wrong-address",
    [JUDGE_WEAK_KEY] = "weak-key",
    [JUDGE_SUSPENDED] = "suspended",
    [JUDGE_REVOKED] = "revoked",
    [JUDGE_WRONG_USAGE] = "wrong-usage",
    [JUDGE_UNKNOWN_CA] = "unknown-ca",
    [JUDGE_SELF_SIGNED] = "self-signed",
    [JUDGE_BAD] = "bad-certificate",
};

const char *judge_word(enum judge_status status)
{
    return words[(unsigned)status < JUDGE_STATUSES ? status : JUDGE_BAD];
}
