/* directory_search: questions and answers; see directory.h. */
#include "directory_inside.h"

#include "failure.h"

#include <string.h>
#include <sys/time.h>

#define PAGE 500 /* entries asked for at a time (RFC 2696) */

static const ber_int_t scopes[] = {
    [DIRECTORY_TREE] = LDAP_SCOPE_SUBTREE,
    [DIRECTORY_CHILDREN] = LDAP_SCOPE_ONELEVEL,
    [DIRECTORY_BASE] = LDAP_SCOPE_BASE,
};

struct search {
    struct directory_session *session;
    const struct directory_query *query;
    directory_visit *visit;
    void *context;
    struct berval cookie; /* of the next page; empty at the end */
    size_t entries, bytes;
};

static int count(struct search *search, size_t bytes, struct failure *why)
{
    const struct directory_query *query = search->query;
    search->bytes += bytes;
    if (search->bytes > query->bytes_most)
        return failure(why, FAILURE_LIMIT,
                       "directory %s: more than %zu bytes below %s",
                       search->session->server->uri, query->bytes_most,
                       query->base);
    if (search->entries > query->entries_most)
        return failure(why, FAILURE_LIMIT,
                       "directory %s: more than %zu entries below %s",
                       search->session->server->uri, query->entries_most,
                       query->base);
    return 0;
}

static int visit_values(struct search *search, LDAPMessage *entry,
                        const char *dn, const char *name, struct failure *why)
{
    struct berval **values =
        ldap_get_values_len(search->session->ldap, entry, name);
    int rc = 0;
    for (int i = 0; rc == 0 && values && values[i]; i++) {
        rc = count(search, values[i]->bv_len, why);
        if (rc == 0)
            rc = search->visit(search->context, dn, name, values[i]->bv_val,
                               values[i]->bv_len, why);
    }
    ldap_value_free_len(values);
    return rc;
}

static int visit_entry(struct search *search, LDAPMessage *entry,
                       struct failure *why)
{
    LDAP *ldap = search->session->ldap;
    BerElement *ber = NULL;
    char *dn = ldap_get_dn(ldap, entry);
    search->entries++;
    int rc = count(search, dn ? strlen(dn) : 0, why);
    for (char *name = ldap_first_attribute(ldap, entry, &ber); name;
         name = ldap_next_attribute(ldap, entry, ber)) {
        if (rc == 0)
            rc = visit_values(search, entry, dn ? dn : "", name, why);
        ldap_memfree(name);
    }
    ber_free(ber, 0);
    ldap_memfree(dn);
    return rc;
}

/* The end of a page: the server's word on it, and the cookie of the next. */
static int take_end(struct search *search, LDAPMessage *message,
                    struct failure *why)
{
    LDAP *ldap = search->session->ldap;
    LDAPControl **controls = NULL;
    ber_int_t total;
    int code = LDAP_OTHER;
    int rc = ldap_parse_result(ldap, message, &code, NULL, NULL, NULL,
                               &controls, 0);
    ber_memfree(search->cookie.bv_val);
    search->cookie = (struct berval){0, NULL};
    if (rc == LDAP_SUCCESS)
        rc = code;
    LDAPControl *page =
        ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
    if (page)
        ldap_parse_pageresponse_control(ldap, page, &total, &search->cookie);
    ldap_controls_free(controls);
    /* The base is not there: nothing is found, where that is an answer. */
    if (rc == LDAP_NO_SUCH_OBJECT && !search->query->whole)
        rc = LDAP_SUCCESS;
    if (rc != LDAP_SUCCESS)
        return directory_fail(search->session, rc, search->query->base, why);
    return 1;
}

static int take_reference(struct search *search, struct failure *why)
{
    if (!search->query->whole)
        return count(search, 1, why);
    return failure(why, FAILURE_NETWORK,
                   "directory %s: a part of %s is elsewhere: not followed",
                   search->session->server->uri, search->query->base);
}

/* 1 = that was the end; 0 = there is more; -1. */
static int take(struct search *search, int kind, LDAPMessage *message,
                struct failure *why)
{
    int code = LDAP_TIMEOUT;
    switch (kind) {
    case LDAP_RES_SEARCH_ENTRY:
        return visit_entry(search, message, why);
    case LDAP_RES_SEARCH_REFERENCE:
        return take_reference(search, why);
    case LDAP_RES_SEARCH_RESULT:
        return take_end(search, message, why);
    case -1:
    case 0:
        if (kind < 0)
            ldap_get_option(search->session->ldap, LDAP_OPT_RESULT_CODE,
                            &code);
        return directory_fail(search->session, code, search->query->base,
                              why);
    default:
        return count(search, 1, why);
    }
}

static int ask_page(struct search *search, int *id_r, struct failure *why)
{
    struct directory_session *session = search->session;
    const struct directory_query *query = search->query;
    LDAPControl *page = NULL;
    struct timeval limit;
    if (directory_step(session, &limit, why) < 0)
        return -1;
    int rc = ldap_create_page_control(session->ldap, PAGE, &search->cookie, 0,
                                      &page);
    if (rc == LDAP_SUCCESS) {
        LDAPControl *controls[] = {page, NULL};
        rc = ldap_search_ext(session->ldap, query->base,
                             scopes[query->scope], query->filter,
                             (char **)(size_t)query->attributes, 0, controls,
                             NULL, NULL, LDAP_NO_LIMIT, id_r);
    }
    ldap_control_free(page);
    return rc == LDAP_SUCCESS ? 0
                              : directory_fail(session, rc, query->base, why);
}

/* One page; each message is looked at when it comes. 0 or -1. */
static int search_page(struct search *search, struct failure *why)
{
    struct directory_session *session = search->session;
    int id = 0;
    int rc = ask_page(search, &id, why);
    while (rc == 0) {
        LDAPMessage *message = NULL;
        struct timeval limit;
        rc = directory_step(session, &limit, why);
        if (rc == 0) {
            int kind = ldap_result(session->ldap, id, LDAP_MSG_ONE, &limit,
                                   &message);
            rc = take(search, kind, message, why);
            ldap_msgfree(message);
        }
    }
    if (rc < 0)
        ldap_abandon_ext(session->ldap, id, NULL, NULL);
    return rc < 0 ? -1 : 0;
}

int directory_search(struct directory_session *session,
                     const struct directory_query *query,
                     directory_visit *visit, void *context,
                     struct failure *why)
{
    struct search search = {session, query, visit, context, {0, NULL}, 0, 0};
    int rc;
    do
        rc = search_page(&search, why);
    while (rc == 0 && search.cookie.bv_len > 0);
    ber_memfree(search.cookie.bv_val);
    return rc;
}
