/* policy_tables: what each table of a policy may say. */
#include "policy_tables.h"

#include "interface.h"
#include "policy.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define COLUMN(name, type, missing) {name, type, missing, NULL, 0, 0}
#define WORDS(name, type, missing, words) {name, type, missing, words, 0, 0}
#define NUMBER(name, missing, least, most)                                    \
    {name, TABLE_INTEGER, missing, NULL, least, most}

static const char *const switches[] = {"no", "yes", NULL};
static const char *const unscannable[] = {"marked", "plain", "hold", NULL};
static const char *const unlisted[] = {"refuse-all", "refuse-unlisted", NULL};
static const char *const log_formats[] = {"text", "json", NULL};
static const char *const own_limits[] = {"warn", "refuse", NULL};
static const char *const sources[] = {"unverified", "learned", "directory",
                                      "seemail", "pinned", NULL};
static const char *const purposes[] = {"seemail", "vendor", "certificates",
                                       "discover", "publish", NULL};
static const char *const tls[] = {"uri", "starttls", NULL};
static const char *const mechanisms[] = { /* SASL's, but for the first */
    "simple", "EXTERNAL", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", NULL};
static const char *const approvals[] = {"nobody", "seemail", "listed",
                                        "all", NULL};
static const char *const uses[] = {"sign", "digest", "encrypt",
                                   "keytransport", NULL};
static const char *const permits[] = {"both", "send", "receive",
                                      "announced", NULL};
static const char *const server_kinds[] = {"listserv", "server", NULL};
static const char *const sendings[] = {"hold", "discover", "send", NULL};
static const char *const hardnesses[] = {"hard", "soft", "none", NULL};

static const char *const notifies[] = {"off", "log", "digest", "mail", NULL};
static const char *const notified[] = {"administrator", "sender", NULL};

static const char *const sign_names[] = {"rsa", "rsa-pss", "ecdsa", NULL};
static const char *const digest_names[] = {"sha256", "sha384", "sha512",
                                           "sha1", NULL};
static const char *const encrypt_names[] = {
    "aes-256-gcm", "aes-192-gcm", "aes-128-gcm",  "aes-256-cbc",
    "aes-192-cbc", "aes-128-cbc", "des-ede3-cbc", NULL};
static const char *const keytransport_names[] = {"rsa", "rsa-oaep", "ecdh",
                                                 NULL};

const char *const *const policy_algorithm_names[] = {
    [ALGORITHM_SIGN] = sign_names,
    [ALGORITHM_DIGEST] = digest_names,
    [ALGORITHM_ENCRYPT] = encrypt_names,
    [ALGORITHM_KEYTRANSPORT] = keytransport_names,
};

static const struct table_column settings[] = {
    COLUMN("name", TABLE_WORD, NULL),
    COLUMN("value", TABLE_TEXT, NULL),
};
static const struct table_column triggers[] = {
    COLUMN("marking", TABLE_TEXT, NULL),
    COLUMN("pattern", TABLE_PATTERN, NULL),
};
static const struct table_column identity[] = {
    COLUMN("domain", TABLE_DOMAIN, NULL),
    COLUMN("signing", TABLE_TEXT, NULL),
    COLUMN("decrypting", TABLE_LIST, ""),
};
static const struct table_column partners[] = {
    COLUMN("address", TABLE_ADDRESS, NULL),
    COLUMN("markings", TABLE_LIST, "all"),
};
static const struct table_column directories[] = {
    COLUMN("name", TABLE_WORD, NULL),
    WORDS("purpose", TABLE_ENUM, NULL, purposes),
    COLUMN("uri", TABLE_TEXT, NULL),
    COLUMN("base", TABLE_TEXT, "C=NZ"),
    COLUMN("filter", TABLE_TEXT, ""),
    COLUMN("attributes", TABLE_LIST, ""),
    COLUMN("bind-dn", TABLE_TEXT, ""),
    COLUMN("password-file", TABLE_TEXT, ""),
    COLUMN("for", TABLE_LIST, ""),
    WORDS("tls", TABLE_ENUM, "uri", tls),
    COLUMN("ca-file", TABLE_TEXT, ""),
    WORDS("bind", TABLE_ENUM, "simple", mechanisms),
};
static const struct table_column algorithms[] = {
    WORDS("use", TABLE_ENUM, NULL, uses),
    NUMBER("rank", NULL, 1, 1000),
    COLUMN("name", TABLE_WORD, NULL),
    WORDS("permit", TABLE_ENUM, "both", permits),
};
static const struct table_column hosts[] = {
    COLUMN("network", TABLE_NETWORK, NULL),
    NUMBER("port", "0", 0, 65535),
};
static const struct table_column servers[] = {
    WORDS("kind", TABLE_ENUM, NULL, server_kinds),
    COLUMN("network", TABLE_NETWORK, ""),
    COLUMN("names", TABLE_LIST, ""),
};
static const struct table_column outcomes[] = {
    COLUMN("status", TABLE_WORD, NULL),
    COLUMN("code", TABLE_WORD, ""),
    WORDS("sending", TABLE_ENUM, "hold", sendings),
    WORDS("tells", TABLE_ENUM, "", event_words),
    WORDS("receiving", TABLE_ENUM, NULL, hardnesses),
    WORDS("tells", TABLE_ENUM, "", event_words),
    COLUMN("text", TABLE_TEXT, ""),
};
static const struct table_column events[] = {
    WORDS("event", TABLE_ENUM, NULL, event_words),
    WORDS("how", TABLE_ENUM, NULL, notifies),
    NUMBER("minutes", "60", 1, 10080),
    WORDS("to", TABLE_LIST, "administrator", notified),
};

#define SCHEMA(table) {#table, table, COUNT(table)}
const struct policy_schema policy_schemas[POLICY_TABLES] = {
    [POLICY_SETTINGS] = SCHEMA(settings),
    [POLICY_TRIGGERS] = SCHEMA(triggers),
    [POLICY_IDENTITY] = SCHEMA(identity),
    [POLICY_PARTNERS] = SCHEMA(partners),
    [POLICY_DIRECTORIES] = SCHEMA(directories),
    [POLICY_ALGORITHMS] = SCHEMA(algorithms),
    [POLICY_HOSTS] = SCHEMA(hosts),
    [POLICY_OUTCOMES] = SCHEMA(outcomes),
    [POLICY_SERVERS] = SCHEMA(servers),
    [POLICY_EVENTS] = SCHEMA(events),
};

#define SETTING(member, kind, ...)                                            \
    {__VA_ARGS__, kind, offsetof(struct settings, member)}
const struct policy_setting policy_settings[] = {
    SETTING(nssdb, SETTING_PATH, COLUMN("nssdb", TABLE_TEXT, "nssdb")),
    SETTING(nssdb_password, SETTING_PATH,
            COLUMN("nssdb-password", TABLE_TEXT, "nssdb/password")),
    SETTING(state, SETTING_PATH, COLUMN("state", TABLE_TEXT, "state")),
    SETTING(log, SETTING_LOG, COLUMN("log", TABLE_TEXT, "syslog")),
    SETTING(log_format, SETTING_NUMBER,
            WORDS("log-format", TABLE_ENUM, "text", log_formats)),
    SETTING(unscannable, SETTING_NUMBER,
            WORDS("unscannable", TABLE_ENUM, "marked", unscannable)),
    SETTING(unlisted, SETTING_NUMBER,
            WORDS("unlisted", TABLE_ENUM, "refuse-all", unlisted)),
    SETTING(vendors, SETTING_MARKINGS, COLUMN("vendors", TABLE_LIST, "none")),
    SETTING(own_limits, SETTING_NUMBER,
            WORDS("own-limits", TABLE_ENUM, "warn", own_limits)),
    SETTING(own_crl_pointer, SETTING_NUMBER,
            WORDS("own-crl-pointer", TABLE_ENUM, "refuse", own_limits)),
    SETTING(ocsp, SETTING_NUMBER, WORDS("ocsp", TABLE_ENUM, "yes", switches)),
    SETTING(ocsp_timeout, SETTING_NUMBER,
            NUMBER("ocsp-timeout", "10", 1, 3600)),
    SETTING(postmaster, SETTING_TEXT, COLUMN("postmaster", TABLE_ADDRESS, "")),
    SETTING(administrator, SETTING_TEXT,
            COLUMN("administrator", TABLE_ADDRESS, "")),
    SETTING(sendmail, SETTING_TEXT,
            COLUMN("sendmail", TABLE_TEXT, "/usr/sbin/sendmail")),
    SETTING(request_hours, SETTING_NUMBER,
            NUMBER("request-hours", "24", 0, 8760)),
    SETTING(answers, SETTING_NUMBER, NUMBER("answers", "20", 0, 100000)),
    SETTING(notices_at_once, SETTING_NUMBER,
            NUMBER("notices-at-once", "5", 0, 1000)),
    SETTING(scan_port, SETTING_NUMBER, NUMBER("scan-port", "0", 0, 65535)),
    SETTING(release_in_clear, SETTING_NUMBER,
            WORDS("release-in-clear", TABLE_ENUM, "no", switches)),
    SETTING(seal_source, SETTING_NUMBER,
            WORDS("seal-source", TABLE_ENUM, "learned", sources)),
    SETTING(verify_source, SETTING_NUMBER,
            WORDS("verify-source", TABLE_ENUM, "learned", sources)),
    SETTING(known_limit, SETTING_NUMBER,
            NUMBER("known-limit", "1000000", 100, 100000000)),
    SETTING(known_days, SETTING_NUMBER,
            NUMBER("known-days", "90", 0, 36500)),
    SETTING(rsa_bits_send, SETTING_NUMBER,
            NUMBER("rsa-bits-send", "2048", 512, 16384)),
    SETTING(rsa_bits_receive, SETTING_NUMBER,
            NUMBER("rsa-bits-receive", "1024", 512, 16384)),
    SETTING(receive_network, SETTING_NUMBER,
            NUMBER("receive-network", "5", 0, 60)),
    SETTING(send_network, SETTING_NUMBER,
            NUMBER("send-network", "50", 0, 600)),
    SETTING(label_header, SETTING_TEXT,
            COLUMN("label-header", TABLE_TEXT, "")),
    SETTING(label_subject, SETTING_TEXT,
            COLUMN("label-subject", TABLE_TEXT, "")),
    SETTING(label_default, SETTING_TEXT,
            COLUMN("label-default", TABLE_TEXT, "")),
    SETTING(warning_subject, SETTING_TEXT,
            COLUMN("warning-subject", TABLE_TEXT, "")),
    SETTING(label_policy, SETTING_TEXT,
            COLUMN("label-policy", TABLE_TEXT, "")),
    SETTING(labels, SETTING_TEXT, COLUMN("labels", TABLE_TEXT, "")),
    SETTING(crl_folder, SETTING_PATH, COLUMN("crl-folder", TABLE_TEXT, "crls")),
    SETTING(crl_limit, SETTING_NUMBER,
            NUMBER("crl-limit", "256m", 1024, 1L << 30)),
    SETTING(crl_timeout, SETTING_NUMBER,
            NUMBER("crl-timeout", "60", 1, 3600)),
    SETTING(crl_retry, SETTING_NUMBER, NUMBER("crl-retry", "60", 0, 3600)),
    SETTING(crl_ahead, SETTING_NUMBER,
            NUMBER("crl-ahead", "21600", 0, 31536000)),
    SETTING(crl_grace, SETTING_NUMBER,
            NUMBER("crl-grace", "0", 0, 31536000)),
    SETTING(approval, SETTING_NUMBER,
            WORDS("approval", TABLE_ENUM, "listed", approvals)),
    SETTING(fetch_timeout, SETTING_NUMBER,
            NUMBER("fetch-timeout", "40", 1, 3600)),
    SETTING(fetch_pause, SETTING_NUMBER,
            NUMBER("fetch-pause", "600", 0, 86400)),
    SETTING(http_proxy, SETTING_TEXT, COLUMN("http-proxy", TABLE_TEXT, "")),
    SETTING(dns_server, SETTING_TEXT, COLUMN("dns-server", TABLE_TEXT, "")),
    SETTING(dns_trusted, SETTING_NUMBER,
            WORDS("dns-trusted", TABLE_ENUM, "no", switches)),
    SETTING(scan_limit, SETTING_NUMBER,
            NUMBER("scan-limit", "64m", 1024, 1L << 40)),
    SETTING(scan_names, SETTING_NUMBER,
            WORDS("scan-names", TABLE_ENUM, "yes", switches)),
    SETTING(scan_attachments, SETTING_NUMBER,
            WORDS("scan-attachments", TABLE_ENUM, "yes", switches)),
    SETTING(mime_depth, SETTING_NUMBER, NUMBER("mime-depth", "50", 1, 1000)),
    SETTING(mime_parts, SETTING_NUMBER,
            NUMBER("mime-parts", "1000", 1, 1000000)),
    SETTING(header_limit, SETTING_NUMBER,
            NUMBER("header-limit", "1m", 4096, 1L << 30)),
    SETTING(max_recipients, SETTING_NUMBER,
            NUMBER("max-recipients", "1000", 1, 100000)),
    SETTING(filter_timeout, SETTING_NUMBER,
            NUMBER("filter-timeout", "240", 1, 86400)),
    SETTING(verify_timeout, SETTING_NUMBER,
            NUMBER("verify-timeout", "60", 1, VERIFY_SECONDS_MOST)),
};
const size_t policy_setting_count = COUNT(policy_settings);
