#ifndef SEEMAIL_CHART_H
#define SEEMAIL_CHART_H

/*
 * chart: pictures as SVG within a page. Widths are chosen so that text is as
 * large as that around it on a telephone, and never larger than drawn.
 */

#include <stddef.h>
#include <time.h>

struct buffer;

struct chart_series {
    const char *name;  /* for the key */
    const char *color; /* a CSS variable: "--sealed" */
};

/* One bar a column: a sum of parts, from below in the order of the series. */
struct chart_bar {
    const char *label; /* below; NULL = none */
    const char *title; /* for who points at it */
    const size_t *values; /* as many as series */
};

void chart_bars(struct buffer *out, const char *title,
                const struct chart_series *series, size_t series_count,
                const struct chart_bar *bars, size_t count);

/* The key of colours, as a list below. */
void chart_key(struct buffer *out, const struct chart_series *series,
               size_t count);

struct chart_span {
    const char *label, *note; /* above the bar: left and right */
    const char *color;
    time_t from, to;
};

/* One bar a span of time, with a line at now. */
void chart_spans(struct buffer *out, const char *title,
                 const struct chart_span *spans, size_t count, time_t now);

#endif
