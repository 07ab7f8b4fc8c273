/* judge: one status of a certificate, told apart from all others. */
#include "unit.h"

#include "certificate.h"
#include "cms_fixture.h"
#include "failure.h"
#include "judge.h"
#include "crl_import.h"
#include "path.h"
#include "pool.h"
#include "scratch.h"
#include "state.h"

#include <certdb.h>
#include <stdio.h>
#include <string.h>

#define YEAR (365L * 24 * 60 * 60)
#define DSA CERT_DSA "@a.test"

static struct failure why;

/* A root, a CA that nobody knows, and what they issued; times are moved by
 * the test's clock. make NAME CA SUBJECT EXTENSIONS [KEY] */
static const char script[] =
    "key() { n=$1; shift; openssl req -new -newkey ${*:-ec -pkeyopt "
    "ec_paramgen_curve:P-256} -nodes -subj \"$s\" -keyout $n.key "
    "-out $n.csr 2>/dev/null; };"
    "root() { s=\"/CN=$1\"; key $*; openssl x509 -req -in $1.csr -signkey "
    "$1.key -days 7300 -extfile ca.ext -out $1.pem 2>/dev/null;"
    "openssl x509 -in $1.pem -outform DER -out $1.der; };"
    "make() { n=$1 ca=$2 s=$3; printf \"$4\" >$n.ext; shift 4; key $n $*;"
    "openssl x509 -req -in $n.csr -CA $ca.pem -CAkey $ca.key -days 365 "
    "-CAcreateserial ${digest:+-$digest} -extfile $n.ext -outform DER "
    "-out $n.der 2>/dev/null;"
    "openssl x509 -inform DER -in $n.der -out $n.pem; };"
    "printf 'basicConstraints=critical,CA:TRUE\\n"
    "subjectKeyIdentifier=hash\\n' >ca.ext;"
    "a=subjectAltName=email:" DSA "; p=crlDistributionPoints=URI:http://x/c;"
    "root jroot; root other;"
    "make good jroot /CN=good \"$a\\n$p\";"
    "make altered jroot /CN=altered \"$a\\n$p\";"
    "make pointless jroot /CN=pointless \"$a\";"
    "make usage jroot /CN=usage \"$a\\nkeyUsage=critical,cRLSign\";"
    "make none jroot /CN=none \"$p\";"
    "make dn jroot /CN=dn/emailAddress=" DSA " \"$p\";"
    "make unknown other /CN=unknown \"$a\";"
    "make issued good /CN=issued \"$a\";"
    "make revoked jroot /CN=revoked \"$a\\n$p\";"
    "make held jroot /CN=held \"$a\\n$p\";"
    "make weak jroot /CN=weak \"$a\" rsa:1024;"
    "digest=sha1; make sha1 jroot /CN=sha1 \"$a\"; digest=;"
    "root rroot rsa:2048; p1='-sigopt rsa_padding_mode:pss -sigopt "
    "rsa_pss_saltlen:digest'; digest=\"sha1 $p1\"; make pss1 rroot /CN=pss1 "
    "\"$a\"; digest=\"sha256 $p1\"; make pss2 rroot /CN=pss2 \"$a\"; digest=;"
    "make sub jroot /CN=Sub 'basicConstraints=critical,CA:TRUE';"
    "make leaf sub /CN=leaf \"$a\";"
    "make gone jroot /CN=Gone 'basicConstraints=critical,CA:TRUE\n"
    "crlDistributionPoints=URI:http://x/c';"
    "make under gone /CN=under \"$a\";"
    "serial() { openssl x509 -in $1.pem -noout -serial | cut -d= -f2; };"
    "entry() { printf 'R\\t400101000000Z\\t240101000000Z,%s\\t%s\\t"
    "unknown\\t/CN=x\\n' $2 $(serial $1) >>index; }; >index;"
    "entry revoked keyCompromise; entry held certificateHold; "
    "entry gone cACompromise;"
    "printf '[ca]\ndefault_ca=c\n[c]\ndatabase=index\n"
    "default_md=sha256\n' >crl.conf;"
    "openssl ca -gencrl -keyfile jroot.key -cert jroot.pem -crldays 30 "
    "-config crl.conf 2>/dev/null | openssl crl -outform DER -out c.der;"
    "names() { printf 'subjectAltName=@n\\n[n]\\n' >$1.ext; i=0; "
    "while [ $i -lt $2 ]; do echo email.$i=u$i@a.test; i=$((i+1)); done "
    ">>$1.ext; echo email.z=" DSA " >>$1.ext; s=/CN=$1; key $1; "
    "openssl x509 -req -in $1.csr -CA jroot.pem -CAkey jroot.key -days 365 "
    "-CAcreateserial -extfile $1.ext -outform DER -out $1.der 2>/dev/null; };"
    "names some 500; names many 10000;"
    "odd() { h=$(printf \"$2\" | od -An -v -tx1 | tr -d ' \\n');"
    "l=$((${#h} / 2)); make $1 jroot /CN=$1 "
    "\"$(printf 'subjectAltName=DER:30%02x81%02x%s' $((l + 2)) $l $h)\"; };"
    "odd nul '" DSA "\\000.evil.test'; odd nul2 'x@evil.test\\000" DSA "';"
    "odd dot '" DSA ".'; odd kelvin '" CERT_DSA "@\\342\\204\\252.test';"
    "odd blank '" CERT_DSA " @a.test'; odd two '" CERT_DSA "@evil@a.test';"
    "odd upper 'Domain-Signing-Authority@A.Test'; odd below '" CERT_DSA
    "@sub.a.test';"
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
    "-days 365 -subj /CN=self -addext $a -keyout self.key 2>/dev/null "
    "| openssl x509 -outform DER -out self.der";

static CERTCertificate *load_bytes(unsigned char *data, unsigned length)
{
    SECItem item = {siBuffer, data, length};
    return CERT_NewTempCertificate(CERT_GetDefaultCertDB(), &item, NULL,
                                   PR_FALSE, PR_TRUE);
}

static unsigned read_der(const char *name, unsigned char *data, size_t size)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s.der", cms_fixture_folder(), name);
    FILE *file = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    size_t length = fread(data, 1, size, file);
    fclose(file);
    return (unsigned)length;
}

static CERTCertificate *load(const char *name)
{
    static unsigned char data[1 << 20];
    CERTCertificate *certificate =
        load_bytes(data, read_der(name, data, sizeof data));
    CU_ASSERT_PTR_NOT_NULL_FATAL(certificate);
    return certificate;
}

/* Kept, so that paths are found. */
static CERTCertificate *trusted, *rsa, *sub, *gone;
static time_t now;

static void let_go(void)
{
    CERT_DestroyCertificate(trusted);
    CERT_DestroyCertificate(rsa);
    CERT_DestroyCertificate(sub);
    CERT_DestroyCertificate(gone);
}

static void start(void)
{
    CERTCertTrust trust = {CERTDB_TRUSTED_CA | CERTDB_VALID_CA,
                           CERTDB_TRUSTED_CA | CERTDB_VALID_CA, 0};
    if (trusted)
        return;
    now = time(NULL) + 3600;
    cms_fixture_folder();
    CU_ASSERT_EQUAL_FATAL(cms_fixture_shell(script), 0);
    trusted = load("jroot");
    rsa = load("rroot");
    sub = load("sub");
    gone = load("gone");
    CU_ASSERT_EQUAL(CERT_ChangeCertTrust(CERT_GetDefaultCertDB(), trusted,
                                         &trust), SECSuccess);
    CU_ASSERT_EQUAL(CERT_ChangeCertTrust(CERT_GetDefaultCertDB(), rsa, &trust),
                    SECSuccess);
    cms_fixture_at_end(let_go);
}

static struct judgement judged(const char *name,
                               const struct judge_request *request)
{
    struct judgement judgement;
    start();
    struct judge_request r = *request;
    struct pool *pool = pool_new();
    CERTCertificate *certificate = load(name);
    r.now = now + request->now;
    CU_ASSERT_EQUAL(judge_certificate(pool, certificate, &r, &judgement, &why),
                    0);
    CERT_DestroyCertificate(certificate);
    pool_free(&pool);
    return judgement;
}

static void expect(const char *name, const struct judge_request *request,
                   enum judge_status status)
{
    struct judgement judgement = judged(name, request);
    if (judgement.status != status)
        printf("\n%s: %s (%s), not %s ", name, judge_word(judgement.status),
               judgement.reason, judge_word(status));
    CU_ASSERT_EQUAL(judgement.status, status);
    CU_ASSERT_EQUAL(*judgement.reason == '\0', status == JUDGE_GOOD);
}

/* Revocation is not asked for. */
#define UNKNOWN                                                              \
    (1U << JUDGE_NO_CRL_POINTER | 1U << JUDGE_CRL_NOT_CHECKABLE)

static const struct judge_request verify = {.use = JUDGE_VERIFY,
                                            .domain = "a.test",
                                            .ignore = UNKNOWN};

/* One as it should be, but for the clock. */
static struct judge_request at(long seconds)
{
    struct judge_request request = verify;
    request.now = seconds;
    return request;
}

static void told_apart(void)
{
    struct judge_request late = at(2 * YEAR), early = at(-2 * YEAR);
    struct judge_request other = {.use = JUDGE_VERIFY, .domain = "b.test", .ignore = UNKNOWN};
    struct judge_request encrypt = {.use = JUDGE_ENCRYPT, .address = DSA,
                                    .ignore = UNKNOWN};
    struct judge_request strong = verify;
    strong.bits_least = 2048;
    expect("good", &verify, JUDGE_GOOD);
    expect("leaf", &verify, JUDGE_GOOD);
    expect("good", &encrypt, JUDGE_GOOD);
    expect("good", &late, JUDGE_EXPIRED);
    expect("good", &early, JUDGE_NOT_YET_VALID);
    expect("good", &other, JUDGE_WRONG_ADDRESS);
    expect("none", &verify, JUDGE_NO_ADDRESS);
    expect("unknown", &verify, JUDGE_UNKNOWN_CA);
    expect("issued", &verify, JUDGE_UNKNOWN_CA); /* by one that is no CA */
    expect("self", &verify, JUDGE_SELF_SIGNED);
    expect("usage", &verify, JUDGE_WRONG_USAGE);
    expect("weak", &strong, JUDGE_WEAK_KEY);
    expect("weak", &verify, JUDGE_GOOD);
}

static struct state *with_crl(const char *folder, struct pool *pool)
{
    static unsigned char data[1 << 16];
    static const struct signature_rules all = {NULL, NULL};
    struct state *state;
    struct crl_import import;
    char path[300];
    start();
    struct der crl = {data, read_der("c", data, sizeof data)};
    snprintf(path, sizeof path, "%s/state", folder);
    CU_ASSERT_EQUAL_FATAL(state_open(path, STATE_WRITE, &state, &why), 0);
    CU_ASSERT_EQUAL(crl_import(state, pool, &crl, "http://x/c", &all, now,
                               &import, &why), 0);
    CU_ASSERT_STRING_EQUAL(import.reason, "");
    return state;
}

static void by_crl(void)
{
    char *folder = scratch_new();
    struct pool *pool = pool_new();
    struct judge_request r = {.use = JUDGE_VERIFY, .domain = "a.test",
                              .state = with_crl(folder, pool)};
    struct state *state = r.state;
    expect("good", &r, JUDGE_GOOD);
    expect("revoked", &r, JUDGE_REVOKED);
    expect("held", &r, JUDGE_SUSPENDED);
    expect("under", &r, JUDGE_REVOKED); /* the CA above it */
    r.now = 60L * 24 * 60 * 60;
    expect("good", &r, JUDGE_CRL_EXPIRED);
    expect("revoked", &r, JUDGE_REVOKED);
    r.grace = 40L * 24 * 60 * 60;
    expect("good", &r, JUDGE_GOOD);
    r.now = 2 * YEAR;
    expect("revoked", &r, JUDGE_REVOKED); /* before expired */
    expect("good", &r, JUDGE_EXPIRED);
    r.domain = "b.test";
    expect("revoked", &r, JUDGE_REVOKED); /* before wrong-address */
    expect("good", &r, JUDGE_WRONG_ADDRESS);
    state_close(&state);
    pool_free(&pool);
    scratch_free(&folder);
}

static void without_crl(void)
{
    struct judge_request r = {.use = JUDGE_VERIFY, .domain = "a.test"};
    struct judgement judgement = judged("good", &r);
    CU_ASSERT_EQUAL(judgement.status, JUDGE_CRL_NOT_CHECKABLE);
    CU_ASSERT_EQUAL(judgement.url_count, 1);
    expect("pointless", &r, JUDGE_NO_CRL_POINTER);
    r.now = 2 * YEAR;
    judgement = judged("good", &r);
    CU_ASSERT_EQUAL(judgement.status, JUDGE_EXPIRED);
    CU_ASSERT_EQUAL(judgement.url_count, 0); /* it would not help */
}

static void own_limits(void)
{
    struct judge_request own = {.use = JUDGE_SIGN, .own = 1,
                                .ignore = 1U << JUDGE_CRL_NOT_CHECKABLE};
    expect("good", &own, JUDGE_GOOD);
    expect("pointless", &own, JUDGE_NO_CRL_POINTER);
    own.key_from = now - 6 * YEAR;
    expect("good", &own, JUDGE_KEY_TOO_OLD);
    own.ignore |= 1U << JUDGE_KEY_TOO_OLD;
    expect("good", &own, JUDGE_GOOD);
}

static void precedence(void)
{
    struct judge_request late = at(2 * YEAR);
    struct judge_request other = {.use = JUDGE_VERIFY, .domain = "b.test",
                                  .now = 2 * YEAR, .ignore = UNKNOWN};
    expect("unknown", &late, JUDGE_UNKNOWN_CA);
    expect("self", &late, JUDGE_SELF_SIGNED);
    expect("good", &other, JUDGE_WRONG_ADDRESS);
    other.use = JUDGE_SIGN;
    other.own = 1;
    expect("pointless", &other, JUDGE_WRONG_ADDRESS);
    other.domain = NULL;
    expect("pointless", &other, JUDGE_EXPIRED);
}

static void weak_digests(void)
{
    struct judge_request sha1 = verify;
    sha1.sha1 = 1;
    expect("sha1", &verify, JUDGE_WEAK_KEY);
    expect("sha1", &sha1, JUDGE_GOOD);
    /* RSA-PSS says in its parameters which digest it is */
    expect("pss1", &verify, JUDGE_WEAK_KEY);
    expect("pss1", &sha1, JUDGE_GOOD);
    expect("pss2", &verify, JUDGE_GOOD);
}

static void altered(void)
{
    unsigned char data[8192];
    struct judgement judgement;
    struct pool *pool = pool_new();
    start();
    struct judge_request request = verify;
    request.now = now;
    unsigned length = read_der("altered", data, sizeof data);
    data[length - 1] ^= 1; /* of the signature */
    CERTCertificate *certificate = load_bytes(data, length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(certificate);
    CU_ASSERT_EQUAL(judge_certificate(pool, certificate, &request,
                                      &judgement, &why), 0);
    pool_free(&pool);
    CU_ASSERT_EQUAL(judgement.status, JUDGE_BAD);
    CERT_DestroyCertificate(certificate);
}

static void names_of_all_kinds(void)
{
    struct judge_request below = {.use = JUDGE_VERIFY,
                                  .domain = "x.sub.a.test",
                                  .ignore = UNKNOWN};
    struct judge_request evil = {.use = JUDGE_VERIFY, .domain = "evil.test",
                                 .ignore = UNKNOWN};
    struct judge_request k = {.use = JUDGE_VERIFY, .domain = "k.test",
                              .ignore = UNKNOWN};
    expect("dn", &verify, JUDGE_GOOD);
    expect("upper", &verify, JUDGE_GOOD);
    expect("nul", &verify, JUDGE_NO_ADDRESS);
    expect("nul", &evil, JUDGE_NO_ADDRESS);
    expect("nul2", &verify, JUDGE_NO_ADDRESS);
    expect("dot", &verify, JUDGE_WRONG_ADDRESS);
    expect("kelvin", &k, JUDGE_NO_ADDRESS);
    expect("blank", &verify, JUDGE_NO_ADDRESS);
    expect("two", &verify, JUDGE_WRONG_ADDRESS);
    expect("below", &verify, JUDGE_WRONG_ADDRESS);
    expect("below", &below, JUDGE_GOOD);
}

static void many_names(void)
{
    struct pool *pool = pool_new();
    const char *const *addresses;
    size_t count;
    expect("some", &verify, JUDGE_GOOD); /* by the last of them */
    clock_t before = clock();
    expect("many", &verify, JUDGE_BAD);
    CU_ASSERT_TRUE(clock() - before < CLOCKS_PER_SEC);
    CERTCertificate *many = load("many");
    CU_ASSERT_EQUAL(cert_address_count(many), 10001);
    CU_ASSERT_TRUE(cert_speaks_for(many, "a.test"));
    CU_ASSERT_EQUAL(cert_addresses(pool, many, &addresses, &count), 0);
    CU_ASSERT_EQUAL(count, CERT_ADDRESSES_MOST);
    CU_ASSERT_STRING_EQUAL(addresses[0], "u0@a.test");
    CERT_DestroyCertificate(many);
    pool_free(&pool);
}

/* Whoever sends a message may put any number of issuers into it. */
static void many_ways(void)
{
    static CERTCertificate *ways[PATH_CANDIDATES_MOST + 10];
    unsigned char data[8192], serial[20];
    size_t count = 0;
    expect("leaf", &verify, JUDGE_GOOD);
    unsigned length = read_der("sub", data, sizeof data);
    unsigned char *place =
        memmem(data, length, sub->serialNumber.data, sub->serialNumber.len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(place);
    memcpy(serial, place, sizeof serial);
    for (; count < sizeof ways / sizeof ways[0]; count++) {
        place[4] = (unsigned char)(serial[4] + 1 + count / 200);
        place[5] = (unsigned char)count;
        ways[count] = load_bytes(data, length);
    }
    expect("leaf", &verify, JUDGE_UNKNOWN_CA);
    expect("good", &verify, JUDGE_GOOD);
    while (count > 0)
        CERT_DestroyCertificate(ways[--count]);
    expect("leaf", &verify, JUDGE_GOOD);
}

static const struct unit_test tests[] = {
    {"2.8-always: the statuses are told apart", told_apart},
    {"2.8-always: revoked before all that is less", by_crl},
    {"2.8-always: not known, and what to fetch", without_crl},
    {"2.3-thirteen: limits of our own alone", own_limits},
    {"2.8-always: of several the first in precedence", precedence},
    {"2.4-approved: signed with SHA-1, if the policy lets it", weak_digests},
    {"2.8-always: a signature that does not fit", altered},
    {"2.6-mapping: NUL, dots, blanks, other letters in addresses",
     names_of_all_kinds},
    {"2.8-many-addr: 500 addresses in one, and 10,000", many_names},
    {"2.8-always: too many ways up", many_ways},
};
UNIT_SUITE(judge, tests)
