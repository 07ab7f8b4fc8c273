/* page: see page.h. */
#include "page.h"

#include "buffer.h"
#include "utf8.h"

#include <string.h>

static const char *entity(unsigned long c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

void page_text(struct buffer *out, const char *text)
{
    while (*text) {
        unsigned long c;
        size_t length = utf8_next(text, &c);
        if (entity(c))
            buffer_text(out, entity(c));
        else if (c == UTF8_REPLACEMENT || utf8_acts(c))
            buffer_byte(out, '?');
        else
            buffer_append(out, text, length);
        text += length;
    }
}

void page_element(struct buffer *out, const char *name, const char *class,
                  const char *text)
{
    buffer_format(out, "<%s", name);
    if (class)
        buffer_format(out, " class=\"%s\"", class);
    buffer_byte(out, '>');
    page_text(out, text);
    buffer_format(out, "</%s>", name);
}

void page_number(struct buffer *out, size_t number)
{
    if (number)
        buffer_format(out, "<td class=\"n\">%zu</td>", number);
    else
        buffer_text(out, "<td class=\"n zero\">0</td>");
}

static const char style[] =
    ":root{--ink:#1c2430;--soft:#5b6675;--line:#dfe4ea;--paper:#fff;"
    "--ground:#f4f6f8;--sealed:#2458c6;--verified:#12805c;--warned:#d97a06;"
    "--plain-out:#9aa6b4;--plain-in:#c3cbd4;--refused:#c42b2b}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e7ebf0;--soft:#9aa6b4;"
    "--line:#323c48;--paper:#1a212a;--ground:#11161c;--sealed:#6f9bff;"
    "--verified:#3dbb8f;--warned:#f0a23c;--plain-out:#77838f;"
    "--plain-in:#4c5763;--refused:#f07070}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--ground);color:var(--ink);"
    "font:15px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',"
    "sans-serif}"
    "main{max-width:1080px;margin:0 auto;padding:16px}"
    "header{padding:4px 0 12px}"
    "h1{font-size:22px;margin:0}"
    "h2{font-size:16px;margin:0 0 10px}h2:first-letter{text-transform:uppercase}"
    "p{margin:6px 0}.soft{color:var(--soft)}"
    "section{background:var(--paper);border:1px solid var(--line);"
    "border-radius:8px;padding:14px 16px;margin:0 0 14px;min-width:0;"
    "break-inside:avoid}"
    ".two{display:grid;grid-template-columns:1fr 1fr;gap:0 14px}"
    ".tiles{display:grid;grid-template-columns:repeat(6,1fr);gap:10px;"
    "margin:0 0 14px}"
    ".tile{background:var(--paper);border:1px solid var(--line);"
    "border-radius:8px;padding:10px 12px}"
    ".tile b{display:block;font-size:22px;line-height:1.2}"
    ".tile span{color:var(--soft);font-size:13px}"
    "table{border-collapse:collapse;width:100%;font-size:14px}"
    
    "th,td{padding:5px 10px 5px 0;border-bottom:1px solid var(--line);"
    "vertical-align:top;overflow-wrap:anywhere}"
    "th{text-align:left;font-weight:600;color:var(--soft);font-size:13px;"
    "overflow-wrap:normal}"
    "tr:last-child td{border-bottom:0}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;"
    "overflow-wrap:normal;white-space:nowrap}"
    "td.w{width:1%;white-space:nowrap;overflow-wrap:normal}.zero{color:var(--soft)}"
    ".scroll{overflow-x:auto}"
    ".badge{display:inline-block;border-radius:99px;padding:1px 10px;"
    "font-size:13px;font-weight:600;color:#fff;white-space:nowrap}"
    ".good{background:var(--verified)}.warning{background:#b26204}"
    ".critical{background:#c42b2b}"
    "ul.key{list-style:none;display:flex;flex-wrap:wrap;gap:2px 16px;"
    "margin:8px 0 0;padding:0;font-size:13px;color:var(--soft)}"
    "ul.key i{display:inline-block;width:10px;height:10px;border-radius:2px;"
    "margin-right:6px}"
    "svg{display:block;width:100%;height:auto;max-width:560px}"
    "svg text{font:11px system-ui,'DejaVu Sans',sans-serif;fill:var(--soft)}"
    "svg text.strong{fill:var(--ink)}svg line{stroke:var(--line)}"
    "footer{color:var(--soft);font-size:13px;padding:0 0 20px}"
    "@media(max-width:760px){.two{display:block}"
    ".tiles{grid-template-columns:repeat(2,1fr)}main{padding:10px}"
    "section{padding:12px}}"
    "@media print{:root{--ink:#000;--soft:#444;--line:#bbb;--paper:#fff;"
    "--ground:#fff}body{font-size:11pt;-webkit-print-color-adjust:exact;"
    "print-color-adjust:exact}main{max-width:none;padding:0}"
    "section,.tile{border-radius:0}.scroll{overflow:visible}"
    "@page{margin:15mm}}";

void page_start(struct buffer *out, const char *title)
{
    buffer_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
                     "<meta charset=\"utf-8\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content="
                     "\"default-src 'none'; style-src 'unsafe-inline'\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, "
                     "initial-scale=1\">\n"
                     "<meta name=\"referrer\" content=\"no-referrer\">\n");
    page_element(out, "title", NULL, title);
    buffer_text(out, "\n<style>");
    buffer_text(out, style);
    buffer_text(out, "</style>\n</head>\n<body>\n<main>\n");
}

void page_end(struct buffer *out)
{
    buffer_text(out, "</main>\n</body>\n</html>\n");
}
