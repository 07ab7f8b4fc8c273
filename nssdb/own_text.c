/* own: how people and programs are told. */
#include "buffer.h"
#include "json.h"
#include "own.h"

#include <stdio.h>

const char *own_level_word(enum own_level level)
{
    static const char *const words[] = {"good", "warning", "critical"};
    return words[level];
}

static const struct {
    enum own_use use;
    const char *word, *text;
} uses[] = {{OWN_SIGNS, "sign", "signs"},
            {OWN_RECEIVES, "receive", "is encrypted to"},
            {OWN_OPENS, "open", "opens old mail"}};

#define DAY_ROOM 40

static const char *day(time_t when, char text[DAY_ROOM])
{
    struct tm tm;
    if (!gmtime_r(&when, &tm) || !strftime(text, DAY_ROOM, "%Y-%m-%d", &tm))
        return "?";
    return text;
}

static void json_others(const struct own *own, struct buffer *out)
{
    json_open(out, "others", '[');
    for (size_t i = 0; i < own->other_count; i++) {
        json_open(out, NULL, '{');
        json_text(out, "serial", own->others[i].serial);
        json_time(out, "from", own->others[i].from);
        json_time(out, "to", own->others[i].to);
        json_close(out, '}');
    }
    json_close(out, ']');
}

void own_print(const struct own *own)
{
    char text[DAY_ROOM];
    printf("%s \"%s\":", own_level_word(own->level), own->nickname);
    for (size_t i = 0, any = 0; i < 3; i++)
        if (own->uses & uses[i].use)
            printf("%s %s", any++ ? "," : "", uses[i].text);
    for (size_t i = 0; i < own->domain_count; i++)
        printf("%s %s", i ? "," : " for", own->domains[i]);
    if (own->serial)
        printf("; until %s (%ld days)", day(own->to, text), own->days);
    printf("\n");
    for (size_t i = 0; i < own->finding_count; i++)
        printf("    %s: %s\n        %s\n",
               own_level_word(own->findings[i].level), own->findings[i].text,
               own->findings[i].step);
    if (own->serial)
        printf("    key pair of %s\n", day(own->key_from, text));
    for (size_t i = 0; i < own->other_count; i++)
        printf("    %s: serial %s, %s %s\n",
               own->others[i].from > own->from ? "to come" : "beside it",
               own->others[i].serial,
               own->others[i].from > own->from ? "from" : "until",
               day(own->others[i].from > own->from ? own->others[i].from
                                                   : own->others[i].to, text));
    if (own->pending)
        printf("    a new key pair waits for its certificate: seemail-certs "
               "renew --install FILE\n");
}

static void json_findings(const struct own *own, struct buffer *out)
{
    json_open(out, "findings", '[');
    for (size_t i = 0; i < own->finding_count; i++) {
        const struct own_finding *finding = &own->findings[i];
        json_open(out, NULL, '{');
        json_text(out, "name", finding->word);
        json_text(out, "level", own_level_word(finding->level));
        json_text(out, "text", finding->text);
        json_text(out, "step", finding->step);
        json_close(out, '}');
    }
    json_close(out, ']');
}

void own_json(const struct own *own, struct buffer *out)
{
    json_open(out, NULL, '{');
    json_text(out, "nickname", own->nickname);
    json_text(out, "level", own_level_word(own->level));
    json_open(out, "domains", '[');
    for (size_t i = 0; i < own->domain_count; i++)
        json_text(out, NULL, own->domains[i]);
    json_close(out, ']');
    json_open(out, "uses", '[');
    for (size_t i = 0; i < 3; i++)
        if (own->uses & uses[i].use)
            json_text(out, NULL, uses[i].word);
    json_close(out, ']');
    if (own->serial) {
        json_text(out, "serial", own->serial);
        json_text(out, "issuer", own->issuer);
        json_time(out, "from", own->from);
        json_time(out, "to", own->to);
        json_number(out, "days", own->days);
        json_time(out, "key-from", own->key_from);
        json_others(own, out);
    }
    json_truth(out, "pending", own->pending);
    json_findings(own, out);
    json_close(out, '}');
}
