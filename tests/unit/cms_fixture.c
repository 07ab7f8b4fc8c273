/* cms_fixture: see cms_fixture.h. */
#include "cms_fixture.h"

#include "blob.h"
#include "buffer.h"
#include "der.h"
#include "failure.h"
#include "run.h"
#include "unit.h"

#include <keyhi.h>
#include <nss.h>
#include <pk11pub.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/seemail-cms-XXXXXX";
static const char *const names[] = {"rsa",  "ec",      "p384",
                                    "p521", "rsa1024", "pss"};
#define PARTIES (sizeof names / sizeof names[0])
static struct cms_party parties[PARTIES];

static void remove_folder(void)
{
    cms_fixture_shell("rm -rf \"$PWD\"");
}

static void party_destroy(struct cms_party *party)
{
    if (party->certificate)
        CERT_DestroyCertificate(party->certificate);
    if (party->key)
        SECKEY_DestroyPrivateKey(party->key);
}

#define AT_END_MOST 8
static void (*at_end[AT_END_MOST])(void);
static size_t at_end_count;

void cms_fixture_at_end(void (*let_go)(void))
{
    CU_ASSERT_FATAL(at_end_count < AT_END_MOST);
    at_end[at_end_count++] = let_go;
}

static void stop(void)
{
    while (at_end_count > 0)
        at_end[--at_end_count]();
    for (size_t i = 0; i < PARTIES; i++)
        party_destroy(&parties[i]);
    NSS_Shutdown();
    remove_folder();
}

static SECItem read_item(const char *name)
{
    static unsigned char data[8192];
    char path[120];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    size_t length = fread(data, 1, sizeof data, file);
    fclose(file);
    return (SECItem){siBuffer, data, (unsigned)length};
}

static void load(struct cms_party *party, const char *name)
{
    char file[40];
    snprintf(party->cert_file, sizeof party->cert_file, "%s/%s.pem", folder,
             name);
    snprintf(party->key_file, sizeof party->key_file, "%s/%s.key", folder,
             name);
    snprintf(file, sizeof file, "%s.der", name);
    SECItem item = read_item(file);
    party->certificate = CERT_NewTempCertificate(
        CERT_GetDefaultCertDB(), &item, NULL, PR_FALSE, PR_TRUE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(party->certificate);
    if (strcmp(name, "pss") == 0)
        return; /* NSS does not take in such a key: it is for openssl */
    snprintf(file, sizeof file, "%s.p8", name);
    item = read_item(file);
    PK11SlotInfo *slot = PK11_GetInternalSlot();
    SECStatus status = PK11_ImportDERPrivateKeyInfoAndReturnKey(
        slot, &item, NULL, NULL, PR_FALSE, PR_TRUE, KU_ALL, &party->key, NULL);
    PK11_FreeSlot(slot);
    CU_ASSERT_EQUAL_FATAL(status, SECSuccess);
}

static void start(void)
{
    static int started;
    if (started)
        return;
    started = 1;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    CU_ASSERT_EQUAL_FATAL(
        cms_fixture_shell(
            "for k in 'rsa rsa:2048' 'ec ec -pkeyopt "
            "ec_paramgen_curve:P-256' 'p384 ec -pkeyopt "
            "ec_paramgen_curve:P-384' 'p521 ec -pkeyopt "
            "ec_paramgen_curve:P-521' 'rsa1024 rsa:1024' "
            "'pss rsa-pss -pkeyopt rsa_keygen_bits:2048'; "
            "do set -- $k; n=$1; shift;"
            "openssl req -x509 -newkey $* -nodes -days 30 -subj /CN=$n "
            "-addext subjectAltName=email:$n@a.test "
            "-keyout $n.key -out $n.pem 2>/dev/null && "
            "openssl x509 -in $n.pem -outform DER -out $n.der && "
            "openssl pkcs8 -topk8 -nocrypt -in $n.key -outform DER "
            "-out $n.p8 || exit 1; done"),
        0);
    CU_ASSERT_EQUAL_FATAL(NSS_NoDB_Init(NULL), SECSuccess);
    for (size_t i = 0; i < PARTIES; i++)
        load(&parties[i], names[i]);
    atexit(stop);
}

const struct cms_party *cms_fixture_party(const char *name)
{
    start();
    for (size_t i = 0; i < PARTIES; i++)
        if (strcmp(names[i], name) == 0)
            return &parties[i];
    CU_FAIL_FATAL("no such party");
    return NULL;
}

const struct cms_party *cms_fixture_rsa(void)
{
    return cms_fixture_party("rsa");
}

const struct cms_party *cms_fixture_ec(void)
{
    return cms_fixture_party("ec");
}

const char *cms_fixture_folder(void)
{
    start();
    return folder;
}

int cms_fixture_shell(const char *script)
{
    char command[16384];
    struct buffer output = {0};
    int status = -1;
    snprintf(command, sizeof command, "cd %s && { %s; }", folder, script);
    const char *argv[] = {"/bin/sh", "-c", command, NULL};
    struct run run = {argv, "", 0, -1, 600, 1 << 20};
    if (run_program(&run, &output, &status, NULL) < 0)
        status = -1;
    buffer_free(&output);
    return status;
}

void cms_fixture_write(const char *name, const struct blob *blob)
{
    char path[120], data[4096];
    struct failure why;
    ssize_t got;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    for (off_t at = 0;
         (got = blob_read(blob, at, data, sizeof data, &why)) > 0; at += got)
        fwrite(data, 1, (size_t)got, file);
    fclose(file);
}

void cms_fixture_read(const char *name, struct blob *blob)
{
    char path[120], data[4096];
    struct failure why;
    size_t got;
    blob_init(blob);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    while ((got = fread(data, 1, sizeof data, file)) > 0)
        blob_write(blob, data, got, &why);
    fclose(file);
}

static int find(void *context, const struct der *issuer,
                const struct der *serial, const struct der *identifier,
                SECKEYPrivateKey **key_r, struct failure *why)
{
    const struct cms_party *party = cms_fixture_party(context);
    CERTCertificate *own = party->certificate;
    (void)why;
    int ours = 0;
    if (issuer) {
        ours = der_equal(issuer, own->derIssuer.data, own->derIssuer.len) &&
               der_equal(serial, own->serialNumber.data,
                         own->serialNumber.len);
    } else {
        SECItem id = {siBuffer, NULL, 0};
        if (CERT_FindSubjectKeyIDExtension(own, &id) == SECSuccess)
            ours = der_equal(identifier, id.data, id.len);
        SECITEM_FreeItem(&id, PR_FALSE);
    }
    if (ours)
        *key_r = SECKEY_CopyPrivateKey(party->key);
    return ours;
}

struct cms_keys cms_fixture_keys(const char *name)
{
    return (struct cms_keys){find, NULL, (void *)(size_t)name};
}
