/* directory_change: see directory_change.h. */
#include "directory_change.h"

#include "directory_inside.h"
#include "failure.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>

#define CERTIFICATE "userCertificate;binary"
#define TRIES 3 /* somebody else changes the same entry */

/* A modification or a new entry: attributes with their values. */
#define MODS 7

struct draft {
    LDAPMod mods[MODS];
    LDAPMod *list[MODS + 1];
    struct berval *values; /* all of them, */
    struct berval **lists; /* and lists of them, ended by NULL */
    size_t mod_count, value_count, list_count;
};

static int draft_init(struct draft *draft,
                      const struct directory_change *change,
                      struct failure *why)
{
    size_t most = change->certificate_count + change->gone_count +
                  change->address_count + 8;
    *draft = (struct draft){.values = calloc(most, sizeof *draft->values),
                            .lists = calloc(most + MODS,
                                            sizeof *draft->lists)};
    return draft->values && draft->lists ? 0 : failure_memory(why);
}

static void draft_free(struct draft *draft)
{
    free(draft->values);
    free(draft->lists);
}

/* Begins an attribute; values are added to it until the next begins. */
static void begin(struct draft *draft, int operation, const char *attribute)
{
    LDAPMod *mod = &draft->mods[draft->mod_count];
    mod->mod_op = operation | LDAP_MOD_BVALUES;
    mod->mod_type = (char *)(size_t)attribute;
    mod->mod_bvalues = &draft->lists[draft->list_count];
}

static void put(struct draft *draft, const void *data, size_t length)
{
    struct berval *value = &draft->values[draft->value_count++];
    *value = (struct berval){length, (char *)(size_t)data};
    draft->lists[draft->list_count++] = value;
}

/* An attribute that got no value is left out. */
static void end(struct draft *draft)
{
    LDAPMod *mod = &draft->mods[draft->mod_count];
    if (mod->mod_bvalues == &draft->lists[draft->list_count])
        return;
    draft->lists[draft->list_count++] = NULL;
    draft->list[draft->mod_count++] = mod;
}

static int holds(struct berval **values, const void *data, size_t length,
                 int folded)
{
    for (size_t i = 0; values && values[i]; i++)
        if (values[i]->bv_len == length &&
            (folded ? strncasecmp(values[i]->bv_val, data, length)
                    : memcmp(values[i]->bv_val, data, length)) == 0)
            return 1;
    return 0;
}

static void put_addresses(struct draft *draft, int operation,
                          const struct directory_change *change,
                          struct berval **there)
{
    begin(draft, operation, "mail");
    for (size_t i = 0; i < change->address_count; i++)
        if (!holds(there, change->addresses[i], strlen(change->addresses[i]),
                   1))
            put(draft, change->addresses[i], strlen(change->addresses[i]));
    end(draft);
}

/* Those that are there (or not there) yet; how many. */
static size_t put_certificates(struct draft *draft, int operation,
                               const struct der *certificates, size_t count,
                               struct berval **there, int present)
{
    size_t before = draft->value_count;
    begin(draft, operation, CERTIFICATE);
    for (size_t i = 0; i < count; i++)
        if (holds(there, certificates[i].data, certificates[i].length, 0) ==
            present)
            put(draft, certificates[i].data, certificates[i].length);
    end(draft);
    return draft->value_count - before;
}

/* 1 = read; 0 = there is no such entry; -1. */
static int read_entry(struct directory_session *session, const char *dn,
                      LDAPMessage **answer_r, struct failure *why)
{
    char *attributes[] = {(char *)(size_t)"mail",
                          (char *)(size_t)CERTIFICATE, NULL};
    struct timeval limit;
    *answer_r = NULL;
    if (directory_step(session, &limit, why) < 0)
        return -1;
    int rc = ldap_search_ext_s(session->ldap, dn, LDAP_SCOPE_BASE,
                               "(objectClass=*)", attributes, 0, NULL, NULL,
                               &limit, 1, answer_r);
    if (rc == LDAP_NO_SUCH_OBJECT)
        return 0;
    if (rc != LDAP_SUCCESS)
        return directory_fail(session, rc, dn, why);
    return ldap_first_entry(session->ldap, *answer_r) != NULL;
}

static int modify(struct directory_session *session,
                  const struct directory_change *change, LDAPMessage *answer,
                  struct directory_changed *changed, int *rc_r,
                  struct failure *why)
{
    LDAPMessage *entry = ldap_first_entry(session->ldap, answer);
    struct berval **mail = ldap_get_values_len(session->ldap, entry, "mail");
    struct berval **certificates =
        ldap_get_values_len(session->ldap, entry, CERTIFICATE);
    struct draft draft;
    struct timeval limit;
    int rc = draft_init(&draft, change, why);
    *rc_r = LDAP_SUCCESS;
    if (rc == 0) {
        put_addresses(&draft, LDAP_MOD_ADD, change, mail);
        changed->added = put_certificates(
            &draft, LDAP_MOD_ADD, change->certificates,
            change->certificate_count, certificates, 0);
        changed->removed =
            put_certificates(&draft, LDAP_MOD_DELETE, change->gone,
                             change->gone_count, certificates, 1);
        rc = directory_step(session, &limit, why);
    }
    if (rc == 0 && draft.mod_count)
        *rc_r = ldap_modify_ext_s(session->ldap, change->dn, draft.list, NULL,
                                  NULL);
    draft_free(&draft);
    ldap_value_free_len(mail);
    ldap_value_free_len(certificates);
    return rc;
}

/* The value of the name's first part, if that is CN; to be freed. */
static char *common_name(const char *dn)
{
    LDAPDN parts = NULL;
    char *name = NULL;
    if (ldap_str2dn(dn, &parts, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS)
        return NULL;
    if (parts && parts[0] && parts[0][0] && !parts[0][1] &&
        parts[0][0]->la_attr.bv_len == 2 &&
        strncasecmp(parts[0][0]->la_attr.bv_val, "cn", 2) == 0)
        name = strndup(parts[0][0]->la_value.bv_val,
                       parts[0][0]->la_value.bv_len);
    ldap_dnfree(parts);
    return name;
}

static int make(struct directory_session *session,
                const struct directory_change *change,
                struct directory_changed *changed, int *rc_r,
                struct failure *why)
{
    struct draft draft;
    struct timeval limit;
    char *name = common_name(change->dn);
    if (!name)
        return failure(why, FAILURE_POLICY, "directory %s: there is no entry "
                       "%s, and only one named CN= is made",
                       session->server->uri, change->dn);
    int rc = draft_init(&draft, change, why);
    if (rc == 0) {
        begin(&draft, LDAP_MOD_ADD, "objectClass");
        put(&draft, "inetOrgPerson", strlen("inetOrgPerson"));
        end(&draft);
        begin(&draft, LDAP_MOD_ADD, "cn");
        put(&draft, name, strlen(name));
        end(&draft);
        begin(&draft, LDAP_MOD_ADD, "sn");
        put(&draft, name, strlen(name));
        end(&draft);
        put_addresses(&draft, LDAP_MOD_ADD, change, NULL);
        changed->added = put_certificates(
            &draft, LDAP_MOD_ADD, change->certificates,
            change->certificate_count, NULL, 0);
        rc = directory_step(session, &limit, why);
    }
    if (rc == 0)
        *rc_r = ldap_add_ext_s(session->ldap, change->dn, draft.list, NULL,
                               NULL);
    changed->made = 1;
    draft_free(&draft);
    free(name);
    return rc;
}

/* Somebody else was there between our reading and our writing. */
static int outrun(int rc)
{
    return rc == LDAP_TYPE_OR_VALUE_EXISTS || rc == LDAP_NO_SUCH_ATTRIBUTE ||
           rc == LDAP_ALREADY_EXISTS || rc == LDAP_NO_SUCH_OBJECT;
}

static int try(struct directory_session *session,
               const struct directory_change *change,
               struct directory_changed *changed, int *rc_r,
               struct failure *why)
{
    LDAPMessage *answer;
    *changed = (struct directory_changed){0, 0, 0};
    *rc_r = LDAP_SUCCESS;
    int rc = read_entry(session, change->dn, &answer, why);
    if (rc > 0)
        rc = modify(session, change, answer, changed, rc_r, why);
    else if (rc == 0 && change->certificate_count)
        rc = make(session, change, changed, rc_r, why);
    ldap_msgfree(answer);
    return rc;
}

int directory_change(struct directory_session *session,
                     const struct directory_change *change,
                     struct directory_changed *changed_r,
                     struct failure *why)
{
    int code = LDAP_SUCCESS, tries = 0;
    do
        if (try(session, change, changed_r, &code, why) < 0)
            return -1;
    while (outrun(code) && ++tries < TRIES);
    return code == LDAP_SUCCESS
               ? 0
               : directory_fail(session, code, change->dn, why);
}
