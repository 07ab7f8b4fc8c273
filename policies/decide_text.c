/* decide_text: a decision as a string and back; see decide.h. */
#include "decide.h"

#include "address.h"
#include "buffer.h"
#include "failure.h"
#include "pool.h"

#include <string.h>

#define KEY_BYTES                                                             \
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"

static const char *const directions[] = {"inside", "outside", "own"};
static const char *const classes[CLASSES] = {
    [CLASS_INSIDE] = "inside", [CLASS_ANSWER] = "answer",
    [CLASS_PLAIN] = "plain",
    [CLASS_SEAL] = "seal",     [CLASS_PERSON] = "person",
    [CLASS_HOLD] = "hold",     [CLASS_REFUSE] = "refuse",
};

const char *direction_word(enum direction direction)
{
    return directions[direction];
}

int class_is_single(enum recipient_class class)
{
    return class == CLASS_PERSON || class == CLASS_ANSWER;
}

const char *class_word(enum recipient_class class)
{
    return classes[class];
}

static int word_index(const char *const *words, int count, const char *text,
                      size_t length)
{
    for (int i = 0; i < count; i++)
        if (strlen(words[i]) == length && memcmp(words[i], text, length) == 0)
            return i;
    return -1;
}

static void put(struct buffer *text, const char *prefix, const char *key,
                const char *value)
{
    buffer_format(text, "%s%s%s=\"%s\"", text->length ? " " : "", prefix, key,
                  value);
}

/* The class that all recipients have, or -1. */
static int common_class(const struct decision *decision)
{
    if (!decision->count)
        return -1;
    for (size_t i = 1; i < decision->count; i++)
        if (decision->outcomes[i].class != decision->outcomes[0].class)
            return -1;
    return (int)decision->outcomes[0].class;
}

static int put_persons(const struct decision *decision, decision_key *key,
                       struct buffer *text, struct failure *why)
{
    for (size_t i = 0; i < decision->count; i++) {
        const struct outcome *outcome = &decision->outcomes[i];
        char name[128];
        if (!class_is_single(outcome->class))
            continue;
        if (!outcome->address || key(outcome->address, name, sizeof name) < 0 ||
            !*name || name[strspn(name, KEY_BYTES)])
            return failure(why, FAILURE_BUG, "no key for the address %s",
                           outcome->recipient);
        put(text, "a-", name, class_word(outcome->class));
        if (text->length > DECISION_BYTES_MOST)
            return 0; /* the caller reports it */
    }
    return 0;
}

#define NONE "none" /* as Exim's configuration says it: not decided on */

/* The domains that are not of the class `rest' (-1 = all). Where there are
 * persons alone, the class of the rest must not be that of the others. */
static void put_domains(const struct decision *decision, int rest,
                        struct buffer *text)
{
    for (size_t i = 0; i < decision->domain_count &&
                       text->length <= DECISION_BYTES_MOST; i++) {
        const struct decided_domain *domain = &decision->domains[i];
        if (domain->has_class && (int)domain->class != rest)
            put(text, "d-", domain->name, class_word(domain->class));
        else if (!domain->has_class && rest >= 0)
            put(text, "d-", domain->name, NONE);
    }
}

/* The class whose domains would take the most bytes, or -1. */
static int longest_class(const struct decision *decision)
{
    size_t bytes[CLASSES] = {0};
    int longest = -1;
    for (size_t i = 0; i < decision->domain_count; i++) {
        const struct decided_domain *domain = &decision->domains[i];
        int class = (int)domain->class;
        if (!domain->has_class)
            continue;
        bytes[class] += strlen(domain->name) + strlen(classes[class]) + 6;
        if (longest < 0 || bytes[class] > bytes[longest])
            longest = class;
    }
    return longest;
}

static int put_classes(const struct decision *decision, decision_key *key,
                       struct buffer *text, struct failure *why)
{
    int common = common_class(decision);
    if (common >= 0) {
        put(text, "", "all", classes[common]);
        return 0;
    }
    if (put_persons(decision, key, text, why) < 0)
        return -1;
    size_t before = text->length;
    put_domains(decision, -1, text);
    int rest = longest_class(decision);
    if (text->length <= DECISION_BYTES_MOST || rest < 0 || text->failed)
        return 0;
    text->length = before;
    put(text, "", "all", classes[rest]);
    put_domains(decision, rest, text);
    return 0;
}

int decision_encode(const struct decision *decision, decision_key *key,
                    struct buffer *text, struct failure *why)
{
    struct buffer out = {0};
    int rc = -1;
    if (!decision->verdict)
        return failure(why, FAILURE_BUG, "there is no decision");
    put(&out, "", "v", DECISION_VERSION);
    put(&out, "", "dir", direction_word(decision->direction));
    put(&out, "", "marking", decision->marking);
    put(&out, "", "from", decision->from);
    put(&out, "", "verdict", decision->verdict);
    if (decision->quiet)
        put(&out, "", "quiet", "1");
    if (decision->told)
        put(&out, "", "told", decision->told);
    put(&out, "", "clear", decision->never_clear ? DECISION_NEVER_CLEAR
                                                 : DECISION_MAY_CLEAR);
    if (decision->verdict[strspn(decision->verdict, KEY_BYTES)])
        failure(why, FAILURE_BUG, "\"%s\" is no word for a verdict",
                decision->verdict);
    else if (decision->told &&
             decision->told[strspn(decision->told, ADDRESS_WORD_BYTES)])
        failure(why, FAILURE_BUG, "\"%s\" is no word of an address",
                decision->told);
    else if (put_classes(decision, key, &out, why) < 0)
        ; /* said there */
    else if (out.length > DECISION_BYTES_MOST)
        rc = 1;
    else if (out.failed || buffer_append(text, out.data, out.length) < 0)
        failure_memory(why);
    else
        rc = 0;
    buffer_free(&out);
    return rc;
}

/* One key="value" pair. */
struct pair {
    const char *key, *value;
    size_t key_length, value_length;
};

/* Takes the next pair off *at. 1; 0 = the end; -1 = broken. */
static int next_pair(const char **at, struct pair *pair)
{
    const char *from = *at;
    if (!*from)
        return 0;
    pair->key = from;
    pair->key_length = strspn(from, KEY_BYTES);
    from += pair->key_length;
    if (!pair->key_length || from[0] != '=' || from[1] != '"')
        return -1;
    pair->value = from + 2;
    pair->value_length = strcspn(pair->value, "\"\\");
    from = pair->value + pair->value_length;
    if (*from++ != '"' || (*from && (*from != ' ' || !from[1])))
        return -1;
    *at = *from ? from + 1 : from;
    return 1;
}

/* 1; 0 = not there. */
static int find_pair(const char *text, const char *prefix, const char *key,
                     struct pair *pair)
{
    size_t before = strlen(prefix), length = strlen(key);
    while (next_pair(&text, pair) > 0)
        if (pair->key_length == before + length &&
            memcmp(pair->key, prefix, before) == 0 &&
            memcmp(pair->key + before, key, length) == 0)
            return 1;
    return 0;
}

static int well_formed(const char *text)
{
    struct pair pair;
    int rc;
    if (strlen(text) > DECISION_BYTES_MOST)
        return 0;
    while ((rc = next_pair(&text, &pair)) > 0)
        ;
    return rc == 0;
}

/* The value as a text of the pool; 1, 0 = not there, -1. */
static int take(struct pool *pool, const char *text, const char *key,
                const char **value_r)
{
    struct pair pair;
    if (!find_pair(text, "", key, &pair))
        return 0;
    *value_r = pool_substring(pool, pair.value, pair.value_length);
    return *value_r ? 1 : -1;
}

int decision_decode(struct pool *pool, const char *text,
                    struct decided *decided_r, struct failure *why)
{
    const char *version = "", *dir = "", *quiet = "";
    struct decided *to = decided_r;
    *to = (struct decided){.text = pool_string(pool, text), .told = ""};
    if (!to->text)
        return failure_memory(why);
    int rc = well_formed(to->text);
    if (rc > 0)
        rc = take(pool, to->text, "v", &version);
    if (rc > 0)
        rc = take(pool, to->text, "dir", &dir);
    if (rc > 0)
        rc = take(pool, to->text, "marking", &to->marking);
    if (rc > 0)
        rc = take(pool, to->text, "from", &to->from);
    if (rc > 0)
        rc = take(pool, to->text, "verdict", &to->verdict);
    if (rc > 0 && (take(pool, to->text, "quiet", &quiet) < 0 ||
                   take(pool, to->text, "told", &to->told) < 0))
        rc = -1;
    if (rc < 0)
        return failure_memory(why);
    to->quiet = *quiet == '1';
    int direction = word_index(directions, 3, dir, strlen(dir));
    if (rc == 0 || strcmp(version, DECISION_VERSION) != 0 || direction < 0)
        return failure(why, FAILURE_MALFORMED,
                       "not a decision of the hook: \"%.200s\"", text);
    to->direction = (enum direction)direction;
    return 0;
}

int decided_class(const struct decided *decided, const char *domain,
                  const char *key, enum recipient_class *class_r)
{
    struct pair pair;
    if (!(key && find_pair(decided->text, "a-", key, &pair)) &&
        !find_pair(decided->text, "d-", domain, &pair) &&
        !find_pair(decided->text, "", "all", &pair))
        return 0;
    int class = word_index(classes, CLASSES, pair.value, pair.value_length);
    if (class < 0)
        return 0;
    *class_r = (enum recipient_class)class;
    return 1;
}
