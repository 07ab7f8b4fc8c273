/* filter: see filter.h. */
#include "filter.h"

#include "address.h"
#include "blob.h"
#include "buffer.h"
#include "capabilities.h"
#include "cms_choice.h"
#include "cms_label.h"
#include "cms_trial.h"
#include "failure.h"
#include "interface.h"
#include "keystore.h"
#include "open.h"
#include "partner.h"
#include "pool.h"
#include "seal.h"
#include "template.h"
#include "warning.h"

#include <keyhi.h>
#include <stdio.h>
#include <string.h>

#define CHAIN_MOST 10

/* What sealing needs; all is looked up and judged before a byte goes out. */
struct materials {
    struct cms_signer signer;
    struct seal seal;
    struct cms_recipient recipient;
    CERTCertList *chain;
    CERTCertificate *chain_certificates[CHAIN_MOST];
    struct buffer capabilities; /* ours */
    struct buffer label;
    struct cms_choice choice;
    enum judge_status status; /* of the recipient's certificate */
};

static void let_go(struct materials *m)
{
    if (m->signer.key)
        SECKEY_DestroyPrivateKey(m->signer.key);
    if (m->signer.certificate)
        CERT_DestroyCertificate(m->signer.certificate);
    if (m->signer.encryption)
        CERT_DestroyCertificate(m->signer.encryption);
    if (m->recipient.certificate)
        CERT_DestroyCertificate(m->recipient.certificate);
    if (m->chain)
        CERT_DestroyCertList(m->chain);
    buffer_free(&m->capabilities);
    buffer_free(&m->label);
}

/* The chain that is sent along: without our own and the root. */
static void find_chain(struct gateway *gateway, struct materials *m)
{
    m->chain = CERT_GetCertChainFromCert(
        m->signer.certificate, (PRTime)gateway->now * PR_USEC_PER_SEC,
        certUsageEmailSigner);
    if (!m->chain)
        return;
    for (CERTCertListNode *node = CERT_LIST_HEAD(m->chain);
         !CERT_LIST_END(node, m->chain); node = CERT_LIST_NEXT(node)) {
        CERTCertificate *one = node->cert;
        if (one == m->signer.certificate || m->signer.chain_count == CHAIN_MOST ||
            SECITEM_ItemsAreEqual(&one->derIssuer, &one->derSubject))
            continue;
        m->chain_certificates[m->signer.chain_count++] = one;
    }
    m->signer.chain = m->chain_certificates;
}

/* Can the key that partners encrypt to do OAEP, and do we say so? 1, 0, -1. */
static int try_oaep(struct gateway *gateway, CERTCertificate *certificate,
                    struct failure *why)
{
    SECKEYPrivateKey *key;
    if (cms_key_of(certificate) != CMS_KEY_RSA ||
        !policy_permits(gateway->policy, ALGORITHM_KEYTRANSPORT, "rsa-oaep",
                        0))
        return 0;
    if (keystore_key(gateway->keystore, certificate, &key, why) < 0)
        return -1;
    int rc = cms_opens(certificate, key, CMS_RSA_OAEP, why);
    SECKEY_DestroyPrivateKey(key);
    return rc;
}

/* What our mail says that we read. */
static int find_capabilities(struct gateway *gateway, struct materials *m,
                             struct failure *why)
{
    CERTCertificate *certificate =
        m->signer.encryption ? m->signer.encryption : m->signer.certificate;
    int oaep = try_oaep(gateway, certificate, why);
    if (oaep < 0)
        return -1;
    cms_capabilities_put(gateway->policy, cms_key_of(certificate), oaep,
                         &m->capabilities);
    m->signer.capabilities = (struct der){
        (const unsigned char *)buffer_string(&m->capabilities),
        m->capabilities.length};
    return m->capabilities.failed ? failure_memory(why) : 0;
}

static int find_algorithms(struct gateway *gateway, struct materials *m,
                           struct failure *why)
{
    static const char *const names[] = {[CMS_KEY_RSA] = "rsa",
                                        [CMS_KEY_EC] = "ecdsa"};
    const struct policy *policy = gateway->policy;
    const struct algorithm *hash =
        policy_algorithm(policy, ALGORITHM_DIGEST, 1);
    enum cms_key kind = cms_key_of(m->signer.certificate);
    m->seal.hash = hash ? cms_hash_named(hash->name) : NULL;
    if (!m->seal.hash)
        return failure(why, FAILURE_POLICY,
                       "algorithms: no digest that may be sent");
    if (kind == CMS_KEY_OTHER)
        return failure(why, FAILURE_CERT, "our key is of no kind that can "
                       "sign");
    if (!policy_permits(policy, ALGORITHM_SIGN, names[kind], 1))
        return failure(why, FAILURE_CERT, "algorithms: our key is %s, which "
                       "may not be used to sign", names[kind]);
    return find_capabilities(gateway, m, why);
}

static int find_signer(struct gateway *gateway, const char *from,
                       struct materials *m, struct failure *why)
{
    const struct identity *identity =
        policy_identity(gateway->policy, from);
    if (!identity)
        return failure(why, FAILURE_POLICY, "identity: no row for \"%s\"",
                       from);
    if (gateway_keystore(gateway, why) < 0 ||
        gateway_own(gateway, identity->signing, JUDGE_SIGN,
                    &m->signer.certificate, why) < 0 ||
        keystore_key(gateway->keystore, m->signer.certificate,
                     &m->signer.key, why) < 0)
        return -1;
    if (strcmp(identity->signing, identity->decrypting[0]) != 0 &&
        gateway_own(gateway, identity->decrypting[0], JUDGE_ENCRYPT,
                    &m->signer.encryption, why) < 0)
        return -1;
    find_chain(gateway, m);
    m->signer.now = gateway->now;
    return find_algorithms(gateway, m, why);
}

/* For an envelope for a domain the local part may be whatever is in use:
 * over 64 characters, or not ASCII. */
static int read_recipient(struct pool *pool, enum recipient_class class,
                          const char *recipient, struct address *address_r,
                          struct failure *why)
{
    const char *at = strrchr(recipient, '@');
    char *domain = NULL;
    int rc = 0;
    if (class == CLASS_PERSON)
        rc = address_parse(pool, recipient, strlen(recipient), address_r);
    else if (at)
        rc = domain_canonical(pool, at + 1, strlen(at + 1), &domain);
    if (rc <= 0)
        return rc < 0 ? failure_memory(why)
                      : failure(why, FAILURE_BUG, "%s: no address", recipient);
    if (domain)
        *address_r = (struct address){"", domain};
    return 0;
}

/* By what the recipient (an address, or a domain) announced. */
static int choose(struct gateway *gateway, struct pool *pool, const char *who,
                  struct materials *m, struct failure *why)
{
    struct capabilities known;
    int rc = gateway_state(gateway, why);
    if (rc == 0 && gateway->state)
        rc = capabilities_find(gateway->state, pool, who, &known, why);
    if (rc < 0 || cms_choose(gateway->policy, rc > 0 ? &known.list : NULL,
                             cms_key_of(m->recipient.certificate),
                             &m->choice, why) < 0)
        return -1;
    m->recipient.transport = m->choice.transport;
    m->seal.cipher = m->choice.cipher;
    return 0;
}

/* By what was decided for the recipient. */
static int find_recipient(struct gateway *gateway, struct pool *pool,
                          enum recipient_class class, const char *recipient,
                          struct materials *m, struct failure *why)
{
    struct address address;
    struct partner_found partner;
    char person[400];
    if (read_recipient(pool, class, recipient, &address, why) < 0)
        return -1;
    snprintf(person, sizeof person, "%s@%s", address.local, address.domain);
    int rc = partner_find(gateway, class == CLASS_PERSON ? person : NULL,
                          address.domain, &partner, why);
    if (rc == 0)
        return failure(why, FAILURE_CERT, "%s", partner.reason);
    if (rc > 0) {
        m->recipient.certificate = partner.certificate;
        m->status = partner.status;
        rc = choose(gateway, pool,
                    class == CLASS_PERSON ? person : address.domain, m, why);
    }
    m->seal.recipients = &m->recipient;
    m->seal.recipient_count = 1;
    return rc < 0 ? -1 : 0;
}

static int find_materials(struct gateway *gateway, struct pool *pool,
                          const char *from, enum recipient_class class,
                          const char *recipient, struct materials *m,
                          struct failure *why)
{
    if (find_signer(gateway, from, m, why) < 0 ||
        find_recipient(gateway, pool, class, recipient, m, why) < 0)
        return -1;
    m->seal.signer = &m->signer;
    m->seal.header_limit = (size_t)gateway->policy->settings.header_limit;
    return 0;
}

int filter_ready(struct gateway *gateway, struct pool *pool,
                 const char *from, enum recipient_class class,
                 const char *recipient, struct failure *why)
{
    struct materials m = {0};
    gateway_network(gateway, gateway->policy->settings.send_network);
    int rc = find_materials(gateway, pool, from, class, recipient, &m, why);
    let_go(&m);
    return rc < 0 ? 0 : 1;
}

/* All recipients of one run are one domain's (multi_domain = false), and it
 * was decided that they are to be sealed for. */
static int check_recipients(struct pool *pool, const struct decided *decided,
                            enum recipient_class class,
                            const char *const *recipients, size_t count,
                            struct failure *why)
{
    struct address first = {NULL, NULL}, other;
    enum recipient_class decision;
    for (size_t i = 0; i < count; i++) {
        if (read_recipient(pool, class, recipients[i], i ? &other : &first,
                           why) < 0)
            return -1;
        if (i && strcmp(first.domain, other.domain) != 0)
            return failure(why, FAILURE_BUG, "recipients of several domains "
                           "in one envelope: %s", recipients[i]);
    }
    if (count == 0)
        return failure(why, FAILURE_BUG, "no recipients");
    if (class != CLASS_PERSON &&
        (!decided_class(decided, first.domain, NULL, &decision) ||
         decision != CLASS_SEAL))
        return failure(why, FAILURE_BUG, "%s: was not to be sealed",
                       recipients[0]);
    return 0;
}

/* The label of a marked mail, if the policy has labels [1.9-label]. */
static int find_label(const struct policy *policy, const char *marking,
                      struct materials *m, struct failure *why)
{
    struct cms_label label = {
        {policy->label_policy, policy->label_policy_length},
        policy_classification(policy, marking), marking};
    if (!policy->label_policy || !*marking)
        return 0;
    cms_label_put(&label, &m->label);
    m->signer.label = (struct der){
        (const unsigned char *)buffer_string(&m->label), m->label.length};
    return m->label.failed ? failure_memory(why) : 0;
}

/* A text of the settings with the marking in it. NULL, no failure = none. */
static int fill_label(struct pool *pool, const char *text, const char *marking,
                      const char *end, const char **filled_r,
                      struct failure *why)
{
    const struct template_value value = {"marking", marking, 0};
    struct buffer out = {0};
    if (!text || !*marking)
        return 0;
    int rc = template_fill(text, TEMPLATE_TEXT, &value, 1, &out, why);
    buffer_text(&out, end);
    if (rc == 0 && (out.failed ||
                    !(*filled_r = pool_string(pool, buffer_string(&out)))))
        rc = failure_memory(why);
    buffer_free(&out);
    return rc;
}

/* What the header says of the marking [1.9-label]. */
static int find_label_lines(struct pool *pool, const struct policy *policy,
                            const char *marking, struct seal *seal,
                            struct failure *why)
{
    const struct settings *settings = &policy->settings;
    if (!*marking && settings->label_default)
        marking = settings->label_default;
    return fill_label(pool, settings->label_subject, marking, "", &seal->tag,
                      why) < 0
               ? -1
               : fill_label(pool, settings->label_header, marking, "\n",
                            &seal->field, why);
}

int filter_seal(struct gateway *gateway, struct pool *pool,
                const struct decided *decided, enum recipient_class class,
                const char *const *recipients, size_t count,
                struct source *in, struct sink *out,
                struct filter_report *report_r, struct failure *why)
{
    struct materials m = {0};
    *report_r = (struct filter_report){0};
    gateway_network(gateway, gateway->policy->settings.send_network);
    int rc = check_recipients(pool, decided, class, recipients, count, why);
    if (rc == 0)
        rc = find_materials(gateway, pool, decided->from, class,
                            recipients[0], &m, why);
    if (rc == 0)
        rc = find_label(gateway->policy, decided->marking, &m, why);
    if (rc == 0)
        rc = find_label_lines(pool, gateway->policy, decided->marking,
                              &m.seal, why);
    if (rc == 0)
        rc = seal(&m.seal, in, out, why);
    if (rc == 0) {
        report_r->cipher = m.choice.cipher->name;
        report_r->transport = m.choice.transport_name;
        report_r->recipient = m.status;
    }
    let_go(&m);
    return rc;
}

int filter_sign(struct gateway *gateway, struct pool *pool, const char *from,
                struct source *in, struct sink *out, struct failure *why)
{
    struct materials m = {0};
    (void)pool;
    m.seal.signer = &m.signer;
    m.seal.header_limit = (size_t)gateway->policy->settings.header_limit;
    int rc = find_signer(gateway, from, &m, why);
    if (rc == 0)
        rc = seal(&m.seal, in, out, why);
    let_go(&m);
    return rc;
}

static void report(const struct opened *opened, struct filter_report *report_r)
{
    *report_r = (struct filter_report){
        .verdict = opened->verdict, .signer = opened->signer,
        .reason = opened->reason, .label = opened->label, .layers = opened->layers,
        .closed = opened->closed};
    if (opened->verdict == VERDICT_GOOD) {
        report_r->lessons = opened->lessons;
        report_r->domain = opened->from.domain;
    }
}

int filter_verify(struct gateway *gateway, struct pool *pool,
                  const struct blob *message, struct filter_report *report_r,
                  struct failure *why)
{
    struct opened opened;
    gateway_network(gateway, gateway->policy->settings.receive_network);
    if (open_message(gateway, pool, message, &opened, why) < 0)
        return -1;
    report(&opened, report_r);
    opened_free(&opened);
    return 0;
}

int filter_open(struct gateway *gateway, struct pool *pool,
                const struct decided *decided, struct source *in,
                struct sink *out, struct filter_report *report_r,
                struct failure *why)
{
    struct opened opened;
    struct blob message;
    struct warning warning;
    blob_init(&message);
    int rc = stream_copy(in, &message.sink, why);
    if (rc == 0)
        rc = open_message(gateway, pool, &message, &opened, why);
    if (rc == 0) {
        report(&opened, report_r);
        rc = warning_make(pool, gateway->policy, decided, &opened, &warning,
                          why);
        if (rc == 0)
            rc = opened_write(&opened, pool, &warning,
                              (size_t)gateway->policy->settings.header_limit,
                              out, why);
        opened_free(&opened);
    }
    blob_free(&message);
    return rc;
}
