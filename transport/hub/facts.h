#ifndef SEEMAIL_FACTS_H
#define SEEMAIL_FACTS_H

/*
 * facts: what seemail-certs knows of keys, certificates, lists and revocation:
 * the answer of `seemail-certs --json status' (its man page), so that it is
 * found out in one place.
 */

#include <jansson.h>

struct console;
struct failure;

/* 0 and what it printed (json_decref it), also when all is bad; -1 =
 * FAILURE_CHILD: it does not run, or says no JSON. */
int facts_get(const struct console *console, json_t **facts_r,
              struct failure *why);

/* Members of an object, with what counts when they are not there. */
const char *facts_text(const json_t *object, const char *key);
long long facts_number(const json_t *object, const char *key,
                       long long missing);
/* A time "2026-11-25T12:00:00Z" as Unix time; 0 = not there. */
long long facts_time(const json_t *object, const char *key);

#endif
