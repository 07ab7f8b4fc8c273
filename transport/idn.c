/* idn: see idn.h. */
#include "idn.h"

#include "pool.h"

#include <idn2.h>

int idn_ascii(struct pool *pool, const char *text, enum idn_way way,
              const char **ascii_r)
{
    static const int flags[IDN_WAYS] = {
        [IDN_NONTRANSITIONAL] = IDN2_NONTRANSITIONAL,
        [IDN_TRANSITIONAL] = IDN2_TRANSITIONAL};
    char *ascii;
    int rc = idn2_to_ascii_8z(text, &ascii, flags[way]);
    if (rc != IDN2_OK)
        return rc == IDN2_MALLOC ? -1 : 0;
    *ascii_r = pool_string(pool, ascii);
    idn2_free(ascii);
    return *ascii_r ? 1 : -1;
}
