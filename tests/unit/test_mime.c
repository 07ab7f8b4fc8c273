/* mime: structure with exact ranges, whatever the message. */
#include "unit.h"

#include "blob.h"
#include "buffer.h"
#include "failure.h"
#include "mime.h"
#include "pool.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct mime_limits limits = {50, 1000, 1 << 20, 10000};

struct notes {
    const char *text; /* NULL: only check the ranges */
    struct buffer out;
    off_t length;
    int open;
};

static int note_enter(void *context, struct entity *entity,
                      struct failure *why)
{
    struct notes *notes = context;
    (void)why, (void)entity;
    notes->open++;
    return 0;
}

/* depth:type/subtype[the bytes of header and body], innermost first */
static int note_leave(void *context, struct entity *entity,
                      struct failure *why)
{
    struct notes *notes = context;
    (void)why;
    notes->open--;
    CU_ASSERT_TRUE(entity->start <= entity->body);
    CU_ASSERT_TRUE(entity->body <= entity->end);
    CU_ASSERT_TRUE(entity->end <= notes->length);
    if (!notes->text)
        return 0;
    buffer_format(&notes->out, "%u:%s/%s[%.*s]", entity->depth,
                  entity->type.type, entity->type.subtype,
                  (int)(entity->end - entity->body),
                  notes->text + entity->body);
    return 0;
}

static int walk(const char *text, size_t length, int keep,
                const struct mime_limits *most, struct buffer *out_r,
                struct failure *why)
{
    struct notes notes = {.text = keep ? text : NULL, .length = (off_t)length};
    struct mime_visitor visitor = {note_enter, note_leave, &notes};
    struct blob blob;
    struct pool *pool = pool_new();
    blob_init(&blob);
    blob_write(&blob, text, length, why);
    int rc = mime_walk(pool, &blob, 0, blob.length, most, &visitor, why);
    if (rc == 0)
        CU_ASSERT_EQUAL(notes.open, 0);
    blob_free(&blob);
    pool_free(&pool);
    *out_r = notes.out;
    return rc;
}

static void structures(void)
{
#define M(b) "Content-Type: multipart/mixed; boundary=" b "\n\n"
    static const char *const rows[][2] = {
        {"", "1:text/plain[]"},
        {"A: b\n\nbody\n", "1:text/plain[body\n]"},
        {"A: b\n\n--\n--b\n\nC: d\n", "1:text/plain[--\n--b\n\nC: d\n]"},
        {"Content-Type: text/html\r\n\r\nx\r\n", "1:text/html[x\r\n]"},
        {M("q") "pre\n--q\n\none\n--q\nContent-Type: image/png\n\ntwo\n\n"
                "--q--\nepi\n",
         "2:text/plain[one]2:image/png[two\n]1:multipart/mixed[pre\n--q\n\n"
         "one\n--q\nContent-Type: image/png\n\ntwo\n\n--q--\nepi\n]"},
        /* the line end before a boundary is the boundary's, CRLF too */
        {"Content-Type: multipart/signed; boundary=\"q\"\r\n\r\n--q\r\n\r\n"
         "a\r\n\r\n--q \r\n\r\nb\r\n--q--\r\n",
         "2:text/plain[a\r\n]2:text/plain[b]1:multipart/signed[--q\r\n\r\n"
         "a\r\n\r\n--q \r\n\r\nb\r\n--q--\r\n]"},
        /* no end boundary; an outer one ends what is inside */
        {M("o") "--o\n" M("i") "--i\n\nx\n--o\n\ny",
         "3:text/plain[x]2:multipart/mixed[--i\n\nx]2:text/plain[y]"
         "1:multipart/mixed[--o\n" M("i") "--i\n\nx\n--o\n\ny]"},
        /* an attached message */
        {"Content-Type: message/rfc822\n\nSubject: s\n\nin\n",
         "2:text/plain[in\n]1:message/rfc822[Subject: s\n\nin\n]"},
        {"Content-Type: multipart/digest; boundary=d\n\n--d\n\nS: s\n\nm\n"
         "--d--\n",
         "3:text/plain[m]2:message/rfc822[S: s\n\nm]1:multipart/digest[--d\n"
         "\nS: s\n\nm\n--d--\n]"},
        /* a boundary within a header; one that is only a prefix */
        {M("q") "--q\nX: y\n--q--\n",
         "2:text/plain[]1:multipart/mixed[--q\nX: y\n--q--\n]"},
        {M("q") "--q\n\n--qq\n--q--x\n--q--\n",
         "2:text/plain[--qq\n--q--x]1:multipart/mixed[--q\n\n--qq\n--q--x\n"
         "--q--\n]"},
        {"Content-Type: multipart/mixed\n\n--\nx\n",
         "1:multipart/mixed[--\nx\n]"},
        /* behind the last boundary nothing begins again */
        {M("q") "--q\n\na\n--q--\n--q\n\nb\n",
         "2:text/plain[a]1:multipart/mixed[--q\n\na\n--q--\n--q\n\nb\n]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buffer out;
        struct failure why;
        CU_ASSERT_EQUAL(walk(rows[i][0], strlen(rows[i][0]), 1, &limits, &out,
                             &why),
                        0);
        CU_ASSERT_STRING_EQUAL(buffer_string(&out), rows[i][1]);
        buffer_free(&out);
    }
}

/* A file that has become shorter: who reads all of it, fails. */
static void a_leaf_is_not_read(void)
{
    static const struct {
        const char *header;
        int rc;
    } rows[] = {{"Content-Type: application/pkcs7-mime\n\n", 0},
                {"Content-Type: message/rfc822\n\nSubject: s\n\n", 0},
                {"Content-Type: multipart/mixed; boundary=q\n\n", -1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mime_visitor visitor = {NULL, NULL, NULL};
        struct pool *pool = pool_new();
        struct blob blob;
        struct failure why;
        FILE *file = tmpfile();
        fputs(rows[i].header, file);
        fflush(file);
        CU_ASSERT_EQUAL(ftruncate(fileno(file), 1 << 20), 0);
        blob_init_prefix(&blob);
        CU_ASSERT_EQUAL(blob_attach(&blob, fileno(file), 0, &why), 0);
        CU_ASSERT_EQUAL(ftruncate(fileno(file), 1 << 17), 0);
        CU_ASSERT_EQUAL(mime_walk(pool, &blob, 0, blob.length, &limits,
                                  &visitor, &why), rows[i].rc);
        blob_free(&blob);
        pool_free(&pool);
        fclose(file);
    }
}

static void limit(const struct mime_limits *most, const char *unit, int times,
                  const char *words)
{
    struct buffer text = {0}, out;
    struct failure why = {0};
    buffer_text(&text, "Content-Type: multipart/mixed; boundary=q\n\n");
    for (int i = 0; i < times; i++)
        buffer_text(&text, unit);
    CU_ASSERT_EQUAL(walk(text.data, text.length, 0, most, &out, &why), -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_LIMIT);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, words));
    buffer_free(&text);
    buffer_free(&out);
}

static void too_much_of_everything(void)
{
    static const struct mime_limits small = {50, 1000, 500, 10};
    limit(&limits, "--q\nContent-Type: text/html\n\n", 5000, "1000 parts");
    limit(&limits, "--q\nContent-Type: message/rfc822\n\n"
                   "Content-Type: message/rfc822\n\n",
          5000, "1000 parts");
    limit(&small, "--q\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
                  "A: b\nA: b\nA: b\nA: b\nA: b\nA: b\nA: b\nA: b\nA: b\nA: b\n\n",
          1, "10 header fields");
}

static void deep_nesting_is_a_limit(void)
{
    struct buffer text = {0}, out;
    struct failure why = {0};
    for (int i = 0; i < 5000; i++)
        buffer_format(&text,
                      "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n",
                      i, i);
    CU_ASSERT_EQUAL(walk(text.data, text.length, 0, &limits, &out, &why), -1);
    CU_ASSERT_EQUAL(why.kind, FAILURE_LIMIT);
    CU_ASSERT_PTR_NOT_NULL(strstr(why.text, "50 deep"));
    buffer_free(&text);
}

static int walk_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return 0;
    char *text = malloc(4 << 20);
    size_t length = fread(text, 1, 4 << 20, file);
    fclose(file);
    struct buffer out;
    struct failure why = {0};
    int rc = walk(text, length, 0, &limits, &out, &why);
    CU_ASSERT_TRUE(rc == 0 || why.kind == FAILURE_LIMIT);
    free(text);
    return 1;
}

static void others_messages(void)
{
    static const char *const folders[] = {"rspamd-messages",
                                          "sisimai-bounces/maildir",
                                          "stalwart-mailparser/rfc",
                                          "stalwart-mailparser/malformed"};
    const char *corpora = unit_corpora();
    int count = 0;
    for (size_t i = 0; corpora && i < 4; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", corpora, folders[i]);
        DIR *folder = opendir(path);
        for (struct dirent *e; folder && (e = readdir(folder));) {
            snprintf(path, sizeof path, "%s/%s/%.255s", corpora, folders[i],
                     e->d_name);
            if (e->d_name[0] != '.')
                count += walk_file(path);
        }
        if (folder)
            closedir(folder);
    }
    CU_ASSERT_TRUE(!corpora || count > 100);
}

static const struct unit_test tests[] = {
    {"1.2-e2e: structures with exact ranges", structures},
    {"mime: the body of a leaf is not read", a_leaf_is_not_read},
    {"mime: 5,000 levels are a limit", deep_nesting_is_a_limit},
    {"mime: too many parts, too large a header", too_much_of_everything},
    {"mime: other people's messages", others_messages},
};
UNIT_SUITE(mime, tests)
