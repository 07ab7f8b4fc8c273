/* fill STATE DOMAINS EACH: puts certificates of partners into a state, EACH for
 * each of DOMAINS domains, twice, and prints how long each took: the first
 * time they are new, the second time they are met again.
 * fill --ldif DOMAINS EACH CRL-URL: prints a directory of the same: the list
 * SEEMAIL and, an entry a domain, the certificates. */
#include "../unit/cert_fixture.h"
#include "buffer.h"
#include "certificate.h"
#include "failure.h"
#include "known.h"
#include "state.h"

#include <keyhi.h>
#include <nss.h>
#include <nssb64.h>
#include <pk11pub.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* All of what is made. */
struct many {
    unsigned domains, each;
    const char *crl_url; /* NULL = none */
    const SECItem *key;
    time_t now;
};

/* The certificate of that number, the same each time. */
static void make(const struct many *many, unsigned number, struct buffer *der)
{
    char text[100];
    const char *address = text;
    struct cert_plan plan = {
        .serial = number + 1,
        .from = many->now - YEAR / 2 - number % many->each,
        .to = many->now + YEAR / 2,
        .addresses = &address,
        .address_count = 1,
        .crl_url = many->crl_url,
        .public_key = {many->key->data, many->key->len}};
    snprintf(text, sizeof text,
             CERT_DCA "@agency-%u.test", number / many->each);
    cert_fixture(der, &plan);
}

static int put(struct state *state, const struct many *many, unsigned number,
               struct failure *why)
{
    struct buffer der = {0};
    make(many, number, &der);
    struct known known = {.certificate = {(unsigned char *)der.data,
                                          der.length},
                          .source = KNOWN_SEEMAIL, .where = "bench",
                          .first = many->now, .seen = many->now};
    int rc = der.failed ? failure_memory(why) : known_put(state, &known, why);
    buffer_free(&der);
    return rc < 0 ? -1 : 0;
}

static int put_all(struct state *state, const struct many *many,
                   struct failure *why)
{
    unsigned count = many->domains * many->each;
    int rc = 0;
    for (unsigned at = 0; rc == 0 && at < count; at += BATCH) {
        rc = state_begin(state, STATE_WRITE, why);
        if (rc < 0)
            return -1;
        for (unsigned i = at; rc == 0 && i < count && i < at + BATCH; i++)
            rc = put(state, many, i, why);
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

static int fill(const char *folder, const struct many *many)
{
    static const char *const passes[] = {"taken in", "met again"};
    struct state *state = NULL;
    struct failure why = {0};
    int rc = state_open(folder, STATE_WRITE, &state, &why);
    for (int pass = 0; rc == 0 && pass < 2; pass++) {
        double began = seconds();
        rc = put_all(state, many, &why);
        printf("%u certificates of %u domains, %s: %.1f s\n",
               many->domains * many->each, many->domains, passes[pass],
               seconds() - began);
    }
    if (rc < 0)
        fprintf(stderr, "bench: %s\n", why.text);
    if (state)
        state_close(&state);
    return rc < 0;
}

/* Folded: a line that begins with a space goes on. */
static int print_certificate(const struct many *many, unsigned number)
{
    struct buffer der = {0};
    make(many, number, &der);
    SECItem item = {siBuffer, (unsigned char *)der.data, (unsigned)der.length};
    char *text =
        der.failed ? NULL : NSSBase64_EncodeItem(NULL, NULL, 0, &item);
    fputs("userCertificate;binary:: ", stdout);
    for (const char *c = text; c && *c; c++)
        if (*c != '\r')
            fputs(*c == '\n' ? "\n " : (char[]){*c, 0}, stdout);
    putchar('\n');
    buffer_free(&der);
    PORT_Free(text);
    return text ? 0 : -1;
}

static int print_ldif(const struct many *many)
{
    static const char class[] = "objectClass: organizationalRole\n"
                                "objectClass: extensibleObject\n";
    static const char *const units[] = {"SEEMAIL", "VENDOR", "agencies"};
    int rc = 0;
    puts("dn: c=NZ\nobjectClass: country\nc: NZ\n");
    for (int i = 0; i < 3; i++)
        printf("dn: ou=%s,c=NZ\nobjectClass: organizationalUnit\nou: %s\n\n",
               units[i], units[i]);
    for (unsigned i = 0; i < many->domains; i++)
        printf("dn: cn=agency-%u.test,ou=SEEMAIL,c=NZ\n%scn: agency-%u.test\n"
               "mail: *@agency-%u.test\n\n", i, class, i, i);
    for (unsigned i = 0; rc == 0 && i < many->domains * many->each; i++) {
        unsigned domain = i / many->each;
        if (i % many->each == 0)
            printf("\ndn: cn=agency-%u,ou=agencies,c=NZ\n%scn: agency-%u\n"
                   "mail: " CERT_DCA "@agency-%u.test\n", domain, class,
                   domain, domain);
        rc = print_certificate(many, i);
    }
    return rc < 0 || fflush(stdout) != 0;
}

int main(int argc, char **argv)
{
    SECItem *key = NULL;
    if (argc < 4)
        return 64;
    if (NSS_NoDB_Init(NULL) != SECSuccess || !(key = make_key())) {
        fprintf(stderr, "bench: no key\n");
        return 1;
    }
    struct many many = {(unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]),
                        argc > 4 ? argv[4] : NULL, key, time(NULL)};
    int rc = strcmp(argv[1], "--ldif") == 0 ? print_ldif(&many)
                                            : fill(argv[1], &many);
    SECITEM_FreeItem(key, PR_TRUE);
    return rc;
}
