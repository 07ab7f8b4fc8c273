/* stream: see stream.h. */
#include "stream.h"

int stream_copy(struct source *source, struct sink *sink, struct failure *why)
{
    char data[32768];
    for (;;) {
        ssize_t got = source->read(source, data, sizeof data, why);
        if (got <= 0)
            return (int)got;
        if (sink->write(sink, data, (size_t)got, why) < 0)
            return -1;
    }
}
