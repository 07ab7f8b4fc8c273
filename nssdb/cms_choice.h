#ifndef SEEMAIL_CMS_CHOICE_H
#define SEEMAIL_CMS_CHOICE_H

/*
 * cms_choice: which algorithms a partner gets: the best that the policy lets
 * be sent and the partner reads [2.4-highest]; and our own SMIMECapabilities
 * (RFC 8551, 2.5.2), from the same table.
 */

#include "cms_cipher.h"
#include "cms_wrap.h"

struct buffer;
struct der;
struct failure;
struct policy;

/* What matters of a recipient's key. */
enum cms_key { CMS_KEY_RSA, CMS_KEY_EC, CMS_KEY_OTHER };

enum cms_key cms_key_of(CERTCertificate *certificate);

struct cms_choice {
    const struct cms_algorithm *cipher;
    enum cms_transport transport;
    const char *transport_name; /* of the policy's row */
};

/*
 * `capabilities': what the partner announced (DER, whole); NULL = nothing:
 * he gets what the policy sends without being told. 0; -1 = FAILURE_CERT:
 * he reads nothing that is approved [2.4-approved].
 */
int cms_choose(const struct policy *policy, const struct der *capabilities,
               enum cms_key key, struct cms_choice *choice_r,
               struct failure *why);

/* Is it a list of capabilities at all? */
int cms_capabilities_valid(const struct der *capabilities);

/* Ours, the best first: what the policy lets be received by a key of ours.
 * `oaep': can the key do that? See cms_trial.h. */
void cms_capabilities_put(const struct policy *policy, enum cms_key key,
                          int oaep, struct buffer *der);

#endif
