/* SPDX-License-Identifier: Apache-2.0 */
#include "store/postgresql/postgresql_guard.h"
#include "base/clock.h"
#include "base/thread.h"
#include "store/postgresql/postgresql_native.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* While a call is running, the thread checks the time every LOOK_MS. So a call may take up to
 * LOOK_MS longer than allowed. */
#define LOOK_MS 100
/* While a process ends, it waits at most so long for the mutex. */
#define STOP_PATIENCE_S 1

/* A call of libpq that a thread waits for, on a connection that no other thread uses meanwhile.
 * `fd` is a duplicate of the socket's descriptor: libpq closes its own descriptor when it sees that
 * the connection is lost, and another thread's socket may then get the same number. */
typedef struct call_t {
    struct call_t *next;
    apr_dbd_t *handle;
    int fd; /* -1: no descriptor was free, so this call has no time-out */
    authp_ms_t until;
} call_t;

typedef struct guard_t {
    pthread_mutex_t mutex;
    pthread_cond_t more;
    pthread_t thread;
    apr_pool_t *pool; /* of entries, which are used again; only with the mutex held */
    bool started;
    bool stopping;
    bool idle; /* the thread waits without an end */
    call_t *active;
    call_t *unused;
} guard_t;

static authp_ms_t ticks(void)
{
    return authp_clock_now(authp_clock_monotonic());
}

static void wait_a_while(guard_t *guard)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    (void)pthread_cond_timedwait(&guard->more, &guard->mutex, &until);
}

static void shut_late_ones(const guard_t *guard)
{
    authp_ms_t now = ticks();
    for (const call_t *call = guard->active; call != NULL; call = call->next) {
        if (call->until <= now) {
            (void)shutdown(call->fd, SHUT_RDWR);
        }
    }
}

static void *watch(void *data)
{
    guard_t *guard = data;
    pthread_mutex_lock(&guard->mutex);
    while (!guard->stopping) {
        if (guard->active == NULL) {
            guard->idle = true;
            pthread_cond_wait(&guard->more, &guard->mutex);
            guard->idle = false;
        }
        if (!guard->stopping) {
            wait_a_while(guard);
            shut_late_ones(guard);
        }
    }
    pthread_mutex_unlock(&guard->mutex);
    return NULL;
}

/* Ends the guard's thread. MPM prefork ends a child in a signal handler. If the signal
 * interrupted this thread while it held the mutex, the mutex is never released, and the guard's
 * thread cannot go on. Then stop() gives up after STOP_PATIENCE_S and does not join the thread. */
static apr_status_t stop(void *data)
{
    guard_t *guard = data;
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += STOP_PATIENCE_S;
    if (pthread_mutex_timedlock(&guard->mutex, &until) != 0) {
        return APR_SUCCESS;
    }
    guard->stopping = true;
    bool started = guard->started;
    pthread_cond_signal(&guard->more);
    pthread_mutex_unlock(&guard->mutex);
    if (started) {
        pthread_join(guard->thread, NULL);
    }
    pthread_cond_destroy(&guard->more);
    pthread_mutex_destroy(&guard->mutex);
    return APR_SUCCESS;
}

authp_err_t authp_postgresql_guard_open(void **out, apr_pool_t *pool)
{
    pthread_condattr_t monotonic;
    guard_t *guard = apr_pcalloc(pool, sizeof(*guard));
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&guard->mutex, NULL);
    pthread_cond_init(&guard->more, &monotonic);
    pthread_condattr_destroy(&monotonic);
    apr_pool_create(&guard->pool, pool);
    /* Before the pool of the entries is destroyed: calls may still be running. */
    apr_pool_pre_cleanup_register(pool, guard, stop);
    *out = guard;
    return AUTHP_OK;
}

/* With the mutex held. The thread starts with the first call, because a store may be opened and
 * never used. */
static call_t *entry_of(guard_t *guard)
{
    call_t *call = guard->unused;
    if (!guard->started && !guard->stopping) {
        guard->started = authp_thread_start(&guard->thread, watch, guard) == 0;
    }
    if (call != NULL) {
        guard->unused = call->next;
        return call;
    }
    return apr_palloc(guard->pool, sizeof(*call));
}

void authp_postgresql_guard_begin(void *data, const apr_dbd_driver_t *driver, apr_dbd_t *handle,
                                  int timeout_ms)
{
    guard_t *guard = data;
    int fd = fcntl(authp_postgresql_native_socket(driver, handle), F_DUPFD_CLOEXEC, 0);
    pthread_mutex_lock(&guard->mutex);
    call_t *call = entry_of(guard);
    *call =
        (call_t){.next = guard->active, .handle = handle, .fd = fd, .until = ticks() + timeout_ms};
    guard->active = call;
    if (guard->idle) {
        pthread_cond_signal(&guard->more);
    }
    pthread_mutex_unlock(&guard->mutex);
}

void authp_postgresql_guard_end(void *data, apr_dbd_t *handle)
{
    guard_t *guard = data;
    int fd = -1;
    pthread_mutex_lock(&guard->mutex);
    for (call_t **at = &guard->active; *at != NULL; at = &(*at)->next) {
        call_t *call = *at;
        if (call->handle == handle) {
            fd = call->fd;
            *at = call->next;
            call->next = guard->unused;
            guard->unused = call;
            break;
        }
    }
    pthread_mutex_unlock(&guard->mutex);
    if (fd >= 0) {
        (void)close(fd);
    }
}
