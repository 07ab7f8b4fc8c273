/* event_kind: see event_kind.h. */
#include "event_kind.h"

const char *const event_words[EVENT_KINDS + 1] = {
    [EVENT_HELD] = "held",
    [EVENT_SENT_UNKNOWN] = "sent-status-unknown",
    [EVENT_RECEIVED_REVOKED] = "received-revoked",
    [EVENT_RECEIVED_UNTRUSTED] = "received-untrusted",
    [EVENT_RECEIVED_EXPIRED] = "received-expired",
    [EVENT_RECEIVED_UNKNOWN] = "received-status-unknown",
    [EVENT_RECEIVED_UNVERIFIED] = "received-unverified",
    [EVENT_CRL_FAILED] = "crl-failed",
    [EVENT_DIRECTORY_FAILED] = "directory-failed",
    [EVENT_LIST_CHANGED] = "list-changed",
    [EVENT_CERTIFICATE_NEW] = "certificate-new",
    [EVENT_CERTIFICATE_PENDING] = "certificate-pending",
    [EVENT_OWN_CERTIFICATE] = "own-certificate",
    [EVENT_KEY_COMPROMISED] = "key-compromised",
    [EVENT_REQUEST_REFUSED] = "request-refused",
    [EVENT_RELEASED] = "released",
    [EVENT_KEYSTORE_FAILED] = "keystore-failed",
    [EVENT_STATE_FAILED] = "state-failed",
    [EVENT_FAILED] = "failed",
};

static const struct {
    const char *title, *advice;
} texts[EVENT_KINDS] = {
    [EVENT_HELD] = {"Mail waits because it cannot be sealed",
                    "Get a valid certificate for the domain: see "
                    "seemail-certs status. The mail then goes out by itself."},
    [EVENT_SENT_UNKNOWN] = {"Mail was sealed with a certificate whose status "
                            "could not be checked",
                            "See whether the certificate's CRL can be "
                            "fetched: seemail-certs status."},
    [EVENT_RECEIVED_REVOKED] = {"Mail came signed with a revoked certificate",
                                "Ask the sender's organisation for its new "
                                "certificate."},
    [EVENT_RECEIVED_UNTRUSTED] = {"Mail came signed with a certificate from "
                                  "an authority that is not trusted",
                                  "If the authority is to be trusted, add it "
                                  "to the key store with certutil."},
    [EVENT_RECEIVED_EXPIRED] = {"Mail came signed with an expired certificate",
                                "Ask the sender's organisation for its new "
                                "certificate."},
    [EVENT_RECEIVED_UNKNOWN] = {"Mail came signed with a certificate whose "
                                "status could not be checked",
                                "See whether the certificate's CRL can be "
                                "fetched: seemail-certs status."},
    [EVENT_RECEIVED_UNVERIFIED] = {"Mail came that could not be verified",
                                   "Look up its verdict in "
                                   "seemail-outcomes(5)."},
    [EVENT_CRL_FAILED] = {"A list of revoked certificates is not usable",
                          "See seemail-certs status."},
    [EVENT_DIRECTORY_FAILED] = {"A directory did not answer",
                                "See that it can be reached, then run "
                                "seemail-certs refresh."},
    [EVENT_LIST_CHANGED] = {"A list of organisations has changed",
                            "Nothing needs to be done."},
    [EVENT_CERTIFICATE_NEW] = {"A certificate was found and is in use",
                               "Nothing needs to be done."},
    [EVENT_CERTIFICATE_PENDING] = {"A certificate waits for your approval",
                                   "Approve or deny it with seemail-certs."},
    [EVENT_OWN_CERTIFICATE] = {"A certificate of ours needs attention",
                               "See seemail-certs status."},
    [EVENT_KEY_COMPROMISED] = {"A key of ours was suspended",
                               "Follow the drill in the administrator's "
                               "guide."},
    [EVENT_REQUEST_REFUSED] = {"A ping or certificate request was not "
                               "answered",
                               "Nothing needs to be done, unless you know "
                               "the sender."},
    [EVENT_RELEASED] = {"A held mail was released by hand",
                        "Nothing needs to be done."},
    [EVENT_KEYSTORE_FAILED] = {"The key store cannot be used: mail waits",
                               "See seemail-certs status."},
    [EVENT_STATE_FAILED] = {"The state cannot be used: mail waits",
                            "See seemail-certs status; what was fetched can "
                            "be fetched again."},
    [EVENT_FAILED] = {"Something of the hub failed: mail waits",
                      "Look into the log."},
};

const char *event_word(enum event_kind kind)
{
    return event_words[kind];
}

const char *event_title(enum event_kind kind)
{
    return texts[kind].title;
}

const char *event_advice(enum event_kind kind)
{
    return texts[kind].advice;
}
