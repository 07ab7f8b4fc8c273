/* notice: see notice.h. */
#include "notice.h"

#include "buffer.h"
#include "failure.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define BOUNDARY_BYTES 16

int notice_boundary(char text[NOTICE_BOUNDARY], struct failure *why)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[BOUNDARY_BYTES];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return failure_errno(why, FAILURE_CRYPTO, errno, "getrandom");
    for (size_t i = 0; i < sizeof bytes; i++) {
        *text++ = digits[bytes[i] >> 4];
        *text++ = digits[bytes[i] & 15];
    }
    *text = '\0';
    return 0;
}

int notice_wrap(const struct notice *notice, struct source *body,
                struct sink *out, struct failure *why)
{
    char boundary[NOTICE_BOUNDARY];
    struct buffer text = {0};
    size_t length = strlen(notice->text);
    if (notice_boundary(boundary, why) < 0)
        return -1;
    buffer_format(&text,
                  "MIME-Version: 1.0\n"
                  "Content-Transfer-Encoding: 8bit\n"
                  "Content-Type: multipart/mixed; boundary=\"%s\"\n\n"
                  "--%s\n"
                  "Content-Type: text/plain; charset=utf-8\n"
                  "Content-Disposition: inline\n"
                  "Content-Transfer-Encoding: 8bit\n\n",
                  boundary, boundary);
    buffer_text(&text, notice->text);
    buffer_format(&text, "%s--%s\n%s\n",
                  length && notice->text[length - 1] == '\n' ? "" : "\n",
                  boundary, notice->content);
    int rc = text.failed ? failure_memory(why)
                         : out->write(out, text.data, text.length, why);
    if (rc == 0)
        rc = stream_copy(body, out, why);
    buffer_clear(&text);
    buffer_format(&text, "\n--%s--\n", boundary);
    if (rc == 0)
        rc = text.failed ? failure_memory(why)
                         : out->write(out, text.data, text.length, why);
    buffer_free(&text);
    return rc;
}
