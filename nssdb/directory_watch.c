/* directory_watch: see directory_watch.h. */
#include "directory_watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

struct directory_watch {
    int fd;
    struct timespec until; /* monotonic */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t change;
    int done, late;
};

static void *wait_and_shut(void *context)
{
    struct directory_watch *watch = context;
    int rc = 0;
    pthread_mutex_lock(&watch->mutex);
    while (!watch->done && rc != ETIMEDOUT)
        rc = pthread_cond_clockwait(&watch->change, &watch->mutex,
                                    CLOCK_MONOTONIC, &watch->until);
    if (!watch->done) {
        watch->late = 1;
        shutdown(watch->fd, SHUT_RDWR);
    }
    pthread_mutex_unlock(&watch->mutex);
    return NULL;
}

struct directory_watch *directory_watch_start(int fd, long milliseconds)
{
    struct directory_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return NULL;
    watch->fd = fd;
    clock_gettime(CLOCK_MONOTONIC, &watch->until);
    watch->until.tv_sec += milliseconds / 1000;
    watch->until.tv_nsec += milliseconds % 1000 * 1000000;
    if (watch->until.tv_nsec >= 1000000000) {
        watch->until.tv_nsec -= 1000000000;
        watch->until.tv_sec++;
    }
    pthread_mutex_init(&watch->mutex, NULL);
    pthread_cond_init(&watch->change, NULL);
    if (pthread_create(&watch->thread, NULL, wait_and_shut, watch) == 0)
        return watch;
    free(watch);
    return NULL;
}

int directory_watch_stop(struct directory_watch **handle)
{
    struct directory_watch *watch = *handle;
    *handle = NULL;
    if (!watch)
        return 0;
    pthread_mutex_lock(&watch->mutex);
    watch->done = 1;
    pthread_cond_signal(&watch->change);
    pthread_mutex_unlock(&watch->mutex);
    pthread_join(watch->thread, NULL);
    int late = watch->late;
    pthread_cond_destroy(&watch->change);
    pthread_mutex_destroy(&watch->mutex);
    free(watch);
    return late;
}
