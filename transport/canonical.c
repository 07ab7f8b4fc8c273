/* canonical: see canonical.h. */
#include "canonical.h"

#include <string.h>

/* Refills the window: its size, 0 at the end, -1. */
static ssize_t fill(struct source *in, char *data, size_t *at, size_t *used,
                    struct failure *why)
{
    ssize_t got = in->read(in, data, CANONICAL_WINDOW, why);
    *at = 0;
    *used = got > 0 ? (size_t)got : 0;
    return got;
}

/* How many bytes there are before that one, up to so many. */
static size_t run_before(const char *data, char byte, size_t most)
{
    const char *at = memchr(data, byte, most);
    return at ? (size_t)(at - data) : most;
}

static size_t lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

static ssize_t canonical_read(struct source *self, void *data, size_t size,
                              struct failure *why)
{
    struct canonical_source *c = (struct canonical_source *)self;
    char *out = data, *end = out + size;
    if (c->at == c->used) {
        ssize_t got = fill(c->in, c->data, &c->at, &c->used, why);
        if (got <= 0)
            return got;
    }
    while (out < end && c->at < c->used) {
        const char *from = c->data + c->at;
        size_t run = run_before(from, '\n',
                                lesser((size_t)(end - out), c->used - c->at));
        if (run) {
            memcpy(out, from, run);
            out += run;
            c->at += run;
            c->cr = out[-1] == '\r';
        } else if (c->cr) {
            *out++ = '\n';
            c->at++;
            c->cr = 0;
        } else {
            *out++ = '\r'; /* and the LF comes with the next turn */
            c->cr = 1;
        }
    }
    return out - (char *)data;
}

void canonical_source_init(struct canonical_source *canonical,
                           struct source *in)
{
    canonical->source.read = canonical_read;
    canonical->in = in;
    canonical->at = canonical->used = 0;
    canonical->cr = 0;
}

/* What is in the window, as much as fits. */
static size_t localise(struct local_source *l, char *out, size_t size)
{
    size_t put = 0;
    while (l->at < l->used && put + 1 < size) {
        const char *from = l->data + l->at;
        size_t run = l->cr ? 0 : run_before(from, '\r',
                                            lesser(size - 1 - put,
                                                   l->used - l->at));
        memcpy(out + put, from, run);
        put += run;
        l->at += run;
        if (run)
            continue;
        char byte = l->data[l->at++];
        if (l->cr && byte != '\n')
            out[put++] = '\r';
        l->cr = byte == '\r';
        if (!l->cr)
            out[put++] = byte;
    }
    if (put)
        l->last = (unsigned char)out[put - 1];
    return put;
}

/* At the end: what was kept back, and a last line end. */
static ssize_t conclude(struct local_source *l, char *out)
{
    size_t put = 0;
    if (l->cr)
        out[put++] = '\r';
    if (l->cr || l->last != '\n')
        out[put++] = '\n';
    l->cr = 0;
    l->last = '\n';
    return (ssize_t)put;
}

/* size is 2 at the least. */
static ssize_t local_read(struct source *self, void *data, size_t size,
                          struct failure *why)
{
    struct local_source *l = (struct local_source *)self;
    size_t put = 0;
    while (put == 0) {
        if (l->at == l->used) {
            ssize_t got = fill(l->in, l->data, &l->at, &l->used, why);
            if (got < 0)
                return -1;
            if (got == 0)
                return conclude(l, data);
        }
        put = localise(l, data, size);
    }
    return (ssize_t)put;
}

void local_source_init(struct local_source *local, struct source *in)
{
    local->source.read = local_read;
    local->in = in;
    local->at = local->used = 0;
    local->cr = 0;
    local->last = '\n'; /* nothing stays nothing */
}
