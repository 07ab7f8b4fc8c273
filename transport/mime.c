/* mime: see mime.h. One pass over the lines, a stack of open entities. */
#include "mime.h"

#include "blob.h"
#include "buffer.h"
#include "failure.h"
#include "lines.h"
#include "pool.h"

#include <string.h>

enum stage {
    STAGE_HEADER,   /* its header is being read */
    STAGE_PREAMBLE, /* a multipart between its parts */
    STAGE_EPILOGUE, /* a multipart whose last boundary was seen */
    STAGE_BODY,     /* a leaf, or what holds an attached message */
};

struct level {
    struct level *outer;
    struct entity entity;
    enum stage stage;
    const char *boundary; /* NULL = no multipart */
    size_t boundary_length;
};

struct walker {
    struct pool *pool;
    const struct mime_limits *limits;
    const struct mime_visitor *visitor;
    struct failure *why;
    struct level *top;
    const struct blob *blob;
    struct buffer header;
    unsigned parts;
    unsigned eol; /* of the line before: it may belong to a boundary */
};

static int open_entity(struct walker *walker, off_t start)
{
    struct level *outer = walker->top;
    unsigned depth = outer ? outer->entity.depth + 1 : 1;
    if (depth > walker->limits->depth)
        return failure(walker->why, FAILURE_LIMIT,
                       "message has parts in parts more than %u deep",
                       walker->limits->depth);
    if (++walker->parts > walker->limits->parts)
        return failure(walker->why, FAILURE_LIMIT,
                       "message has more than %u parts",
                       walker->limits->parts);
    struct level *level = pool_alloc(walker->pool, sizeof *level);
    if (!level)
        return failure_memory(walker->why);
    level->outer = outer;
    level->entity.parent = outer ? &outer->entity : NULL;
    level->entity.depth = depth;
    level->entity.number = walker->parts;
    level->entity.start = start;
    walker->top = level;
    buffer_clear(&walker->header);
    return 0;
}

static int parse_field(struct walker *walker, const struct header *header,
                       const char *name, struct content *content_r)
{
    size_t at = 0;
    const struct header_field *field = header_next(header, name, &at);
    const char *text = field ? header_unfold(walker->pool, field) : "";
    if (!text || content_parse(walker->pool, text, content_r) < 0)
        return failure_memory(walker->why);
    return 0;
}

static void default_type(struct entity *entity)
{
    if (*entity->type.type && *entity->type.subtype)
        return;
    int digest = entity->parent &&
                 content_is(&entity->parent->type, "multipart", "digest");
    entity->type.type = digest ? "message" : "text";
    entity->type.subtype = digest ? "rfc822" : "plain";
}

/* What the entity's body is, now that its header is known. */
static int classify(struct walker *walker, struct level *level)
{
    struct entity *entity = &level->entity;
    level->stage = STAGE_BODY;
    if (content_is(&entity->type, "multipart", NULL)) {
        level->boundary =
            content_parameter(walker->pool, &entity->type, "boundary");
        if (level->boundary && *level->boundary) {
            level->boundary_length = strlen(level->boundary);
            level->stage = STAGE_PREAMBLE;
        }
        return 0;
    }
    int plain = !strcmp(entity->encoding, "7bit") ||
                !strcmp(entity->encoding, "8bit") ||
                !strcmp(entity->encoding, "binary");
    if (plain && (content_is(&entity->type, "message", "rfc822") ||
                  content_is(&entity->type, "message", "global")))
        return open_entity(walker, entity->body);
    return 0;
}

static int end_header(struct walker *walker, off_t body)
{
    struct level *level = walker->top;
    struct entity *entity = &level->entity;
    struct content encoding;
    const char *text = pool_copy(walker->pool, buffer_string(&walker->header),
                                 walker->header.length + 1);
    if (!text)
        return failure_memory(walker->why);
    if (header_read(walker->pool, text, walker->header.length,
                    walker->limits->fields, &entity->header, walker->why) < 0)
        return -1;
    entity->body = entity->end = body;
    if (parse_field(walker, &entity->header, "Content-Type",
                    &entity->type) < 0 ||
        parse_field(walker, &entity->header, "Content-Disposition",
                    &entity->disposition) < 0 ||
        parse_field(walker, &entity->header, "Content-Transfer-Encoding",
                    &encoding) < 0)
        return -1;
    entity->encoding = *encoding.type ? encoding.type : "7bit";
    default_type(entity);
    if (walker->visitor->enter &&
        walker->visitor->enter(walker->visitor->context, entity,
                               walker->why) < 0)
        return -1;
    return classify(walker, level);
}

/* Ends the innermost entity at `end'. */
static int close_entity(struct walker *walker, off_t end)
{
    struct level *level = walker->top;
    if (level->stage == STAGE_HEADER && end_header(walker, end) < 0)
        return -1;
    if (walker->top != level && close_entity(walker, end) < 0)
        return -1; /* an attached message that only just began */
    level->entity.end = end > level->entity.body ? end : level->entity.body;
    walker->top = level->outer;
    if (!walker->visitor->leave)
        return 0;
    return walker->visitor->leave(walker->visitor->context, &level->entity,
                                  walker->why);
}

/* Is the line this level's boundary? 1, 2 = the last one, 0 = no. */
static int is_boundary(const struct level *level, const struct line *line)
{
    size_t length = level->boundary_length;
    if (!level->boundary || line->cut || line->length < length + 2 ||
        memcmp(line->text + 2, level->boundary, length) != 0)
        return 0;
    const char *rest = line->text + 2 + length;
    size_t left = line->length - 2 - length;
    int last = left >= 2 && rest[0] == '-' && rest[1] == '-';
    for (size_t i = last ? 2 : 0; i < left; i++)
        if (rest[i] != ' ' && rest[i] != '\t')
            return 0;
    return 1 + last;
}

/* The innermost level whose boundary the line is. */
static struct level *find_level(struct walker *walker,
                                const struct line *line, int *kind_r)
{
    if (line->length < 2 || line->text[0] != '-' || line->text[1] != '-')
        return NULL;
    for (struct level *level = walker->top; level; level = level->outer)
        if (level->stage != STAGE_EPILOGUE &&
            (*kind_r = is_boundary(level, line)))
            return level;
    return NULL;
}

static int take_boundary(struct walker *walker, struct level *level, int kind,
                         const struct line *line)
{
    while (walker->top != level) {
        /* A header that ends in a boundary has no empty line to give up. */
        off_t eol = walker->top->stage == STAGE_HEADER ? 0 : walker->eol;
        if (close_entity(walker, line->start - eol) < 0)
            return -1;
    }
    level->stage = kind == 2 ? STAGE_EPILOGUE : STAGE_PREAMBLE;
    return kind == 2 ? 0 : open_entity(walker, line->end);
}

/* Of a long line only the beginning was given. */
static int take_long_line(struct walker *walker, const struct line *line)
{
    char data[4096];
    for (off_t at = line->start; at < line->end;) {
        off_t left = line->end - at;
        size_t part = left < (off_t)sizeof data ? (size_t)left : sizeof data;
        ssize_t got = blob_read(walker->blob, at, data, part, walker->why);
        if (got <= 0)
            return got < 0 ? -1
                           : failure(walker->why, FAILURE_DISK,
                                     "the message became shorter");
        if (buffer_append(&walker->header, data, (size_t)got) < 0)
            return failure_memory(walker->why);
        at += got;
    }
    return 0;
}

static int take_header_line(struct walker *walker, const struct line *line)
{
    static const char ends[3][3] = {"", "\n", "\r\n"};
    size_t more = (size_t)(line->end - line->start);
    if (line->length == 0 && line->eol)
        return end_header(walker, line->end);
    if (more > walker->limits->header - walker->header.length)
        return failure(walker->why, FAILURE_LIMIT,
                       "a header is larger than its limit");
    if (line->cut)
        return take_long_line(walker, line);
    if (buffer_append(&walker->header, line->text, line->length) < 0 ||
        buffer_text(&walker->header, ends[line->eol]) < 0)
        return failure_memory(walker->why);
    return 0;
}

static int take_line(struct walker *walker, const struct line *line)
{
    int kind = 0, rc = 0;
    struct level *level = find_level(walker, line, &kind);
    if (level)
        rc = take_boundary(walker, level, kind, line);
    else if (walker->top->stage == STAGE_HEADER)
        rc = take_header_line(walker, line);
    walker->eol = line->eol;
    return rc;
}

/* May a line that comes be more than content? Not in the body of a leaf that
 * no multipart is around, which may be nearly all of the message. */
static int divisible(const struct walker *walker)
{
    for (const struct level *level = walker->top; level; level = level->outer)
        if (level->stage == STAGE_HEADER || level->boundary)
            return 1;
    return 0;
}

static int walk(struct walker *walker, struct lines *lines, off_t start,
                off_t end)
{
    struct line line;
    int rc = open_entity(walker, start);
    while (rc == 0 && divisible(walker) &&
           (rc = lines_next(lines, &line, walker->why)) > 0)
        rc = take_line(walker, &line);
    while (rc == 0 && walker->top)
        rc = close_entity(walker, end);
    return rc;
}

int mime_walk(struct pool *pool, const struct blob *blob, off_t start,
              off_t end, const struct mime_limits *limits,
              const struct mime_visitor *visitor, struct failure *why)
{
    struct walker walker = {.pool = pool, .blob = blob, .limits = limits,
                            .visitor = visitor, .why = why};
    struct lines *lines = pool_alloc(pool, sizeof *lines);
    if (!lines)
        return failure_memory(why);
    if (end > blob->length)
        end = blob->length;
    lines_init(lines, blob, start, end);
    int rc = walk(&walker, lines, start, end);
    buffer_free(&walker.header);
    return rc;
}

const char *entity_filename(struct pool *pool, const struct entity *entity)
{
    const char *name =
        content_parameter(pool, &entity->disposition, "filename");
    return name ? name : content_parameter(pool, &entity->type, "name");
}
