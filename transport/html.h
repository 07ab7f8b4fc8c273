#ifndef SEEMAIL_HTML_H
#define SEEMAIL_HTML_H

/*
 * html: the text of an HTML document as a reader sees it, roughly: tags and
 * comments vanish, those that break a line become a blank, character
 * references become characters. Where a tag begins and ends is what browsers
 * agree on: text behind a < that begins no tag is seen, so it is searched.
 * Scripts and styles are passed on. A stage of a stream of UTF-8.
 */

#include "stream.h"

enum html_state {
    HTML_TEXT,
    HTML_OPEN,      /* behind a < */
    HTML_TAG,
    HTML_COMMENT,   /* <!-- */
    HTML_MARKUP,    /* <! and <? up to the next > */
    HTML_REFERENCE, /* behind an & */
    HTML_NUMBER     /* behind &# */
};

struct html_sink {
    struct sink sink;
    struct sink *out;
    enum html_state state;
    char word[16]; /* name of the tag with its /, or the reference */
    size_t length;
    char quote;    /* inside an attribute's value */
    int named;     /* the tag's name is complete */
    enum { VALUE_NONE, VALUE_NEXT, VALUE_BARE } value; /* of an attribute */
    unsigned dashes;   /* last seen, of a comment; see html.c */
    unsigned long code;/* of a numeric reference, */
    unsigned base;     /* which is decimal or hexadecimal */
    const char *raw;   /* the element whose text has no tags, or NULL */
    char text[4096];   /* not yet passed on */
    size_t used;
};

void html_sink_init(struct html_sink *html, struct sink *out);
int html_sink_finish(struct html_sink *html, struct failure *why);

#endif
