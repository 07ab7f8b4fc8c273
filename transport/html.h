#ifndef SEEMAIL_HTML_H
#define SEEMAIL_HTML_H

/*
 * html: the text of an HTML document as a reader sees it, roughly: tags and
 * comments vanish, those that break a line become a blank, character
 * references become characters. A stage of a stream of UTF-8.
 */

#include "stream.h"

enum html_state { HTML_TEXT, HTML_TAG, HTML_COMMENT, HTML_REFERENCE };

struct html_sink {
    struct sink sink;
    struct sink *out;
    enum html_state state;
    char word[16]; /* name of the tag, or the reference */
    size_t length;
    char quote;    /* inside an attribute's value */
    int named;     /* the tag's name is complete */
    char text[4096]; /* not yet passed on */
    size_t used;
};

void html_sink_init(struct html_sink *html, struct sink *out);
int html_sink_finish(struct html_sink *html, struct failure *why);

#endif
