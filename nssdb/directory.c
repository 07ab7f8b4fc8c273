/* directory: see directory.h. */
#include "directory.h"

#include "failure.h"

#include <ldap.h>
#include <string.h>
#include <sys/time.h>

#define PAGE 500 /* entries asked for at a time (RFC 2696) */

static int fail(const struct directory_query *query, int rc, const char *what,
                struct failure *why)
{
    return failure(why, FAILURE_NETWORK, "directory %s: %s: %s", query->uri,
                   what, ldap_err2string(rc));
}

static int set_up(LDAP *ldap, const struct directory_query *query)
{
    int version = LDAP_VERSION3;
    struct timeval limit = {(time_t)query->seconds, 0};
    int rc = ldap_set_option(ldap, LDAP_OPT_PROTOCOL_VERSION, &version);
    if (rc == LDAP_OPT_SUCCESS)
        rc = ldap_set_option(ldap, LDAP_OPT_NETWORK_TIMEOUT, &limit);
    if (rc == LDAP_OPT_SUCCESS)
        rc = ldap_set_option(ldap, LDAP_OPT_TIMEOUT, &limit);
    if (rc == LDAP_OPT_SUCCESS) /* nobody sends us elsewhere */
        rc = ldap_set_option(ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
    return rc;
}

static int bind_to(LDAP *ldap, const struct directory_query *query)
{
    struct berval password = {0, NULL};
    if (query->bind_dn && query->password) {
        password.bv_val = (char *)(size_t)query->password;
        password.bv_len = strlen(query->password);
    }
    return ldap_sasl_bind_s(ldap, query->bind_dn, LDAP_SASL_SIMPLE, &password,
                            NULL, NULL, NULL);
}

static int visit_entry(LDAP *ldap, LDAPMessage *entry, directory_visit *visit,
                       void *context, struct failure *why)
{
    BerElement *ber = NULL;
    char *dn = ldap_get_dn(ldap, entry);
    int rc = 0;
    for (char *name = ldap_first_attribute(ldap, entry, &ber); name;
         name = ldap_next_attribute(ldap, entry, ber)) {
        struct berval **values = ldap_get_values_len(ldap, entry, name);
        for (int i = 0; rc == 0 && values && values[i]; i++)
            rc = visit(context, dn ? dn : "", name, values[i]->bv_val,
                       values[i]->bv_len, why);
        ldap_value_free_len(values);
        ldap_memfree(name);
    }
    ber_free(ber, 0);
    ldap_memfree(dn);
    return rc;
}

/* The cookie of the next page from the answer; an empty one at the end. */
static void next_page(LDAP *ldap, LDAPMessage *answer, struct berval *cookie)
{
    LDAPControl **controls = NULL, *page;
    ber_int_t total;
    ber_memfree(cookie->bv_val);
    *cookie = (struct berval){0, NULL};
    if (ldap_parse_result(ldap, answer, NULL, NULL, NULL, NULL, &controls, 0))
        return;
    page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
    if (page)
        ldap_parse_pageresponse_control(ldap, page, &total, cookie);
    ldap_controls_free(controls);
}

/* One page. 0 or -1; the cookie becomes that of the next. */
static int search_page(LDAP *ldap, const struct directory_query *query,
                       struct berval *cookie, directory_visit *visit,
                       void *context, struct failure *why)
{
    struct timeval limit = {(time_t)query->seconds, 0};
    LDAPControl *page = NULL;
    LDAPMessage *answer = NULL;
    int rc = ldap_create_page_control(ldap, PAGE, cookie, 0, &page);
    if (rc == LDAP_SUCCESS) {
        LDAPControl *controls[] = {page, NULL};
        rc = ldap_search_ext_s(ldap, query->base, LDAP_SCOPE_SUBTREE,
                               query->filter,
                               (char **)(size_t)query->attributes, 0, controls,
                               NULL, &limit, 0, &answer);
    }
    ldap_control_free(page);
    if (rc != LDAP_SUCCESS) {
        ldap_msgfree(answer);
        return fail(query, rc, query->base, why);
    }
    rc = 0;
    for (LDAPMessage *entry = ldap_first_entry(ldap, answer); entry && rc == 0;
         entry = ldap_next_entry(ldap, entry))
        rc = visit_entry(ldap, entry, visit, context, why);
    next_page(ldap, answer, cookie);
    ldap_msgfree(answer);
    return rc;
}

int directory_search(const struct directory_query *query,
                     directory_visit *visit, void *context,
                     struct failure *why)
{
    struct berval cookie = {0, NULL};
    LDAP *ldap = NULL;
    int rc = ldap_initialize(&ldap, query->uri);
    if (rc == LDAP_SUCCESS && (rc = set_up(ldap, query)) == LDAP_SUCCESS)
        rc = bind_to(ldap, query);
    if (rc != LDAP_SUCCESS) {
        if (ldap)
            ldap_unbind_ext_s(ldap, NULL, NULL);
        return fail(query, rc, "connecting", why);
    }
    do
        rc = search_page(ldap, query, &cookie, visit, context, why);
    while (rc == 0 && cookie.bv_len > 0);
    ber_memfree(cookie.bv_val);
    ldap_unbind_ext_s(ldap, NULL, NULL);
    return rc;
}
