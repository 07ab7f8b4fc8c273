/* chart: see chart.h. */
#include "chart.h"

#include "buffer.h"
#include "page.h"

#include <stdio.h>

#define WIDTH 360
#define LEFT 34 /* room for the scale */
#define RIGHT 8
#define HEIGHT 150
#define TOP 8
#define ROW 40 /* of a span */
#define DAY (24L * 60 * 60)

static void start(struct buffer *out, const char *title, int height)
{
    buffer_format(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
                  WIDTH, height);
    page_text(out, title);
    buffer_text(out, "\">");
}

static void text_at(struct buffer *out, double x, double y, const char *anchor,
                    const char *class, const char *text)
{
    buffer_format(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"", x, y,
                  anchor);
    if (class)
        buffer_format(out, " class=\"%s\"", class);
    buffer_byte(out, '>');
    page_text(out, text);
    buffer_text(out, "</text>");
}

static size_t sum(const struct chart_bar *bar, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += bar->values[i];
    return total;
}

/* The next number that is round, and whose half is too. */
static size_t round_up(size_t most)
{
    static const size_t round[] = {10, 12, 16, 20, 30, 40, 60, 80, 100};
    size_t step = 1, i = 0;
    if (most <= 10)
        return most + most % 2;
    while (100 * step < most)
        step *= 10;
    while (round[i] * step < most)
        i++;
    return round[i] * step;
}

static void draw_scale(struct buffer *out, size_t top)
{
    for (int i = 0; i <= 2; i++) {
        char text[32];
        double y = TOP + HEIGHT - HEIGHT * i / 2.0;
        snprintf(text, sizeof text, "%zu", i == 1 ? top / 2 : i ? top : 0);
        buffer_format(out, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
                      LEFT, WIDTH - RIGHT, y, y);
        text_at(out, LEFT - 5, y + 4, "end", NULL, text);
    }
}

static void draw_bar(struct buffer *out, const struct chart_series *series,
                     size_t series_count, const struct chart_bar *bar,
                     double x, double width, size_t top)
{
    double y = TOP + HEIGHT;
    buffer_text(out, "<g><title>");
    page_text(out, bar->title);
    buffer_text(out, "</title>");
    for (size_t i = 0; i < series_count; i++) {
        double height = (double)HEIGHT * (double)bar->values[i] / (double)top;
        if (bar->values[i] == 0)
            continue;
        y -= height;
        buffer_format(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                      "height=\"%.1f\" fill=\"var(%s)\"/>", x, y, width,
                      height, series[i].color);
    }
    buffer_text(out, "</g>");
    if (bar->label)
        text_at(out, x + width / 2, TOP + HEIGHT + 15, "middle", NULL,
                bar->label);
}

void chart_bars(struct buffer *out, const char *title,
                const struct chart_series *series, size_t series_count,
                const struct chart_bar *bars, size_t count)
{
    size_t most = 1;
    for (size_t i = 0; i < count; i++)
        if (sum(&bars[i], series_count) > most)
            most = sum(&bars[i], series_count);
    size_t top = round_up(most);
    double step = (double)(WIDTH - LEFT - RIGHT) / (double)(count ? count : 1);
    start(out, title, TOP + HEIGHT + 20);
    draw_scale(out, top);
    for (size_t i = 0; i < count; i++)
        draw_bar(out, series, series_count, &bars[i],
                 LEFT + step * ((double)i + 0.12), step * 0.76, top);
    buffer_text(out, "</svg>\n");
}

void chart_key(struct buffer *out, const struct chart_series *series,
               size_t count)
{
    buffer_text(out, "<ul class=\"key\">");
    for (size_t i = 0; i < count; i++) {
        buffer_format(out, "<li><i style=\"background:var(%s)\"></i>",
                      series[i].color);
        page_text(out, series[i].name);
        buffer_text(out, "</li>");
    }
    buffer_text(out, "</ul>\n");
}

static double place(time_t when, time_t from, time_t to)
{
    double x = WIDTH * (double)(when - from) / (double)(to - from);
    return x < 0 ? 0 : x > WIDTH ? WIDTH : x;
}

/* The first of each third month, below; not where today is. */
static void draw_months(struct buffer *out, time_t from, time_t to,
                        double today, int y)
{
    struct tm tm;
    if (!gmtime_r(&from, &tm))
        return;
    tm.tm_mday = 1;
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    for (int i = 0; i < 60; i++) {
        char text[16] = "";
        tm.tm_mon++;
        time_t when = timegm(&tm);
        double x = place(when, from, to);
        if (when >= to)
            return;
        if (tm.tm_mon % 3 || x < 12 || x > WIDTH - 16 ||
            (x > today - 34 && x < today + 34))
            continue;
        if (tm.tm_mon % 12 == 0)
            strftime(text, sizeof text, "%Y", &tm);
        else
            strftime(text, sizeof text, "%b", &tm);
        buffer_format(out, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" y2=\"%d\"/>",
                      x, x, y - 14);
        text_at(out, x, y, "middle", NULL, text);
    }
}

void chart_spans(struct buffer *out, const char *title,
                 const struct chart_span *spans, size_t count, time_t now)
{
    time_t from = now - 60 * DAY, to = now + 400 * DAY;
    int height = (int)count * ROW;
    double at = place(now, from, to);
    start(out, title, height + 22);
    draw_months(out, from, to, at, height + 16);
    for (size_t i = 0; i < count; i++) {
        double y = (double)i * ROW, x1 = place(spans[i].from, from, to);
        double x2 = place(spans[i].to, from, to);
        text_at(out, 0, y + 13, "start", "strong", spans[i].label);
        text_at(out, WIDTH, y + 13, "end", NULL, spans[i].note);
        buffer_format(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                      "height=\"12\" rx=\"3\" fill=\"var(%s)\"/>", x1, y + 19,
                      x2 - x1 < 2 ? 2 : x2 - x1, spans[i].color);
    }
    buffer_format(out, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"16\" y2=\"%d\" "
                  "style=\"stroke:var(--ink);stroke-dasharray:3 3\"/>", at, at,
                  height);
    text_at(out, at, height + 16, "middle", "strong", "today");
    buffer_text(out, "</svg>\n");
}
