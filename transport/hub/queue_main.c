/* seemail-queue: what waits, why, and what to do with it. See its man page. */
#include "failure.h"
#include "interface.h"
#include "pool.h"
#include "queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>

/* An option that does not stand among the arguments is not the command's. */
static const struct command {
    const char *name, *arguments;
    queue_command *run;
    int acts; /* it must be told which messages, or --all */
} commands[] = {
    {"list", "[--json] [which]", queue_list, 0},
    {"why", "[--json] [which]", queue_why, 0},
    {"retry", "which", queue_retry, 1},
    {"release", "[--in-clear] which", queue_release, 1},
    {"bounce", "which", queue_bounce, 1},
    {"watch", "[--interval seconds] [which]", queue_watch, 0},
};
#define COMMANDS (sizeof commands / sizeof commands[0])

int queue_complain(const struct failure *why)
{
    fprintf(stderr, "seemail-queue: %s\n", why->text);
    return failure_answer(why->kind)->exit;
}

static int usage(void)
{
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(stderr, "usage: seemail-queue [--policies DIR] %s %s\n",
                commands[i].name, commands[i].arguments);
    fputs("which: ID ..., --partner DOMAIN, --reason WORD, --sender ADDRESS, "
          "--all\n", stderr);
    return EX_USAGE;
}

/* An option with a value: where it goes, or NULL. */
static const char **place_of(struct queue *queue, const char *name)
{
    if (strcmp(name, "--partner") == 0)
        return &queue->partner;
    if (strcmp(name, "--reason") == 0)
        return &queue->reason;
    if (strcmp(name, "--sender") == 0)
        return &queue->sender;
    if (strcmp(name, "--policies") == 0)
        return &queue->policies;
    return NULL;
}

static int read_interval(struct queue *queue, const char *text)
{
    char *end;
    queue->interval = strtol(text, &end, 10);
    return *text && !*end && queue->interval > 0 && queue->interval <= 86400;
}

/* A number that is named twice counts once. */
static void keep_id(struct queue *queue, char *id)
{
    for (size_t i = 0; i < queue->id_count; i++)
        if (strcmp(queue->ids[i], id) == 0)
            return;
    queue->ids[queue->id_count++] = id;
}

static int check_reason(const char *word)
{
    for (size_t i = 0; i < held_reason_count; i++)
        if (strcmp(word, held_reasons[i].word) == 0)
            return 1;
    fprintf(stderr, "seemail-queue: %s: no reason; they are:", word);
    for (size_t i = 0; i < held_reason_count; i++)
        fprintf(stderr, " %s", held_reasons[i].word);
    fputc('\n', stderr);
    return 0;
}

/* Has the command what was given? */
static int check_options(const struct queue *queue,
                         const struct command *command)
{
    const struct { const char *name; int given; } options[] = {
        {"--json", queue->json},
        {"--in-clear", queue->in_clear},
        {"--interval", queue->interval != 0}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (options[i].given && !strstr(command->arguments, options[i].name)) {
            fprintf(stderr, "seemail-queue %s: it has no %s\n", command->name,
                    options[i].name);
            return 0;
        }
    return !queue->reason || check_reason(queue->reason);
}

/* Options anywhere; what is left over is numbers of messages. 1, 0. */
static int options(struct queue *queue, int argc, char **argv,
                   const struct command **command_r)
{
    size_t left = 0;
    for (int i = 1; i < argc; i++) {
        const char **place = place_of(queue, argv[i]);
        if (place && i + 1 < argc)
            *place = argv[++i];
        else if (strcmp(argv[i], "--json") == 0)
            queue->json = 1;
        else if (strcmp(argv[i], "--all") == 0)
            queue->all = 1;
        else if (strcmp(argv[i], "--in-clear") == 0)
            queue->in_clear = 1;
        else if (strcmp(argv[i], "--interval") == 0 && i + 1 < argc) {
            if (!read_interval(queue, argv[++i]))
                return 0;
        } else if (*argv[i] == '-')
            return 0;
        else
            argv[left++] = argv[i];
    }
    for (size_t i = 0; left && i < COMMANDS; i++)
        if (strcmp(argv[0], commands[i].name) == 0)
            *command_r = &commands[i];
    queue->ids = argv + 1;
    for (size_t i = 1; i < left; i++) {
        if (!spool_is_id(argv[i], strlen(argv[i]))) {
            fprintf(stderr, "seemail-queue: %s: no number of a message\n",
                    argv[i]);
            return 0;
        }
        keep_id(queue, argv[i]);
    }
    return *command_r && check_options(queue, *command_r);
}

static int is_chosen(const struct queue *queue)
{
    return queue->all || queue->id_count || queue->partner || queue->reason ||
           queue->sender;
}

static int prepare(struct queue *queue, struct failure *why)
{
    const char *home = getenv(ENV_HOME);
    if (!queue->policies && home &&
        !(queue->policies = pool_format(queue->pool, "%s/policies", home)))
        return failure_memory(why);
    if (exim_find(&queue->exim, why) < 0)
        return -1;
    int rc = exim_option(&queue->exim, queue->pool, "spool_directory",
                         &queue->spool_folder, why);
    if (rc == 0)
        return failure(why, FAILURE_CHILD, "%s does not tell its spool",
                       queue->exim.program);
    return rc < 0 ? -1 : 0;
}

static int run(struct queue *queue, int argc, char **argv)
{
    const struct command *command = NULL;
    struct failure why = {0};
    if (!options(queue, argc, argv, &command))
        return usage();
    if (command->acts && !is_chosen(queue)) {
        fprintf(stderr, "seemail-queue %s: which messages?\n", command->name);
        return usage();
    }
    if (prepare(queue, &why) < 0)
        return queue_complain(&why);
    return command->run(queue);
}

int main(int argc, char **argv)
{
    struct queue queue = {.pool = pool_new()};
    int status = queue.pool ? run(&queue, argc, argv) : EX_TEMPFAIL;
    pool_free(&queue.pool);
    if (fflush(stdout) != 0 || ferror(stdout))
        return EX_IOERR;
    return status;
}
