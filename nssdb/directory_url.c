/* directory_url: what an LDAP URL stands for; see directory.h. */
#include "directory.h"

#include "failure.h"

#include <ldap.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define URL_MOST 2048
#define ENTRIES_MOST 100

static int refuse(const char *url, const char *reason, struct failure *why)
{
    return failure(why, FAILURE_USAGE, "%.200s: %s", url, reason);
}

/* A file socket is nothing that a stranger may name. */
static int check(const char *url, const LDAPURLDesc *parts,
                 struct failure *why)
{
    if (strcasecmp(parts->lud_scheme, "ldap") != 0 &&
        strcasecmp(parts->lud_scheme, "ldaps") != 0)
        return refuse(url, "not an ldap or ldaps URL", why);
    if (!parts->lud_host || !*parts->lud_host)
        return refuse(url, "names no host", why);
    if (parts->lud_crit_exts)
        return refuse(url, "demands an extension", why);
    return 0;
}

static enum directory_scope scope(int scope_of_url)
{
    return scope_of_url == LDAP_SCOPE_SUBTREE    ? DIRECTORY_TREE
           : scope_of_url == LDAP_SCOPE_ONELEVEL ? DIRECTORY_CHILDREN
                                                 : DIRECTORY_BASE;
}

static int ask(const LDAPURLDesc *parts, unsigned seconds, size_t most,
               directory_visit *visit, void *context, struct failure *why)
{
    char uri[URL_MOST + 64];
    int six = strchr(parts->lud_host, ':') != NULL;
    snprintf(uri, sizeof uri, "%s://%s%s%s:%d", parts->lud_scheme,
             six ? "[" : "", parts->lud_host, six ? "]" : "",
             parts->lud_port);
    struct directory_server server = {.uri = uri,
                                      .step_seconds = seconds,
                                      .seconds = seconds,
                                      .message_most = most + URL_MOST};
    struct directory_query query = {
        .base = parts->lud_dn ? parts->lud_dn : "",
        .filter = parts->lud_filter ? parts->lud_filter : "(objectClass=*)",
        .attributes = (const char *const *)(size_t)parts->lud_attrs,
        .scope = scope(parts->lud_scope),
        .entries_most = ENTRIES_MOST,
        .bytes_most = most};
    struct directory_session *session;
    if (directory_open(&server, &session, why) < 0)
        return -1;
    int rc = directory_search(session, &query, visit, context, why);
    directory_close(&session);
    return rc;
}

int directory_get(const char *url, unsigned seconds, size_t most,
                  directory_visit *visit, void *context, struct failure *why)
{
    LDAPURLDesc *parts = NULL;
    if (strlen(url) > URL_MOST || ldap_url_parse(url, &parts))
        return refuse(url, "not an LDAP URL", why);
    int rc = check(url, parts, why);
    if (rc == 0)
        rc = ask(parts, seconds, most, visit, context, why);
    ldap_free_urldesc(parts);
    return rc;
}
