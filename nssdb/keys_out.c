/* keys_out: see keys_out.h. */
#include "keys_out.h"

#include <secitem.h>

void keys_out_add(struct keys_out *out, CERTCertificate *certificate)
{
    if (out->count < KEYS_OUT_MOST)
        out->certificates[out->count++] = CERT_DupCertificate(certificate);
}

int keys_out_has(const struct keys_out *out, CERTCertificate *certificate)
{
    for (size_t i = 0; i < out->count; i++)
        if (SECITEM_ItemsAreEqual(&out->certificates[i]->derPublicKey,
                                  &certificate->derPublicKey))
            return 1;
    return out->count == KEYS_OUT_MOST;
}

void keys_out_free(struct keys_out *out)
{
    while (out->count > 0)
        CERT_DestroyCertificate(out->certificates[--out->count]);
}
