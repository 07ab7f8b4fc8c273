#ifndef SEEMAIL_KEYS_OUT_H
#define SEEMAIL_KEYS_OUT_H

/*
 * keys_out: the keys of certificates that were revoked for the sake of their
 * key (struct judgement, key_out): while one of several certificates is
 * chosen, no other for such a key is used.
 */

#include <cert.h>

#define KEYS_OUT_MOST 20

struct keys_out {
    CERTCertificate *certificates[KEYS_OUT_MOST];
    size_t count;
};

void keys_out_add(struct keys_out *out, CERTCertificate *certificate);

/* Is its key out? When there are too many to remember, all are. */
int keys_out_has(const struct keys_out *out, CERTCertificate *certificate);

void keys_out_free(struct keys_out *out);

#endif
