/* stream: see stream.h. */
#include "stream.h"

#include "buffer.h"
#include "failure.h"

static int buffer_write(struct sink *self, const void *data, size_t size,
                        struct failure *why)
{
    struct buffer *out = ((struct buffer_sink *)self)->out;
    return buffer_append(out, data, size) < 0 ? failure_memory(why) : 0;
}

void buffer_sink_init(struct buffer_sink *sink, struct buffer *out)
{
    *sink = (struct buffer_sink){{buffer_write}, out};
}

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
