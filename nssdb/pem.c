/* pem: see pem.h. */
#include "pem.h"

#include "buffer.h"

#include <nssb64.h>
#include <secport.h>
#include <string.h>

void pem_put(struct buffer *out, const char *label, const void *der,
             size_t length)
{
    SECItem item = {siBuffer, (unsigned char *)(size_t)der, (unsigned)length};
    char *text = NSSBase64_EncodeItem(NULL, NULL, 0, &item);
    if (!text) {
        out->failed = 1;
        return;
    }
    buffer_format(out, PEM_BEGIN "%s" PEM_DASHES "\n", label);
    for (const char *at = text; *at;) { /* NSS breaks lines with CRLF */
        size_t line = strcspn(at, "\r\n");
        buffer_append(out, at, line);
        buffer_byte(out, '\n');
        at += line;
        at += strspn(at, "\r\n");
    }
    buffer_format(out, PEM_END "%s" PEM_DASHES "\n", label);
    PORT_Free(text);
}
