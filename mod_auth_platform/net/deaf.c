/* SPDX-License-Identifier: Apache-2.0 */
#include "net/deaf.h"
#include "base/thread.h"

#include <pthread.h>
#include <sys/socket.h>
#include <time.h>

/* A deaf connection is reported by poll() only from this many unread bytes on. The number is
 * greater than a request, and small enough that the kernel does not enlarge the receive buffer for
 * it. */
#define DEAF_BYTES 32768
#define RING 1024  /* connections that are deaf at a time; further ones are not made deaf */
#define GAP_US 500 /* time between two connections that listen again */
#define SECOND_US 1000000

typedef struct entry_t {
    int fd;
    int64_t until;
} entry_t;

/* Entries are in the order in which they listen again. The timers of MPM event cannot be used: on a
 * quiet server they are seconds late. */
struct authp_deaf_t {
    pthread_mutex_t mutex;
    pthread_cond_t more;
    pthread_t thread;
    bool started;
    bool stopping;
    unsigned int first;
    unsigned int next;
    entry_t ring[RING];
};

int64_t authp_deaf_now(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * SECOND_US + at.tv_nsec / 1000;
}

static bool listens_from(int fd, int bytes)
{
    return setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes)) == 0;
}

static void wait_until(authp_deaf_t *deaf, int64_t at)
{
    struct timespec until = {.tv_sec = at / SECOND_US, .tv_nsec = (at % SECOND_US) * 1000};
    (void)pthread_cond_timedwait(&deaf->more, &deaf->mutex, &until);
}

/* Ends the deafness of one connection after the other. A connection may be closed by now, and its
 * number may belong to another one. That one does not change: 1 byte is the default of every
 * socket. */
static void *let_hear(void *data)
{
    authp_deaf_t *deaf = data;
    /* The earliest time for the next one, even if this thread is late and many are due. */
    int64_t soonest = 0;
    pthread_mutex_lock(&deaf->mutex);
    while (!deaf->stopping) {
        const entry_t *entry = &deaf->ring[deaf->first % RING];
        int64_t now = authp_deaf_now();
        if (deaf->first == deaf->next) {
            pthread_cond_wait(&deaf->more, &deaf->mutex);
        } else if (entry->until > now || soonest > now) {
            wait_until(deaf, entry->until > soonest ? entry->until : soonest);
        } else {
            (void)listens_from(entry->fd, 1);
            deaf->first++;
            soonest = now + GAP_US;
        }
    }
    pthread_mutex_unlock(&deaf->mutex);
    return NULL;
}

static apr_status_t stop(void *data)
{
    authp_deaf_t *deaf = data;
    pthread_mutex_lock(&deaf->mutex);
    deaf->stopping = true;
    bool started = deaf->started;
    pthread_cond_signal(&deaf->more);
    pthread_mutex_unlock(&deaf->mutex);
    if (started) {
        pthread_join(deaf->thread, NULL);
    }
    pthread_cond_destroy(&deaf->more);
    pthread_mutex_destroy(&deaf->mutex);
    return APR_SUCCESS;
}

authp_deaf_t *authp_deaf_make(apr_pool_t *pool)
{
    pthread_condattr_t monotonic;
    authp_deaf_t *deaf = apr_pcalloc(pool, sizeof(*deaf));
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&deaf->mutex, NULL);
    pthread_cond_init(&deaf->more, &monotonic);
    pthread_condattr_destroy(&monotonic);
    apr_pool_cleanup_register(pool, deaf, stop, apr_pool_cleanup_null);
    return deaf;
}

/* With the mutex held. */
static bool is_running(authp_deaf_t *deaf)
{
    if (!deaf->started && !deaf->stopping) {
        deaf->started = authp_thread_start(&deaf->thread, let_hear, deaf) == 0;
    }
    return deaf->started && !deaf->stopping;
}

bool authp_deaf_add(authp_deaf_t *deaf, int fd, int64_t microseconds)
{
    pthread_mutex_lock(&deaf->mutex);
    bool added =
        is_running(deaf) && deaf->next - deaf->first < RING && listens_from(fd, DEAF_BYTES);
    if (added) {
        deaf->ring[deaf->next % RING] =
            (entry_t){.fd = fd, .until = authp_deaf_now() + microseconds};
        /* An entry that is already waited for is due earlier, so only the first one wakes the
         * thread. */
        if (deaf->next++ == deaf->first) {
            pthread_cond_signal(&deaf->more);
        }
    }
    pthread_mutex_unlock(&deaf->mutex);
    return added;
}
