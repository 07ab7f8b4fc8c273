#ifndef SEEMAIL_CMS_LABEL_H
#define SEEMAIL_CMS_LABEL_H

/*
 * cms_label: the ESSSecurityLabel (RFC 2634, 3.2) within a signature: what a
 * mail is marked as [1.9-label].
 */

#include "der.h"

struct buffer;
struct pool;

struct cms_label {
    struct der policy;   /* the OID's octets */
    long classification; /* 0 to 256, or -1 = none */
    const char *mark;    /* the privacy mark, UTF-8, or NULL */
};

#define CMS_LABEL_MARK_MOST 128 /* characters (RFC 2634, 3.2) */

/* Appends it. */
void cms_label_put(const struct cms_label *label, struct buffer *der);

/* Of a whole label, "1.2.3 3 SENSITIVE" for the log: its policy, its
 * classification (or -) and its mark, whatever it holds made printable. In
 * the pool; "" = it is none, NULL = memory. */
const char *cms_label_text(struct pool *pool, const struct der *whole);

#endif
