/* directory_sasl: who we are, by SASL; see directory.h. */
#include "directory_inside.h"

#include <sasl/sasl.h>
#include <string.h>

/* Answers what the mechanism asks from what the server's row says. */
static int interact(LDAP *ldap, unsigned flags, void *defaults, void *asked)
{
    const struct directory_server *server = defaults;
    (void)ldap, (void)flags;
    for (sasl_interact_t *ask = asked; ask->id != SASL_CB_LIST_END; ask++) {
        const char *answer = "";
        if (ask->id == SASL_CB_AUTHNAME && server->user)
            answer = server->user;
        else if (ask->id == SASL_CB_PASS && server->password)
            answer = server->password;
        else if (ask->id == SASL_CB_GETREALM && ask->defresult)
            answer = ask->defresult;
        ask->result = answer;
        ask->len = (unsigned)strlen(answer);
    }
    return LDAP_SUCCESS;
}

int directory_sasl(struct directory_session *session, struct failure *why)
{
    const struct directory_server *server = session->server;
    /* Without a mechanism that would show the password in clear. */
    int rc = ldap_set_option(session->ldap, LDAP_OPT_X_SASL_SECPROPS,
                             "noanonymous,noplain");
    if (rc == LDAP_OPT_SUCCESS)
        rc = ldap_sasl_interactive_bind_s(
            session->ldap, NULL, server->mechanism, NULL, NULL,
            LDAP_SASL_QUIET, interact, (void *)(size_t)server);
    return rc == LDAP_SUCCESS ? 0
                              : directory_fail(session, rc, "SASL bind", why);
}
