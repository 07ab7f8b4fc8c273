/* pss: see pss.h. */
#include "pss.h"

#include "cms_oids.h"

#include <stddef.h>

static const char *hash_name(const struct der *oid)
{
    return der_equal(oid, OID(SHA256))   ? "sha256"
           : der_equal(oid, OID(SHA384)) ? "sha384"
           : der_equal(oid, OID(SHA512)) ? "sha512"
           : der_equal(oid, OID(SHA1))   ? "sha1" : NULL;
}

const char *pss_hash(struct der parameters)
{
    struct der_value list, part, algorithm, oid;
    if (!der_expect(&parameters, TAG_SEQUENCE, &list))
        return NULL;
    if (der_next(&list.content, &part) != 1 ||
        part.tag != (TAG_CONTEXT | TAG_CONSTRUCTED | 0))
        return "sha1";
    if (!der_expect(&part.content, TAG_SEQUENCE, &algorithm) ||
        !der_expect(&algorithm.content, TAG_OID, &oid))
        return NULL;
    return hash_name(&oid.content);
}
