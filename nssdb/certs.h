#ifndef SEEMAIL_CERTS_H
#define SEEMAIL_CERTS_H

/*
 * certs: what the commands of seemail-certs share. A command is a function in
 * certs_<name>.c and a row of the table in certs_main.c. It gets its own
 * arguments, prints its answer to standard output and faults to standard
 * error, and returns the exit status (sysexits.h).
 */

#include "signature.h"

#include <stddef.h>

struct buffer;
struct failure;
struct keystore;
struct own_search;
struct policy;
struct pool;
struct state;

struct certs {
    struct pool *pool;
    struct policy *policy;
    int json; /* --json: for programs rather than people */
};

typedef int certs_command(struct certs *certs, int argc, char **argv);

certs_command certs_approve;
certs_command certs_compromise;
certs_command certs_crl;
certs_command certs_deny;
certs_command certs_export;
certs_command certs_fetch;
certs_command certs_forget;
certs_command certs_import;
certs_command certs_list;
certs_command certs_ocsp;
certs_command certs_pending;
certs_command certs_publish;
certs_command certs_refresh;
certs_command certs_renew;
certs_command certs_show;
certs_command certs_status;

/* A file, or for "-" standard input, `most' bytes at the most. 0, or -1:
 * FAILURE_USAGE. */
int certs_input(const char *path, size_t most, struct buffer *content,
                struct failure *why);

/* Prints the fault; its exit status. */
int certs_complain(const struct failure *why);

/* Prints how the command is called; EX_USAGE. */
int certs_usage(const char *command);

/* "3 hours": text for people, which is returned. */
#define CERTS_SPAN 40
const char *certs_span(long long seconds, char text[CERTS_SPAN]);
/* An address as it is, or that of a domain's DCA; canonical, in the pool. 0,
 * -1. */
int certs_address(struct certs *certs, const char *text,
                  const char **address_r, struct failure *why);

/* Frees the JSON, after it was printed if programs ask; the exit status. */
int certs_answer(struct certs *certs, struct buffer *json, int status);

/* Publishes our certificates wherever the policy says so, if anywhere, and
 * tells: JSON members are appended. The exit status. */
int certs_announce(struct certs *certs, struct keystore *keystore,
                   struct buffer *json);

/* By which algorithms CRLs and OCSP responses may be signed. */
struct signature_rules certs_rules(struct certs *certs);

/* How our own certificates are judged, now, with what the state has, if there
 * is one: the caller closes it. 0 or -1, and then without the state. */
int certs_search(struct certs *certs, struct keystore *keystore,
                 struct own_search *search_r, struct failure *why);

/* Opens the state for reading: 0; or -1, *status_r is the exit status and the
 * fault is printed. */
int certs_state(struct certs *certs, struct state **state_r, int *status_r);

/* certs_text.c: text of others, without what a terminal would obey; a day
 * ("2026-11-24"); hex digits with a NUL. */
void certs_print(const char *text);
void certs_print_day(long long when);
void certs_hex(const unsigned char *data, size_t length, char *text_r);

/* Addresses are kept in lower case. */
void certs_lower(char *address);

/* A fingerprint as people give it, or its beginning: its bytes, 0 = none. */
#define CERTS_FINGERPRINT 32
#define CERTS_DIGITS_LEAST 8
size_t certs_fingerprint(const char *text, unsigned char *mark_r);

/* Prints what there is of long JSON, so that it does not fill the memory;
 * prints its end and frees it: 0, or 1 = memory was out. */
void certs_flush(struct buffer *json);
int certs_finish(struct buffer *json);

#endif
