/* seemail-certs ocsp: asks the responders of certificates, each of which
 * stands in the file together with its issuer. */
#include "bundle.h"
#include "certificate.h"
#include "certs.h"
#include "failure.h"
#include "keystore.h"
#include "buffer.h"
#include "json.h"
#include "ocsp_fetch.h"
#include "policy.h"
#include "pool.h"
#include "state.h"

#include <certdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#define BYTES_MOST (1U << 20)
#define CERTIFICATES_MOST 50

struct ocsp_command {
    struct certs *certs;
    struct ocsp_fetcher fetcher;
    struct buffer json;
    CERTCertificate *certificates[CERTIFICATES_MOST];
    size_t count;
    long seconds; /* for all; 0 = no limit */
    int failed; /* a responder did not answer */
};

static int read_certificates(struct ocsp_command *command, const char *path,
                             struct failure *why)
{
    struct buffer content = {0};
    struct bundle bundle;
    int rc = certs_input(path, BYTES_MOST, &content, why);
    if (rc == 0)
        rc = bundle_read(command->certs->pool, content.data, content.length,
                         CERTIFICATES_MOST, &bundle, why);
    buffer_free(&content);
    for (size_t i = 0; rc == 0 && i < bundle.count; i++) {
        CERTCertificate *one = cert_decode(&bundle.certificates[i]);
        if (one)
            command->certificates[command->count++] = one;
    }
    return rc;
}

static CERTCertificate *issuer_of(const struct ocsp_command *command,
                                  CERTCertificate *certificate)
{
    for (size_t i = 0; i < command->count; i++) {
        CERTCertificate *one = command->certificates[i];
        if (one != certificate &&
            SECITEM_ItemsAreEqual(&one->derSubject, &certificate->derIssuer) &&
            CERT_VerifySignedDataWithPublicKeyInfo(
                &certificate->signatureWrap, &one->subjectPublicKeyInfo,
                NULL) == SECSuccess)
            return one;
    }
    return NULL;
}

static const char *status_word(enum ocsp_outcome outcome,
                               const struct ocsp_answer *answer)
{
    if (outcome == OCSP_FAILED)
        return "no answer";
    if (outcome == OCSP_NO_URL)
        return "no responder";
    switch (answer->status) {
    case OCSP_GOOD:
        return "good";
    case OCSP_REVOKED:
        return "revoked";
    default:
        return "unknown";
    }
}

static void show(struct ocsp_command *command, const char *title,
                 const char *status, const struct ocsp_answer *answer,
                 const char *reason)
{
    struct buffer *json = &command->json;
    json_open(json, NULL, '{');
    json_text(json, "certificate", title);
    json_text(json, "status", status);
    if (answer->this_update)
        json_time(json, "this_update", answer->this_update);
    if (answer->next_update)
        json_time(json, "next_update", answer->next_update);
    if (*reason)
        json_text(json, "reason", reason);
    json_close(json, '}');
    if (!command->certs->json)
        printf("%s: %s%s%s\n", title, status, *reason ? ": " : "", reason);
}

/* One responder that is slow must not use up all the time that is left: an
 * equal share for each certificate that is. 1; 0 = nothing is left. */
static int share(struct ocsp_command *command, size_t certificates)
{
    struct ocsp_fetcher *fetcher = &command->fetcher;
    long most = (long)command->certs->policy->settings.ocsp_timeout;
    long left = command->seconds - (long)(time(NULL) - fetcher->now);
    if (command->seconds == 0)
        return 1;
    if (left > (long)certificates)
        left /= (long)certificates;
    fetcher->seconds = (unsigned)(left > most ? most : left > 0 ? left : 0);
    return left > 0;
}

static int ask(struct ocsp_command *command, CERTCertificate *certificate,
               CERTCertificate *issuer, struct failure *why)
{
    const char *title = cert_title(command->certs->pool, certificate);
    struct ocsp_answer answer;
    enum ocsp_outcome outcome;
    struct failure own = {0};
    if (!title)
        return failure_memory(why);
    if (ocsp_fetch(&command->fetcher, certificate, issuer, &outcome, &answer,
                   &own) < 0)
        return failure(why, own.kind, "%s", own.text);
    command->failed |= outcome == OCSP_FAILED;
    show(command, title, status_word(outcome, &answer), &answer,
         outcome == OCSP_FAILED ? own.text : "");
    return 0;
}

static int ask_all(struct ocsp_command *command, struct failure *why)
{
    CERTCertificate *issuers[CERTIFICATES_MOST];
    size_t left = 0;
    int rc = 0;
    for (size_t i = 0; i < command->count; i++) {
        issuers[i] = issuer_of(command, command->certificates[i]);
        left += issuers[i] != NULL; /* else a root, or only an issuer here */
    }
    json_open(&command->json, NULL, '[');
    for (size_t i = 0; rc == 0 && i < command->count; i++) {
        if (!issuers[i])
            continue;
        if (share(command, left--))
            rc = ask(command, command->certificates[i], issuers[i], why);
        else
            command->failed = 1;
    }
    json_close(&command->json, ']');
    if (rc == 0 && command->json.failed)
        rc = failure_memory(why);
    if (rc == 0 && command->certs->json)
        printf("%s\n", buffer_string(&command->json));
    return rc;
}

static int run(struct ocsp_command *command, const char *path,
               struct failure *why)
{
    const struct settings *settings = &command->certs->policy->settings;
    struct keystore *keystore;
    if (keystore_open(settings->nssdb, settings->nssdb_password, &keystore,
                      why) < 0)
        return -1;
    int rc = state_open(settings->state, STATE_WRITE, &command->fetcher.state,
                        why);
    if (rc == 0)
        rc = read_certificates(command, path, why);
    if (rc == 0)
        rc = ask_all(command, why);
    for (size_t i = 0; i < command->count; i++)
        CERT_DestroyCertificate(command->certificates[i]);
    state_close(&command->fetcher.state);
    keystore_close(&keystore);
    return rc;
}

static int read_options(struct ocsp_command *command, int *argc, char ***argv)
{
    for (; *argc > 1 && (*argv)[0][0] == '-'; (*argc)--, (*argv)++)
        if (strcmp((*argv)[0], "--again") == 0) {
            command->fetcher.again = 1;
        } else if (strcmp((*argv)[0], "--seconds") == 0 &&
                   (command->seconds = strtol((*argv)[1], NULL, 10)) > 0) {
            (*argc)--;
            (*argv)++;
        } else {
            return -1;
        }
    return 0;
}

int certs_ocsp(struct certs *certs, int argc, char **argv)
{
    struct ocsp_command command = {
        .certs = certs,
        .fetcher = {.pool = certs->pool, .now = time(NULL),
                    .rules = certs_rules(certs),
                    .proxy = certs->policy->settings.http_proxy,
                    .seconds =
                        (unsigned)certs->policy->settings.ocsp_timeout}};
    struct failure why = {0};
    if (read_options(&command, &argc, &argv) < 0 || argc != 1)
        return certs_usage("ocsp");
    int rc = run(&command, argv[argc - 1], &why);
    buffer_free(&command.json);
    if (rc < 0)
        return certs_complain(&why);
    return command.failed ? EX_TEMPFAIL : EX_OK;
}
