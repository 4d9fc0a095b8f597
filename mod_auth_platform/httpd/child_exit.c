/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/child_exit.h"
#include "base/clock.h"
#include "base/ending.h"
#include "httpd/lifecycle.h"

#include <ap_mpm.h>
#include <http_connection.h>
#include <mpm_common.h>
#include <scoreboard.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

/* httpd still gets memory for a moment after it has said that a new child is ready. */
#define SETTLE_MS 100

/* Of a child of prefork, whose only thread for requests is the one that handles signals. */
static bool single;
static volatile sig_atomic_t at_work;
static volatile authp_ms_t ready_at; /* of the monotonic clock */

/* httpd notes in the scoreboard that a child waits for a connection. It gives the memory of the
 * last connection back before that. */
static bool waits(void)
{
    apr_proc_t self = {.pid = getpid()};
    int slot = ap_find_child_by_pid(&self);
    const worker_score *score = slot < 0 ? NULL : ap_get_scoreboard_worker_from_indexes(slot, 0);
    return score != NULL && score->status == SERVER_READY && at_work == 0 &&
           authp_clock_now(authp_clock_monotonic()) - ready_at >= SETTLE_MS;
}

/* The interrupted thread may be in the middle of malloc() or free(). The clean-up that would
 * follow, httpd's own too, frees memory: it would wait for ever or spoil the heap. The kernel takes
 * everything back, and every lock of ours that other processes use is free when its holder is gone.
 */
void authp_child_exit_check(void)
{
    if (single && authp_ending_in_handler() && !waits()) {
        _exit(0);
    }
}

static apr_status_t find_out(void *data)
{
    (void)data;
    authp_child_exit_check();
    return APR_SUCCESS;
}

/* The first hook that runs in a child. A signal may come from now on. */
static int on_drop_privileges(apr_pool_t *pchild, server_rec *server)
{
    int threaded = AP_MPMQ_STATIC;
    (void)server;
    if (authp_lifecycle_runtime() != NULL) {
        (void)ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded);
        single = threaded == AP_MPMQ_NOT_SUPPORTED;
        at_work = 1;
        apr_pool_pre_cleanup_register(pchild, NULL, find_out);
    }
    return DECLINED;
}

static void on_child_ready(apr_pool_t *pchild, server_rec *server)
{
    (void)pchild, (void)server;
    ready_at = authp_clock_now(authp_clock_monotonic());
    at_work = 0;
}

static apr_status_t no_longer(void *data)
{
    (void)data;
    at_work = 0;
    return APR_SUCCESS;
}

/* Makes no connection, so that the next module does. mod_proxy's connections come here too, while
 * the scoreboard says that this child is busy. */
static conn_rec *on_create_connection(apr_pool_t *pool, server_rec *server, apr_socket_t *socket,
                                      long id, void *sbh, apr_bucket_alloc_t *alloc)
{
    (void)server, (void)socket, (void)id, (void)sbh, (void)alloc;
    if (single) {
        at_work = 1;
        apr_pool_cleanup_register(pool, NULL, no_longer, apr_pool_cleanup_null);
    }
    return NULL;
}

void authp_child_exit_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_drop_privileges(on_drop_privileges, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_child_init(on_child_ready, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_create_connection(on_create_connection, NULL, NULL, APR_HOOK_REALLY_FIRST);
}
