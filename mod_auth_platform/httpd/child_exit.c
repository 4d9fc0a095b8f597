/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/child_exit.h"
#include "base/ending.h"
#include "httpd/lifecycle.h"

#include <ap_mpm.h>
#include <http_connection.h>
#include <signal.h>
#include <unistd.h>

/* A child that still runs this long after it was told to stop hangs on a lock that its interrupted
 * thread holds: malloc's, or one that a thread of mod_watchdog waits for. */
#define HANG_SECONDS 1

/* Of a child of prefork, whose only thread for requests is the one that handles signals. */
static bool single;
static volatile sig_atomic_t serving;

static void end_now(int signal_number)
{
    (void)signal_number;
    _exit(0);
}

bool authp_child_exit_abrupt(void)
{
    if (single && serving != 0 && !authp_ending_abrupt() && authp_ending_in_handler()) {
        struct sigaction action = {.sa_handler = end_now};
        authp_ending_begin();
        (void)sigaction(SIGALRM, &action, NULL);
        (void)alarm(HANG_SECONDS);
    }
    return authp_ending_abrupt();
}

static apr_status_t find_out(void *data)
{
    (void)data;
    (void)authp_child_exit_abrupt();
    return APR_SUCCESS;
}

/* Runs after the cleanups of all modules. What would follow, exit(), unloads this module and
 * libraries while their threads run. */
static apr_status_t skip_exit(void *data)
{
    (void)data;
    if (authp_ending_abrupt()) {
        _exit(0);
    }
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
    apr_pool_cleanup_register(pchild, NULL, skip_exit, apr_pool_cleanup_null);
}

static void on_child_ready(apr_pool_t *pchild, server_rec *server)
{
    (void)pchild, (void)server;
    serving = 0;
}

static apr_status_t no_longer(void *data)
{
    (void)data;
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
