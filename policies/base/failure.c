/* failure: see failure.h. */
#include "failure.h"

#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static const struct failure_answer answers[FAILURE_KINDS] = {
    [FAILURE_NONE] = {"none", 250, EX_OK},
    [FAILURE_POLICY] = {"policy", 451, EX_TEMPFAIL},
    [FAILURE_KEYSTORE] = {"keystore", 451, EX_TEMPFAIL},
    [FAILURE_STATE] = {"state", 451, EX_TEMPFAIL},
    [FAILURE_DISK] = {"disk", 451, EX_TEMPFAIL},
    [FAILURE_MEMORY] = {"memory", 451, EX_TEMPFAIL},
    [FAILURE_NETWORK] = {"network", 451, EX_TEMPFAIL},
    [FAILURE_CERT] = {"certificate", 451, EX_TEMPFAIL},
    [FAILURE_MALFORMED] = {"malformed", 451, EX_TEMPFAIL},
    [FAILURE_LIMIT] = {"limit", 550, EX_TEMPFAIL},
    [FAILURE_CRYPTO] = {"crypto", 451, EX_TEMPFAIL},
    [FAILURE_CHILD] = {"child", 451, EX_TEMPFAIL},
    [FAILURE_USAGE] = {"usage", 451, EX_USAGE},
    [FAILURE_BUG] = {"bug", 451, EX_TEMPFAIL},
};

/* It goes to logs and terminals, and may hold what a stranger wrote. */
static void make_printable(char *text)
{
    unsigned long character;
    for (size_t length; *text; text += length) {
        length = utf8_next(text, &character);
        if (utf8_acts(character))
            memset(text, ' ', length);
        else if (character == UTF8_REPLACEMENT && length == 1)
            *text = '?';
    }
}

__attribute__((format(printf, 4, 0))) static int
fill(struct failure *why, enum failure_kind kind, int error_number,
     const char *format, va_list args)
{
    if (!why)
        return -1;
    why->kind = kind;
    int used = vsnprintf(why->text, sizeof why->text, format, args);
    if (error_number && used >= 0 && (size_t)used < sizeof why->text)
        snprintf(why->text + used, sizeof why->text - (size_t)used, ": %s",
                 strerror(error_number));
    make_printable(why->text);
    return -1;
}

int failure(struct failure *why, enum failure_kind kind, const char *format,
            ...)
{
    va_list args;
    va_start(args, format);
    int rc = fill(why, kind, 0, format, args);
    va_end(args);
    return rc;
}

int failure_errno(struct failure *why, enum failure_kind kind,
                  int error_number, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = fill(why, kind, error_number, format, args);
    va_end(args);
    return rc;
}

int failure_memory(struct failure *why)
{
    return failure(why, FAILURE_MEMORY, "out of memory");
}

const struct failure_answer *failure_answer(enum failure_kind kind)
{
    if (kind < 0 || kind >= FAILURE_KINDS)
        kind = FAILURE_BUG;
    return &answers[kind];
}
