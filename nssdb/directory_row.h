#ifndef SEEMAIL_DIRECTORY_ROW_H
#define SEEMAIL_DIRECTORY_ROW_H

/* directory_row: how a row of the policy's table directories is asked. */

#include "directory.h"
#include "known.h"

struct directory;
struct policy;
struct pool;

/* The server; its password is read. Texts are the row's, or in the pool. 0,
 * -1. */
int directory_row_server(struct pool *pool, const struct directory *row,
                         unsigned seconds, struct directory_server *server_r,
                         struct failure *why);

/* Its attributes, ended by NULL; NULL = memory. */
const char *const *directory_row_attributes(struct pool *pool,
                                            const struct directory *row);

/*
 * Its filter with an address put in: %a the address, %l its local part, %d
 * its domain, %% a per cent sign; what RFC 4515 wants escaped is. In the
 * pool; NULL = memory.
 */
const char *directory_row_filter(struct pool *pool, const char *filter,
                                 const char *address);

/* What a certificate from there ranks as: the directory that has the SEEMAIL
 * list is the one of its partners. */
enum known_source directory_row_source(const struct policy *policy,
                                       const struct directory *row);

#endif
