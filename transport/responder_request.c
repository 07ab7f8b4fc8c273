/*
 * responder_request: asks a partner by mail for his certificate when no
 * directory has it [2.8-mail-request]. The mail cannot be sealed, since what
 * it asks for is what sealing needs: it is signed here, and the hook lets it
 * go as it is (receive.c knows it by what no other mail has).
 */
#include "responder.h"

#include "address.h"
#include "blob.h"
#include "buffer.h"
#include "failure.h"
#include "filter.h"
#include "interface.h"
#include "mail.h"
#include "policy.h"
#include "pool.h"
#include "rate.h"
#include "state.h"

#include <string.h>

#define HOUR 3600

/* Once in so many hours for one address. 1, 0, -1. */
static int is_time(struct responder *r, const char *wanted,
                   struct failure *why)
{
    const struct settings *settings = &r->gateway.policy->settings;
    struct state *state;
    if (state_open(settings->state, STATE_WRITE, &state, why) < 0)
        return -1;
    int rc = rate_take(state, "request", wanted, settings->request_hours > 0,
                       settings->request_hours * HOUR, r->gateway.now, why);
    state_close(&state);
    return rc;
}

static int sign(struct responder *r, const struct mail *mail,
                struct buffer *out, struct failure *why)
{
    char id[MAIL_ID];
    struct buffer plain = {0};
    struct blob blob;
    struct blob_source in;
    struct buffer_sink sink;
    blob_init(&blob);
    buffer_sink_init(&sink, out);
    int rc = mail_id(mail->from, id, why);
    if (rc == 0)
        rc = mail_write(mail, id, &plain, why);
    if (rc == 0)
        rc = blob_write(&blob, plain.data, plain.length, why);
    blob_source_init(&in, &blob, 0, blob.length);
    if (rc == 0)
        rc = filter_sign(&r->gateway, r->pool, strrchr(mail->from, '@') + 1,
                         &in.source, &sink.sink, why);
    buffer_free(&plain);
    blob_free(&blob);
    return rc;
}

static int ask(struct responder *r, const char *wanted, const char *domain,
               struct failure *why)
{
    const struct policy *policy = r->gateway.policy;
    const char *own = policy->identities[0].domain;
    struct buffer message = {0};
    const char *from = pool_format(r->pool, LOCAL_REQUEST "@%s",
                                   own + (*own == '.'));
    struct mail mail = {
        .from = from, .sender = from,
        .to = pool_format(r->pool, LOCAL_REQUEST "@%s", domain),
        .subject = wanted,
        .text = pool_format(r->pool, "Please send the certificate of %s.\n",
                            wanted)};
    if (!from || !mail.to || !mail.text)
        return failure_memory(why);
    int rc = sign(r, &mail, &message, why);
    if (rc == 0)
        rc = mail_send(policy, from, mail.to, &message, why);
    buffer_free(&message);
    return rc < 0 ? -1 : 1;
}

int responder_request(struct responder *r, int argc, char **argv,
                      struct failure *why)
{
    struct address address;
    if (argc != 1)
        return failure(why, FAILURE_USAGE, "request: an address");
    int rc = address_parse(r->pool, argv[0], strlen(argv[0]), &address);
    if (rc < 0)
        return failure_memory(why);
    if (rc == 0 || policy_identity(r->gateway.policy, address.domain))
        return failure(why, FAILURE_USAGE, "request: %s: not an address of "
                       "somebody else", argv[0]);
    const char *wanted = pool_format(r->pool, "%s@%s", address.local,
                                     address.domain);
    if (!wanted)
        return failure_memory(why);
    logline_field(&r->log, LOG_TO, address.domain);
    rc = is_time(r, wanted, why);
    return rc <= 0 ? rc : ask(r, wanted, address.domain, why);
}
