/* answer: see answer.h. */
#include "answer.h"

#include "address.h"
#include "certificate.h"
#include "decide.h"
#include "failure.h"
#include "gateway.h"
#include "interface.h"
#include "mail.h"
#include "open.h"
#include "pool.h"
#include "state.h"
#include "state_list.h"
#include "template.h"
#include "verdict.h"
#include "warning.h"

#include <string.h>

struct naming {
    struct buffer *out;
    size_t count;
};

static int name_agency(void *context, const struct state_entry *entry)
{
    struct naming *naming = context;
    if (naming->count++ >= ANSWER_AGENCIES_MOST)
        return 0;
    buffer_text(naming->out, "  ");
    template_clean(entry->address, TEMPLATE_TEXT, naming->out);
    buffer_byte(naming->out, '\n');
    return 0;
}

/* Those of the SEEMAIL list [2.14-ping]. */
static int put_agencies(struct gateway *gateway, struct buffer *out,
                        struct failure *why)
{
    struct buffer names = {0};
    struct naming naming = {&names, 0};
    int rc = gateway_state(gateway, why);
    if (rc == 0 && gateway->state)
        rc = state_list_each(gateway->state, LIST_SEEMAIL, name_agency,
                             &naming, why);
    buffer_format(out, PING_AGENCIES "%zu\n%s", naming.count,
                  buffer_string(&names));
    if (naming.count > ANSWER_AGENCIES_MOST)
        buffer_text(out, "  and more\n");
    buffer_free(&names);
    return rc < 0 ? -1 : 0;
}

static void put_line(struct buffer *out, const char *name, const char *value)
{
    buffer_text(out, name);
    template_clean(value, TEMPLATE_TEXT, out);
    buffer_byte(out, '\n');
}

int answer_ping(struct gateway *gateway, struct pool *pool,
                const struct answer *answer, struct failure *why)
{
    struct buffer text = {0};
    (void)pool;
    put_line(&text, PING_VERSION, SEEMAIL_VERSION);
    put_line(&text, PING_SOFTWARE, "SEEMail for Exim " SEEMAIL_SOFTWARE);
    put_line(&text, PING_VERDICT, verdict_word(VERDICT_GOOD));
    put_line(&text, PING_SIGNER, answer->signer);
    put_line(&text, PING_ALGORITHMS, answer->algorithms);
    int rc = put_agencies(gateway, &text, why);
    struct mail mail = {.from = answer->from, .to = answer->to,
                        .subject = "SEEMail ping: answer",
                        .answers = answer->answers,
                        .text = buffer_string(&text)};
    if (rc == 0)
        rc = text.failed ? failure_memory(why)
                         : mail_out(gateway->policy, &mail, why);
    buffer_free(&text);
    return rc;
}

/* Our certificate for the address. 1, 0, -1. */
static int find_wanted(struct gateway *gateway, struct pool *pool,
                       const char *wanted, CERTCertificate **certificate_r,
                       struct failure *why)
{
    struct address address;
    int rc = address_parse(pool, wanted, strlen(wanted), &address);
    if (rc <= 0)
        return rc < 0 ? failure_memory(why) : 0;
    const struct identity *identity =
        policy_identity(gateway->policy, address.domain);
    const char *plain = pool_format(pool, "%s@%s", address.local,
                                    address.domain);
    if (!identity || !plain)
        return plain ? 0 : failure_memory(why);
    if (gateway_own(gateway, identity->decrypting[0], JUDGE_ENCRYPT,
                    certificate_r, why) < 0)
        return -1;
    if (cert_has_address(*certificate_r, plain))
        return 1;
    CERT_DestroyCertificate(*certificate_r);
    return 0;
}

int answer_request(struct gateway *gateway, struct pool *pool,
                   const struct answer *answer, struct failure *why)
{
    CERTCertificate *certificate;
    int rc = find_wanted(gateway, pool, answer->wanted, &certificate, why);
    if (rc <= 0)
        return rc < 0 ? -1 : 1;
    struct mail mail = {.from = answer->from, .to = answer->to,
                        .subject = answer->wanted,
                        .answers = answer->answers,
                        .text = "The certificate that you asked for is "
                                "attached.\n",
                        .type = "application/pkix-cert",
                        .name = "certificate.cer",
                        .data = certificate->derCert.data,
                        .length = certificate->derCert.len};
    rc = mail_out(gateway->policy, &mail, why);
    CERT_DestroyCertificate(certificate);
    return rc;
}

int answer_keep(const struct opened *opened, struct pool *pool,
                const char *algorithms, struct buffer *out,
                struct failure *why)
{
    struct buffer whole = {0};
    struct buffer_sink sink;
    const struct warning none = {.hardness = WARNING_NONE};
    buffer_sink_init(&sink, &whole);
    put_line(out, PING_VERDICT, verdict_word(opened->verdict));
    put_line(out, PING_FROM, opened->from.domain);
    put_line(out, PING_SIGNER, opened->signer);
    put_line(out, PING_ALGORITHMS, algorithms);
    int rc = opened_write(opened, pool, &none, 1 << 20, &sink.sink, why);
    const char *body = strstr(buffer_string(&whole), "\n\n");
    if (rc == 0 && body)
        buffer_format(out, "\n%s", body + 2);
    buffer_free(&whole);
    return rc == 0 && out->failed ? failure_memory(why) : rc;
}
