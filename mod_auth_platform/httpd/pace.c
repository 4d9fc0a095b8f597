/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/pace.h"

#include "api/gate.h"
#include "base/clock.h"

#include <ap_mpm.h>
#include <apr_portable.h>
#include <http_core.h>
#include <http_protocol.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>

#define PAUSE_MS 50
/* The kernel tells of data from so many bytes on: more than a request has, and less than makes it
 * give a connection more memory. */
#define DEAF_BYTES 32768
#define RING 1024 /* deaf at a time; beyond that they are not */

typedef struct deaf_t {
    int fd;
    authp_ms_t until;
} deaf_t;

/* Those who are deaf, in the order in which they hear again. MPM event's own timers are no good: on
 * a quiet server they come seconds late. */
struct authp_pacer_t {
    bool async;          /* connections that are kept open take no threads */
    authp_gate_t pauses; /* threads that may wait before they answer */
    pthread_mutex_t mutex;
    pthread_cond_t more;
    pthread_t thread;
    bool started;
    bool stopping;
    unsigned int first;
    unsigned int next;
    deaf_t ring[RING];
};

static authp_ms_t now(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (authp_ms_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static bool listens_from(int fd, int bytes)
{
    return setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes)) == 0;
}

/* The connection may be closed by now, and the number be another's: then nothing changes for it,
 * for one byte is what everybody starts with. */
static void *let_hear(void *data)
{
    authp_pacer_t *pacer = data;
    pthread_mutex_lock(&pacer->mutex);
    while (!pacer->stopping) {
        const deaf_t *deaf = &pacer->ring[pacer->first % RING];
        if (pacer->first == pacer->next) {
            pthread_cond_wait(&pacer->more, &pacer->mutex);
        } else if (deaf->until > now()) {
            struct timespec until = {.tv_sec = deaf->until / 1000,
                                     .tv_nsec = (deaf->until % 1000) * 1000000};
            (void)pthread_cond_timedwait(&pacer->more, &pacer->mutex, &until);
        } else {
            (void)listens_from(deaf->fd, 1);
            pacer->first++;
        }
    }
    pthread_mutex_unlock(&pacer->mutex);
    return NULL;
}

static apr_status_t stop(void *data)
{
    authp_pacer_t *pacer = data;
    pthread_mutex_lock(&pacer->mutex);
    pacer->stopping = true;
    bool started = pacer->started;
    pthread_cond_signal(&pacer->more);
    pthread_mutex_unlock(&pacer->mutex);
    if (started) {
        pthread_join(pacer->thread, NULL);
    }
    pthread_cond_destroy(&pacer->more);
    pthread_mutex_destroy(&pacer->mutex);
    return APR_SUCCESS;
}

authp_pacer_t *authp_pace_make(int threads, apr_pool_t *pool)
{
    int async = 0;
    pthread_condattr_t monotonic;
    authp_pacer_t *pacer = apr_pcalloc(pool, sizeof(*pacer));
    pacer->async = ap_mpm_query(AP_MPMQ_IS_ASYNC, &async) == APR_SUCCESS && async != 0;
    /* The usual share of what may wait. More of them would spare the processor in a flood that
     * spins, but lend most threads to whoever sends a thousand bad requests a second, and slow
     * pages need them. */
    pacer->pauses.limit = threads / 4;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&pacer->mutex, NULL);
    pthread_cond_init(&pacer->more, &monotonic);
    pthread_condattr_destroy(&monotonic);
    apr_pool_cleanup_register(pool, pacer, stop, apr_pool_cleanup_null);
    return pacer;
}

/* With the mutex held. Signals are for the server's own threads. */
static bool is_running(authp_pacer_t *pacer)
{
    sigset_t all;
    sigset_t before;
    if (!pacer->started && !pacer->stopping) {
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        pacer->started = pthread_create(&pacer->thread, NULL, let_hear, pacer) == 0;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    return pacer->started && !pacer->stopping;
}

static void make_deaf(authp_pacer_t *pacer, int fd)
{
    pthread_mutex_lock(&pacer->mutex);
    if (is_running(pacer) && pacer->next - pacer->first < RING && listens_from(fd, DEAF_BYTES)) {
        pacer->ring[pacer->next % RING] = (deaf_t){.fd = fd, .until = now() + PAUSE_MS};
        pacer->next++;
        pthread_cond_signal(&pacer->more);
    }
    pthread_mutex_unlock(&pacer->mutex);
}

/* Will the connection stay open for another request? */
static bool stays(const request_rec *r, int status)
{
    return !ap_status_drops_connection(status) && r->connection->master == NULL &&
           r->server->keep_alive != 0 && r->proto_num >= HTTP_VERSION(1, 1) &&
           !ap_find_token(r->pool, apr_table_get(r->headers_in, "Connection"), "close");
}

void authp_pace_before(authp_pacer_t *pacer, const request_rec *r, int status)
{
    bool kept = stays(r, status);
    if (pacer == NULL || (kept && pacer->async)) {
        return;
    }
    if (kept) {
        apr_sleep(apr_time_from_msec(PAUSE_MS)); /* the thread is the connection's anyway */
    } else if (authp_gate_enter(&pacer->pauses, false)) {
        apr_sleep(apr_time_from_msec(PAUSE_MS));
        authp_gate_leave(&pacer->pauses);
    }
}

void authp_pace_after(authp_pacer_t *pacer, const request_rec *r)
{
    apr_os_sock_t fd = -1;
    if (pacer == NULL || !pacer->async || !stays(r, r->status)) {
        return;
    }
    apr_socket_t *socket = ap_get_conn_socket(r->connection);
    if (socket != NULL && apr_os_sock_get(&fd, socket) == APR_SUCCESS) {
        make_deaf(pacer, fd);
    }
}
