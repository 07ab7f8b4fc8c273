/* directory: the session; see directory.h. */
#include "directory_inside.h"

#include "directory_watch.h"
#include "failure.h"
#include "file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>
#include <time.h>

static long long milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

int directory_fail(struct directory_session *session, int rc,
                   const char *what, struct failure *why)
{
    char *words = NULL;
    if (session->ldap)
        ldap_get_option(session->ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &words);
    failure(why, FAILURE_NETWORK, "directory %s: %s: %s%s%.150s%s",
            session->server->uri, what, ldap_err2string(rc),
            words && *words ? " (" : "", words ? words : "",
            words && *words ? ")" : "");
    ldap_memfree(words);
    return -1;
}

int directory_step(struct directory_session *session, struct timeval *limit_r,
                   struct failure *why)
{
    long long left = session->deadline - milliseconds();
    long long step = session->server->step_seconds * 1000LL;
    if (left <= 0)
        return failure(why, FAILURE_NETWORK,
                       "directory %s: not done in %u seconds",
                       session->server->uri, session->server->seconds);
    if (left > step)
        left = step;
    *limit_r = (struct timeval){left / 1000, left % 1000 * 1000};
    ldap_set_option(session->ldap, LDAP_OPT_NETWORK_TIMEOUT, limit_r);
    ldap_set_option(session->ldap, LDAP_OPT_TIMEOUT, limit_r);
    return 0;
}

/* What ldap.conf or the environment say of these does not count. */
static int set_up(LDAP *ldap)
{
    int version = LDAP_VERSION3, no_limit = LDAP_NO_LIMIT;
    int deref = LDAP_DEREF_NEVER;
    int rc = ldap_set_option(ldap, LDAP_OPT_PROTOCOL_VERSION, &version);
    if (rc == LDAP_OPT_SUCCESS)
        rc = ldap_set_option(ldap, LDAP_OPT_SIZELIMIT, &no_limit);
    if (rc == LDAP_OPT_SUCCESS)
        rc = ldap_set_option(ldap, LDAP_OPT_DEREF, &deref);
    if (rc == LDAP_OPT_SUCCESS)
        rc = ldap_set_option(ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
    return rc;
}

/* A session has nothing of what ldap.conf and the environment say of TLS:
 * it must be handed to it. But libldap reads an ldaprc in the folder that we
 * happen to be in as well: what strangers can change is not taken. */
static int hand_over(LDAP *ldap, int option)
{
    char *named = NULL;
    ldap_get_option(NULL, option, &named);
    char *path = named ? realpath(named, NULL) : NULL;
    int rc = LDAP_OPT_SUCCESS;
    if (path && file_check(path, FILE_GUARDED, FAILURE_NETWORK, NULL) == 0)
        rc = ldap_set_option(ldap, option, path);
    free(path);
    ldap_memfree(named);
    return rc;
}

static int system_cas(LDAP *ldap)
{
    int rc = hand_over(ldap, LDAP_OPT_X_TLS_CACERTFILE);
    return rc == LDAP_OPT_SUCCESS ? hand_over(ldap, LDAP_OPT_X_TLS_CACERTDIR)
                                  : rc;
}

static int set_tls(LDAP *ldap, const char *ca_file)
{
    int demand = LDAP_OPT_X_TLS_DEMAND, client = 0;
    int least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
    int rc = ldap_set_option(ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
    if (rc == LDAP_OPT_SUCCESS)
        rc = ca_file
                 ? ldap_set_option(ldap, LDAP_OPT_X_TLS_CACERTFILE, ca_file)
                 : system_cas(ldap);
    if (rc == LDAP_OPT_SUCCESS)
        rc = ldap_set_option(ldap, LDAP_OPT_X_TLS_PROTOCOL_MIN, &least);
    if (rc == LDAP_OPT_SUCCESS)
        rc = ldap_set_option(ldap, LDAP_OPT_X_TLS_NEWCTX, &client);
    return rc;
}

static int uses_tls(const struct directory_server *server)
{
    return server->starttls || strncasecmp(server->uri, "ldaps:", 6) == 0;
}

/* From here on reading never waits but where we say so, and no message is
 * larger than it may be. */
static void guard(struct directory_session *session)
{
    ber_len_t most = session->server->message_most;
    Sockbuf *socket = NULL;
    ldap_get_option(session->ldap, LDAP_OPT_SOCKBUF, &socket);
    if (!socket)
        return;
    ber_sockbuf_ctrl(socket, LBER_SB_OPT_SET_NONBLOCK, socket);
    if (most)
        ber_sockbuf_ctrl(socket, LBER_SB_OPT_SET_MAX_INCOMING, &most);
}

/* Once the connection stands, before TLS begins on it: see
 * directory_watch.h. */
static int watch_connection(LDAP *ldap, Sockbuf *socket, LDAPURLDesc *server,
                            struct sockaddr *address,
                            struct ldap_conncb *callback)
{
    struct directory_session *session = callback->lc_arg;
    struct timeval limit;
    int fd = -1;
    (void)server, (void)address;
    ber_sockbuf_ctrl(socket, LBER_SB_OPT_GET_FD, &fd);
    if (directory_step(session, &limit, NULL) == 0)
        session->watch = directory_watch_start(
            fd, limit.tv_sec * 1000 + limit.tv_usec / 1000);
    ldap_set_option(ldap, LDAP_OPT_NETWORK_TIMEOUT, NULL);
    return session->watch ? 0 : -1;
}

static void forget_connection(LDAP *ldap, Sockbuf *socket,
                              struct ldap_conncb *callback)
{
    (void)ldap, (void)socket, (void)callback;
}

static int connect_watched(struct directory_session *session,
                           struct failure *why)
{
    session->callback = (struct ldap_conncb){watch_connection,
                                             forget_connection, session};
    ldap_set_option(session->ldap, LDAP_OPT_CONNECT_CB, &session->callback);
    const char *what = "connecting";
    int rc = ldap_connect(session->ldap);
    if (rc != LDAP_SUCCESS && session->watch && uses_tls(session->server))
        what = "connecting with TLS: is its certificate for this name, and "
               "by a CA that is known here (column ca-file)?";
    if (rc == LDAP_SUCCESS && session->server->starttls) {
        what = "StartTLS";
        rc = ldap_start_tls_s(session->ldap, NULL, NULL);
    }
    if (directory_watch_stop(&session->watch))
        rc = LDAP_TIMEOUT;
    return rc == LDAP_SUCCESS ? 0 : directory_fail(session, rc, what, why);
}

static int connect_to(struct directory_session *session, struct failure *why)
{
    const struct directory_server *server = session->server;
    struct timeval limit;
    int rc = ldap_initialize(&session->ldap, server->uri);
    if (rc == LDAP_SUCCESS)
        rc = set_up(session->ldap);
    if (rc == LDAP_SUCCESS && uses_tls(server))
        rc = set_tls(session->ldap, server->ca_file);
    if (rc != LDAP_SUCCESS)
        return directory_fail(session, rc, "setting it up", why);
    if (directory_step(session, &limit, why) < 0 ||
        connect_watched(session, why) < 0)
        return -1;
    guard(session);
    return 0;
}

static int bind_to(struct directory_session *session, struct failure *why)
{
    const struct directory_server *server = session->server;
    struct berval password = {0, NULL};
    struct timeval limit;
    if (directory_step(session, &limit, why) < 0)
        return -1;
    if (server->mechanism)
        return directory_sasl(session, why);
    if (server->user && server->password) {
        password.bv_val = (char *)(size_t)server->password;
        password.bv_len = strlen(server->password);
    }
    int rc = ldap_sasl_bind_s(session->ldap, server->user, LDAP_SASL_SIMPLE,
                              &password, NULL, NULL, NULL);
    return rc == LDAP_SUCCESS ? 0
                              : directory_fail(session, rc, "bind", why);
}

int directory_open(const struct directory_server *server,
                   struct directory_session **session_r, struct failure *why)
{
    struct directory_session *session = calloc(1, sizeof *session);
    *session_r = session;
    if (!session)
        return failure_memory(why);
    session->server = server;
    session->deadline = milliseconds() + server->seconds * 1000LL;
    if (connect_to(session, why) == 0 && bind_to(session, why) == 0)
        return 0;
    directory_close(session_r);
    return -1;
}

void directory_close(struct directory_session **session)
{
    struct directory_session *old = *session;
    *session = NULL;
    if (!old)
        return;
    if (old->ldap)
        ldap_unbind_ext(old->ldap, NULL, NULL);
    free(old);
}
