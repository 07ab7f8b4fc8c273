/* verdict: see verdict.h. */
#include "verdict.h"

#include <stddef.h>
#include <string.h>

static const char *const words[VERDICTS] = {
    [VERDICT_NONE] = "none",
    [VERDICT_GOOD] = "good",
    [VERDICT_ENCRYPTED_ONLY] = "encrypted-only",
    [VERDICT_NO_SIGNATURE] = "no-signature",
    [VERDICT_TRUSTED_LISTSERV] = "trusted-listserv",
    [VERDICT_TRUSTED_SERVER] = "trusted-server",
    [VERDICT_NO_CRL_POINTER] = "no-crl-pointer",
    [VERDICT_CRL_NOT_CHECKABLE] = "crl-not-checkable",
    [VERDICT_CRL_EXPIRED] = "crl-expired",
    [VERDICT_CRL_INVALID] = "crl-invalid",
    [VERDICT_EXPIRED] = "expired",
    [VERDICT_NOT_YET_VALID] = "not-yet-valid",
    [VERDICT_NO_ADDRESS] = "no-address",
    [VERDICT_WRONG_ADDRESS] = "wrong-address",
    [VERDICT_AMBIGUOUS_FROM] = "ambiguous-from",
    [VERDICT_WEAK_KEY] = "weak-key",
    [VERDICT_WRONG_USAGE] = "wrong-usage",
    [VERDICT_SELF_SIGNED] = "self-signed",
    [VERDICT_UNKNOWN_CA] = "unknown-ca",
    [VERDICT_BAD_CERTIFICATE] = "bad-certificate",
    [VERDICT_NO_CERTIFICATE] = "no-certificate",
    [VERDICT_SUSPENDED] = "suspended",
    [VERDICT_REVOKED] = "revoked",
    [VERDICT_ALTERED] = "altered",
    [VERDICT_UNSUPPORTED] = "unsupported",
    [VERDICT_UNDECRYPTABLE] = "undecryptable",
    [VERDICT_MALFORMED] = "malformed",
    [VERDICT_TOO_DEEP] = "too-deep",
};

const char *verdict_word(enum verdict verdict)
{
    if ((unsigned)verdict >= VERDICTS)
        verdict = VERDICT_MALFORMED;
    return words[verdict];
}

int verdict_find(const char *word)
{
    for (int i = 0; i < VERDICTS; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    return -1;
}

enum verdict verdict_worse(enum verdict a, enum verdict b)
{
    return a > b ? a : b;
}
