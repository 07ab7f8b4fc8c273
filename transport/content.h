#ifndef SEEMAIL_CONTENT_H
#define SEEMAIL_CONTENT_H

/*
 * content: the value of a Content-Type or Content-Disposition field (RFC
 * 2045, 5.1; RFC 2183): a token or type/subtype, then parameters. Comments
 * and folding are passed over. Lives in the pool.
 */

struct pool;

#define CONTENT_PARAMETERS_MOST 64

struct content_parameter {
    const char *name; /* lower case; for RFC 2231 with its stars */
    const char *value;
};

struct content {
    const char *type;    /* lower case: "text", or "attachment"; "" = broken */
    const char *subtype; /* lower case; "" = there is none */
    struct content_parameter parameters[CONTENT_PARAMETERS_MOST];
    unsigned count;
};

/* Reads an unfolded value. 0 or -1 (memory). What is broken is left out. */
int content_parse(struct pool *pool, const char *text,
                  struct content *content_r);

/*
 * The value of a parameter, its RFC 2231 pieces joined, percent signs
 * decoded and charset'language' taken off. If it is there twice, the first
 * counts. NULL = it is not there (or memory is out).
 */
const char *content_parameter(struct pool *pool, const struct content *content,
                              const char *name);

int content_is(const struct content *content, const char *type,
               const char *subtype);

#endif
