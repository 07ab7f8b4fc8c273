#ifndef SEEMAIL_RESPONDER_H
#define SEEMAIL_RESPONDER_H

/*
 * responder: what the commands of seemail-responder share. A command is a
 * function in responder_<name>.c and a row of the table in responder_main.c.
 * It returns an exit status (sysexits.h); its faults go to standard error if
 * people run it, and to the log.
 */

#include "gateway.h"
#include "logline.h"

struct responder {
    struct pool *pool;
    const char *folder; /* of the policy */
    struct gateway gateway;
    struct logline log;
};

typedef int responder_command(struct responder *r, int argc, char **argv,
                              struct failure *why);

/* Records what is wrong with our own certificates, once a day. */
void responder_own(struct responder *r);

/* Each: 0, or -1 and why. */
responder_command responder_flush;
responder_command responder_answer;
responder_command responder_request;

#endif
