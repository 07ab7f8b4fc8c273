#ifndef SEEMAIL_CERTS_H
#define SEEMAIL_CERTS_H

/*
 * certs: what the commands of seemail-certs share. A command is a function in
 * certs_<name>.c and a row of the table in certs_main.c. It gets its own
 * arguments, prints its answer to standard output and faults to standard
 * error, and returns the exit status (sysexits.h).
 */

struct failure;
struct policy;
struct pool;
struct state;

struct certs {
    struct pool *pool;
    struct policy *policy;
    int json; /* --json: for programs rather than people */
};

typedef int certs_command(struct certs *certs, int argc, char **argv);

certs_command certs_compromise;
certs_command certs_crl;
certs_command certs_list;
certs_command certs_ocsp;
certs_command certs_refresh;
certs_command certs_renew;
certs_command certs_status;

/* Prints the fault; its exit status. */
int certs_complain(const struct failure *why);

/* Prints how the command is called; EX_USAGE. */
int certs_usage(const char *command);

/* "3 hours": text for people, which is returned. */
#define CERTS_SPAN 40
const char *certs_span(long long seconds, char text[CERTS_SPAN]);

/* Opens the state for reading: 0; or -1, *status_r is the exit status and the
 * fault is printed. */
int certs_state(struct certs *certs, struct state **state_r, int *status_r);

#endif
