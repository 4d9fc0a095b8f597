/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/child_exit.h"
#include "base/clock.h"
#include "base/ending.h"
#include "httpd/lifecycle.h"

#include <ap_mpm.h>
#include <http_connection.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

/* httpd still gives memory back for a moment after the connection's pool has run its cleanups. */
#define SETTLE_MS 100

/* Of a child of prefork, whose only thread for requests is the one that handles signals. */
static bool single;
static volatile sig_atomic_t serving;
static volatile authp_ms_t served_at; /* when `serving` became 0, of the monotonic clock */

/* The interrupted thread may be in the middle of malloc() or free(). The clean-up that would
 * follow, httpd's own too, frees memory: it would wait for ever or spoil the heap. The kernel takes
 * everything back, and every lock of ours that other processes use is free when its holder is gone.
 */
void authp_child_exit_check(void)
{
    if (single && authp_ending_in_handler() &&
        (serving != 0 || authp_clock_now(authp_clock_monotonic()) - served_at < SETTLE_MS)) {
        _exit(0);
    }
}

static apr_status_t find_out(void *data)
{
    (void)data;
    authp_child_exit_check();
    return APR_SUCCESS;
}

static void on_child_init(apr_pool_t *pchild, server_rec *server)
{
    int threaded = AP_MPMQ_STATIC;
    (void)server;
    if (authp_lifecycle_runtime() == NULL) {
        return;
    }
    (void)ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded);
    single = threaded == AP_MPMQ_NOT_SUPPORTED;
    /* A signal may come while the child is being made, too. */
    serving = 1;
    apr_pool_pre_cleanup_register(pchild, NULL, find_out);
}

static void on_child_ready(apr_pool_t *pchild, server_rec *server)
{
    (void)pchild, (void)server;
    serving = 0;
}

static apr_status_t no_longer(void *data)
{
    (void)data;
    served_at = authp_clock_now(authp_clock_monotonic());
    serving = 0;
    return APR_SUCCESS;
}

static int on_pre_connection(conn_rec *connection, void *socket)
{
    (void)socket;
    if (single && connection->master == NULL) {
        serving = 1;
        apr_pool_cleanup_register(connection->pool, NULL, no_longer, apr_pool_cleanup_null);
    }
    return DECLINED;
}

void authp_child_exit_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_child_init(on_child_init, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_child_init(on_child_ready, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_pre_connection(on_pre_connection, NULL, NULL, APR_HOOK_REALLY_FIRST);
}
