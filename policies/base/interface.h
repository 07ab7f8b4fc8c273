#ifndef SEEMAIL_INTERFACE_H
#define SEEMAIL_INTERFACE_H

/*
 * interface: every constant that people, other programs or other hubs see.
 * Changing one changes the product; doc/ lists them.
 */

#define SEEMAIL_VERSION "2.2"     /* of the requirements; on the wire */
#define SEEMAIL_SOFTWARE "0.1"    /* of this software */

/* Headers. All that start with the prefix are removed from incoming mail. */
#define HEADER_PREFIX "X-SEEMAIL-"
#define HEADER_VERSION "X-SEEMAIL-Version"
#define HEADER_VERIFIED "X-SEEMAIL-Verified"
#define HEADER_WARNING "X-SEEMAIL-Warning"

/* Local parts that the hub itself answers for. */
#define LOCAL_PING "seemail-ping"
#define LOCAL_REQUEST "domain-certificate-request"

/* What an answer to a ping says, a line each, with a value behind it. */
#define PING_VERSION "SEEMail: "
#define PING_SOFTWARE "Software: "
#define PING_VERDICT "Your message: "
#define PING_FROM "From: "
#define PING_SIGNER "Signed by: "
#define PING_ALGORITHMS "Algorithms: "
#define PING_AGENCIES "Agencies known: "

#define ENV_HOME "SEEMAIL_HOME"
#define ENV_BIN "SEEMAIL_BIN" /* folder of the programs, if not the usual */
#define ENV_EXIM "SEEMAIL_EXIM" /* Exim's program, if not the usual */
#define ENV_EXIM_CONFIG "SEEMAIL_EXIM_CONFIG" /* its file, if not the usual */

/* SMTP replies: who may not get it, and why; what failed here. */
/* Below local_scan_timeout in local_scan/exim/seemail_main, which is five
 * minutes, with a minute for the rest of the hook's work. */
#define VERIFY_SECONDS_MOST 240

#define REPLY_REFUSED "SEEMail: not accepted for %s: %s"
#define REPLY_TOO_MANY                                                        \
    "SEEMail: too many recipients that are treated differently: send this "   \
    "in several mails, to fewer each"
#define REPLY_LIMIT "SEEMail: not accepted, over a limit: %s"
#define REPLY_TRY_LATER "SEEMail: not possible now (%s), try again later"

#define LOG_IDENT "seemail"

/* What the log line of a message calls things: see doc/seemail-log.5. */
#define LOG_ID "id"
#define LOG_AGAIN "again"
#define LOG_QUEUE "queue"
#define LOG_TO "to"
#define LOG_RECIPIENTS "recipients"
#define LOG_CLEAR "clear"
#define LOG_BY "by"
#define LOG_SENDER "sender"
#define LOG_HOST "host"
#define LOG_DIRECTION "direction"
#define LOG_MARKING "marking"
#define LOG_VERDICT "verdict"
#define LOG_SIGNER "signer"
#define LOG_LEARNED "learned"
#define LOG_VERDICT_REASON "verdict-reason"
#define LOG_UNSCANNABLE "unscannable"
#define LOG_REFUSED "refused"
#define LOG_RULE "rule"
#define LOG_EVENT "event"
#define LOG_ABOUT "about"
#define LOG_FAILURE "failure"
#define LOG_REASON "reason"

#endif
