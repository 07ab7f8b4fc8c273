#ifndef SEEMAIL_VISIBLE_H
#define SEEMAIL_VISIBLE_H

/*
 * visible: UTF-8 as it is seen. What has no width (soft hyphens, zero-width
 * blanks, direction marks, which editors leave between the letters of a
 * word) vanishes, and blanks of every kind but U+00A0, which patterns name,
 * become a blank. All else, broken UTF-8 too, is passed on. A stage of a
 * stream.
 */

#include "stream.h"

struct visible_sink {
    struct sink sink;
    struct sink *out;
    char rest[3]; /* the beginning of a character */
    size_t rest_length;
};

void visible_sink_init(struct visible_sink *visible, struct sink *out);

/* The end of a text: the next begins another. 0 or -1. */
int visible_sink_finish(struct visible_sink *visible, struct failure *why);

#endif
