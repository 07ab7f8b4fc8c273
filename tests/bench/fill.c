/* fill STATE DOMAINS EACH: puts certificates of partners into a state, EACH for
 * each of DOMAINS domains, twice, and prints how long each took: the first
 * time they are new, the second time they are met again. */
#include "../unit/cert_fixture.h"
#include "buffer.h"
#include "failure.h"
#include "known.h"
#include "state.h"

#include <keyhi.h>
#include <nss.h>
#include <pk11pub.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BATCH 500
#define YEAR (365LL * 24 * 60 * 60)

static SECItem *make_key(void)
{
    PK11SlotInfo *slot = PK11_GetInternalSlot();
    PK11RSAGenParams parameters = {2048, 65537};
    SECKEYPublicKey *public_key = NULL;
    SECKEYPrivateKey *key =
        PK11_GenerateKeyPair(slot, CKM_RSA_PKCS_KEY_PAIR_GEN, &parameters,
                             &public_key, PR_FALSE, PR_FALSE, NULL);
    PK11_FreeSlot(slot);
    if (!key)
        return NULL;
    SECItem *encoded = SECKEY_EncodeDERSubjectPublicKeyInfo(public_key);
    SECKEY_DestroyPrivateKey(key);
    SECKEY_DestroyPublicKey(public_key);
    return encoded;
}

/* The certificate of that number, the same each time. */
static int put(struct state *state, unsigned number, unsigned each,
               const SECItem *key, time_t now, struct failure *why)
{
    char text[100];
    const char *address = text;
    struct buffer der = {0};
    struct cert_plan plan = {
        .serial = number + 1, .from = now - YEAR / 2 - number % each,
        .to = now + YEAR / 2, .addresses = &address, .address_count = 1,
        .public_key = {key->data, key->len}};
    snprintf(text, sizeof text,
             "domain-confidentiality-authority@agency-%u.test", number / each);
    cert_fixture(&der, &plan);
    struct known known = {.certificate = {(unsigned char *)der.data,
                                          der.length},
                          .source = KNOWN_SEEMAIL, .where = "bench",
                          .first = now, .seen = now};
    int rc = der.failed ? failure_memory(why) : known_put(state, &known, why);
    buffer_free(&der);
    return rc < 0 ? -1 : 0;
}

static int put_all(struct state *state, unsigned count, unsigned each,
                   const SECItem *key, time_t now, struct failure *why)
{
    int rc = 0;
    for (unsigned at = 0; rc == 0 && at < count; at += BATCH) {
        rc = state_begin(state, STATE_WRITE, why);
        if (rc < 0)
            return -1;
        for (unsigned i = at; rc == 0 && i < count && i < at + BATCH; i++)
            rc = put(state, i, each, key, now, why);
        rc = state_end(state, rc, why);
    }
    return rc;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int fill(const char *folder, unsigned domains, unsigned each)
{
    static const char *const passes[] = {"taken in", "met again"};
    struct state *state = NULL;
    struct failure why = {0};
    unsigned count = domains * each;
    time_t now = time(NULL);
    SECItem *key = NULL;
    int rc = NSS_NoDB_Init(NULL) == SECSuccess && (key = make_key())
                 ? state_open(folder, STATE_WRITE, &state, &why)
                 : failure(&why, FAILURE_CRYPTO, "no key");
    for (int pass = 0; rc == 0 && pass < 2; pass++) {
        double began = seconds();
        rc = put_all(state, count, each, key, now, &why);
        printf("%u certificates of %u domains, %s: %.1f s\n", count, domains,
               passes[pass], seconds() - began);
    }
    if (rc < 0)
        fprintf(stderr, "bench: %s\n", why.text);
    if (state)
        state_close(&state);
    SECITEM_FreeItem(key, PR_TRUE);
    return rc < 0;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 64;
    return fill(argv[1], (unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]));
}
