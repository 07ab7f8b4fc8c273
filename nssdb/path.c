/* path: see path.h. */
#include "path.h"

#include "certificate.h"
#include "failure.h"

#include <certdb.h>
#include <prerror.h>
#include <secerr.h>
#include <secitem.h>
#include <secport.h>
#include <stdio.h>

static void say(struct path *path, enum path_status status, const char *words,
                int code)
{
    const char *name = code ? PR_ErrorToName(code) : NULL;
    path->status = status;
    snprintf(path->reason, sizeof path->reason, "%s%s%s%s", words,
             name ? " (" : "", name ? name : "", name ? ")" : "");
}

static int self_issued(CERTCertificate *certificate)
{
    return SECITEM_ItemsAreEqual(&certificate->derIssuer,
                                 &certificate->derSubject);
}

static void keep(CERTCertList *kept, CERTCertificate *certificate)
{
    CERTCertificate *one = CERT_DupCertificate(certificate);
    if (CERT_AddCertToListTail(kept, one) != SECSuccess)
        CERT_DestroyCertificate(one);
}

/* How many certificates there are above, each as often as there is a way to
 * it, up to one more than the limit; that is also said of one that has too
 * many names. They are kept until the path is found: NSS would read each from
 * the store again, and check again what the store's password vouches for,
 * which costs as much as a use of the key. */
static unsigned count_above(CERTCertificate *certificate, unsigned depth,
                            unsigned seen, CERTCertList *kept)
{
    if (depth == PATH_MOST || seen > PATH_CANDIDATES_MOST)
        return seen;
    CERTCertList *list = CERT_CreateSubjectCertList(
        NULL, CERT_GetDefaultCertDB(), &certificate->derIssuer, 0, PR_FALSE);
    if (!list)
        return seen;
    for (CERTCertListNode *node = CERT_LIST_HEAD(list);
         !CERT_LIST_END(node, list) && seen <= PATH_CANDIDATES_MOST;
         node = CERT_LIST_NEXT(node)) {
        seen++;
        keep(kept, node->cert);
        if (cert_name_count(node->cert) > PATH_NAMES_MOST)
            seen = PATH_CANDIDATES_MOST + 1;
        if (!self_issued(node->cert))
            seen = count_above(node->cert, depth + 1, seen, kept);
    }
    CERT_DestroyCertList(list);
    return seen;
}

/* 0, or NSS's error. The list and the root are the caller's. */
static int validate(CERTCertificate *certificate, enum judge_use use,
                    time_t when, CERTCertList **list_r,
                    CERTCertificate **root_r)
{
    CERTRevocationMethodIndex preferred[1] = {cert_revocation_method_crl};
    PRUint64 methods[2] = {0, 0};
    CERTRevocationTests none = {2, methods, 1, preferred, 0};
    CERTRevocationFlags off = {none, none};
    CERTValInParam in[3] = {{.type = cert_pi_date},
                            {.type = cert_pi_revocationFlags},
                            {.type = cert_pi_end}};
    CERTValOutParam out[3] = {{.type = cert_po_certList},
                              {.type = cert_po_trustAnchor},
                              {.type = cert_po_end}};
    SECCertificateUsage usage = use == JUDGE_ENCRYPT
                                    ? certificateUsageEmailRecipient
                                    : certificateUsageEmailSigner;
    in[0].value.scalar.time = (PRTime)when * PR_USEC_PER_SEC;
    in[1].value.pointer.revocation = &off;
    PORT_SetError(0);
    SECStatus status = CERT_PKIXVerifyCert(certificate, usage, in, out, NULL);
    int code = PORT_GetError();
    *list_r = out[0].value.pointer.chain;
    *root_r = out[1].value.pointer.cert;
    return status == SECSuccess ? 0 : code ? code : SEC_ERROR_LIBRARY_FAILURE;
}

/* Takes over what NSS has found: 1, or 0 = it is too long. */
static int take(struct path *path, CERTCertList *list, CERTCertificate *root)
{
    int fits = 1;
    for (CERTCertListNode *node = CERT_LIST_HEAD(list);
         fits && !CERT_LIST_END(node, list); node = CERT_LIST_NEXT(node)) {
        fits = path->count < PATH_MOST - 1;
        if (fits)
            path->certificates[path->count++] =
                CERT_DupCertificate(node->cert);
    }
    if (fits)
        path->certificates[path->count++] = CERT_DupCertificate(root);
    return fits;
}

/* NSS has one error for both. Is an issuer not valid yet? */
static enum path_status out_of_time(CERTCertificate *certificate, time_t when)
{
    CERTCertificate *at = CERT_DupCertificate(certificate);
    enum path_status status = PATH_EXPIRED;
    for (int i = 0; at && i < PATH_MOST; i++) {
        time_t from, to;
        if (cert_times(at, &from, &to) && when < from)
            status = PATH_NOT_YET_VALID;
        CERTCertificate *above =
            self_issued(at) ? NULL
                            : CERT_FindCertIssuer(
                                  at, (PRTime)when * PR_USEC_PER_SEC,
                                  certUsageAnyCA);
        CERT_DestroyCertificate(at);
        at = above;
    }
    if (at)
        CERT_DestroyCertificate(at);
    return status;
}

static int explain(CERTCertificate *certificate, time_t when, int code,
                   struct path *path, struct failure *why)
{
    switch (code) {
    case SEC_ERROR_NO_MEMORY:
        return failure_memory(why);
    case SEC_ERROR_UNKNOWN_ISSUER:
    case SEC_ERROR_UNTRUSTED_ISSUER:
    case SEC_ERROR_UNTRUSTED_CERT:
    case SEC_ERROR_CA_CERT_INVALID:
        say(path, PATH_UNKNOWN_CA, "no path to a trusted root", code);
        break;
    case SEC_ERROR_EXPIRED_CERTIFICATE:
    case SEC_ERROR_EXPIRED_ISSUER_CERTIFICATE:
        say(path, out_of_time(certificate, when),
            "a certificate above it is not valid at the time", code);
        break;
    case SEC_ERROR_INADEQUATE_KEY_USAGE:
    case SEC_ERROR_INADEQUATE_CERT_TYPE:
        say(path, PATH_WRONG_USAGE, "not made for this use", code);
        break;
    default:
        say(path, PATH_BAD, "must not be relied on", code);
    }
    return 0;
}

static int find(CERTCertificate *certificate, enum judge_use use, time_t when,
                struct path *path, struct failure *why)
{
    CERTCertList *list = NULL;
    CERTCertificate *root = NULL;
    int rc = 0, code = validate(certificate, use, when, &list, &root);
    if (code)
        rc = explain(certificate, when, code, path, why);
    else if (!list || !root)
        say(path, PATH_UNKNOWN_CA, "no path to a trusted root", 0);
    else if (!take(path, list, root))
        say(path, PATH_UNKNOWN_CA, "its path to a root is too long", 0);
    if (list)
        CERT_DestroyCertList(list);
    if (root)
        CERT_DestroyCertificate(root);
    return rc;
}

int path_find(CERTCertificate *certificate, enum judge_use use, time_t when,
              struct path *path_r, struct failure *why)
{
    int rc = 0;
    *path_r = (struct path){.status = PATH_GOOD};
    if (cert_name_count(certificate) > PATH_NAMES_MOST) {
        say(path_r, PATH_BAD, "it has too many names", 0);
        return 0;
    }
    CERTCertList *above = CERT_NewCertList();
    if (!above)
        return failure_memory(why);
    if (count_above(certificate, 0, 0, above) > PATH_CANDIDATES_MOST)
        say(path_r, PATH_UNKNOWN_CA, "too many certificates, or names, above it",
            0);
    else
        rc = find(certificate, use, when, path_r, why);
    CERT_DestroyCertList(above);
    if (rc < 0 || path_r->status != PATH_GOOD)
        path_free(path_r);
    return rc;
}

void path_free(struct path *path)
{
    while (path->count)
        CERT_DestroyCertificate(path->certificates[--path->count]);
}
