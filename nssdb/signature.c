/* signature: see signature.h. */
#include "signature.h"

#include "cms_oids.h"
#include "pss.h"

/* The names of a signature's algorithm in the algorithms table. */
struct names {
    const char *oid;
    size_t length;
    const char *sign, *digest; /* digest NULL = in the parameters */
};
static const struct names names[] = {
    {OID(RSA_SHA1), "rsa", "sha1"},       {OID(RSA_SHA256), "rsa", "sha256"},
    {OID(RSA_SHA384), "rsa", "sha384"},   {OID(RSA_SHA512), "rsa", "sha512"},
    {OID(ECDSA_SHA1), "ecdsa", "sha1"},   {OID(ECDSA_SHA256), "ecdsa",
                                           "sha256"},
    {OID(ECDSA_SHA384), "ecdsa", "sha384"}, {OID(ECDSA_SHA512), "ecdsa",
                                             "sha512"},
    {OID(RSA_PSS), "rsa-pss", NULL},
};

static int permits(const struct signature_rules *rules, const char *name)
{
    return name && (!rules->permits || rules->permits(rules->context, name));
}

int signature_permitted(const struct der *oid, struct der parameters,
                        const struct signature_rules *rules)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (der_equal(oid, names[i].oid, names[i].length))
            return permits(rules, names[i].sign) &&
                   permits(rules, names[i].digest ? names[i].digest
                                                  : pss_hash(parameters));
    return 0;
}
