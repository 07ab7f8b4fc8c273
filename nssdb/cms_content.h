#ifndef SEEMAIL_CMS_CONTENT_H
#define SEEMAIL_CMS_CONTENT_H

/*
 * cms_content: what anybody can read of a CMS object, without a key or a
 * look at its signatures: the content that SignedData has inside (RFC 5652,
 * 5). Needs no NSS, so that the hook can search it for markings.
 */

#include "stream.h"

enum cms_content {
    CMS_CONTENT_CLEAR,  /* it went to the sink; may be empty */
    CMS_CONTENT_CLOSED, /* encrypted */
    CMS_CONTENT_OTHER,  /* compressed, or of a kind that we do not know */
    CMS_CONTENT_BROKEN  /* no CMS object */
};

/* 0 and *content_r, or -1 for what is no fault of the object. */
int cms_content(struct source *in, struct sink *out,
                enum cms_content *content_r, struct failure *why);

#endif
